import type { JobRecord } from '#protocol/api/job.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { kindOf } from '../kinds/kind-of.ts';
import type { VerifierSession } from '../state/device.ts';
import type { RecutInputs, Token } from '../state/events.ts';
import { isEnding } from '../state/questions.ts';
import { changed, decline, store, type Turn } from '../turn.ts';
import { preparedJob, prepareJobs } from './prepare.ts';
import { startRecut } from './size.ts';

/**
 * A verifier saw that an item's answer changes with its neighbours, and which ones it has in a unit
 * is chance: the job is cut into units of one item and prepared anew.
 */
export function receiveCoupled(turn: Turn, verifier: VerifierSession, id: JobId): void {
  const job = preparedJob(turn, verifier, id);
  if (job === undefined) return;
  if (!startRecut(turn, job, { unitItems: 1, coupled: true })) {
    const message = `units of job ${id} hold one item: no item has a neighbour; prepare it as it is`;
    return decline(turn, verifier.socket, { code: 'result-shape', message });
  }
}

/** Writes down the job as it was cut; nothing changes before that is on disk. */
export function storeRecut(turn: Turn, token: Token, cut: RecutInputs): void {
  const { hub } = turn;
  const made = hub.making.get(token);
  hub.making.delete(token);
  const job = made?.type === 'recut' ? hub.jobs.get(made.job) : undefined;
  if (made?.type !== 'recut' || job?.state !== 'checking' || isEnding(hub, job)) return;
  const { inputs, inputDigests, digestBytes } = cut;
  const { record } = job;
  const resized = kindOf(job).cutInto(record, made.size);
  if (resized === undefined) return;
  const { draft, units } = resized;
  const next: JobRecord = { ...record, draft, inputs, inputDigests, units };
  store(turn, [{ type: 'job-recut', record: next, inputDigests: digestBytes }]);
}

/** The job has its new units: a verifier prepares it as if it had just been posted. */
export function followRecut(turn: Turn, id: JobId): void {
  const job = turn.hub.jobs.get(id);
  if (job?.state !== 'checking') return;
  delete job.preparing;
  changed(turn, job);
  prepareJobs(turn);
}
