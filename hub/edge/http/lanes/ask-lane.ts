import { openDeadline } from '#client/deadline.ts';
import { Assurance } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { reject } from '../answer.ts';
import { findModel } from '../kept-models.ts';
import type { ApiPorts, KeyCall } from '../route.ts';
import { awaitUnits, type Waited } from './await-units.ts';
import type { Asked, Lanes, Placed } from './lanes.ts';

/** How long a client waits that does not say (`Prefer: wait=60`, RFC 7240), and may wait. */
const WAIT_SECONDS = { otherwise: 60, most: 600 };
/** Says when an answer is given, as for jobs. */
const ASSURANCE = 'x-pocketgrid-assurance';

/** Who asks which model, and for how long. */
export type Asking = Omit<Asked, 'endpoint' | 'body'>;

/** Finds the model that a call names, and begins the time for which its client waits. */
export async function openAsking(
  { store }: Pick<ApiPorts, 'store'>,
  { request, key }: Pick<KeyCall, 'request' | 'key'>,
  name: string,
): Promise<Asking & { close(): void }> {
  const kept = await findModel(store.models, name);
  const given = request.headers.get(ASSURANCE) ?? 'instant';
  const assurance = must(decodeWith(Assurance, given, 'request-invalid'));
  const model = { name, files: kept.files };
  const { signal, close } = openDeadline(waitMs(request), request.signal);
  return { key, model, kept, assurance, signal, close };
}

/**
 * Puts a request into a lane and waits for its units. Throws what is wrong with it, and `busy` with
 * `way` out once nobody waits any more: its units go on, and the same request is soon answered.
 */
export async function askLane(
  ports: ApiPorts,
  lanes: Lanes,
  { asked, way }: { asked: Asked; way: string },
): Promise<{ placed: Placed; waited: Waited }> {
  const { signal } = asked;
  const rejectLate = (state = 'its model is prepared'): never =>
    reject('busy', `no answer in the time that the client waits: ${state}; ${way}`);
  const placed = await lanes.place(asked).catch((error) => {
    return error === signal.reason ? rejectLate() : Promise.reject(error);
  });
  const waited = await awaitUnits(ports, { ...placed, signal });
  if (waited.is === 'late') return rejectLate(waited.reason && describeReason(waited.reason));
  return { placed, waited };
}

function waitMs({ headers }: Request): number {
  const asked = Number(/(?:^|[,;\s])wait=(\d{1,6})/.exec(headers.get('prefer') ?? '')?.[1]);
  return 1_000 * Math.min(asked || WAIT_SECONDS.otherwise, WAIT_SECONDS.most);
}
