import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openBoundedMap } from '#node/bounded-map.ts';
import { type Assurance, isEnded, type JobView, type RequestCall } from '#protocol/api/job.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import { type ModelView, nameModel } from '#protocol/api/models.ts';
import type { BatchLine } from '#protocol/openai/batch.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { type Job, takesInputs } from '../../../core/hub.ts';
import type { AddedInputs } from '../../forms/add-inputs.ts';
import { ENDPOINTS } from '../../lanes/endpoints.ts';
import type { NamedModel } from '../../lanes/read-request.ts';
import type { ReadRequest } from '../../lanes/request.ts';
import { takesTexts } from '../../lanes/row-length.ts';
import { bucketOf } from '../../tasks/token-rows.ts';
import { addUnits } from '../add-units.ts';
import { postTexts } from '../batches/post-texts.ts';
import type { ApiPorts } from '../route.ts';

/** What a client asks, and waits for. */
export interface Asked {
  endpoint: RequestCall;
  key: KeyView;
  body: unknown;
  /** As the request names it. */
  model: NamedModel;
  kept: ModelView;
  assurance: Assurance;
  /** Aborted when it waits no longer. */
  signal: AbortSignal;
}

/** The units that hold the answer once they are computed. */
export interface Placed {
  job: JobId;
  first: number;
  end: number;
  line: BatchLine;
}

/** Jobs that are open for the requests of a key, each for texts up to some length. */
export interface Lanes {
  /** Puts a request into a job that runs, or opens one with it. Throws what is wrong with it. */
  place(asked: Asked): Promise<Placed>;
}

const IDLE_MINUTES = 10;
/** What jobs that write texts are posted for. */
const WRITES = { name: 'text-generation' } as const;
/** Models whose length of rows is kept in mind. */
const MODELS_MAX = 1_000;

/**
 * Opens the lanes of a hub. They are jobs like others, and end when nobody has asked for a while. The
 * jobs themselves say whose requests they take, so that a hub goes on with them after a restart.
 */
export function openLanes(ports: ApiPorts): Lanes {
  /** By key, model, assurance and the length of rows: until the job runs. */
  const opening = new Map<string, Promise<unknown>>();
  /** By model: the length of rows that its file gave to texts that wanted less. */
  const leastRows = openBoundedMap<string, number>(MODELS_MAX);
  const jobsFor = (asked: Asked): Job[] => {
    const group = nameGroup(asked);
    const open = [...ports.hub.openJobs.values()].filter(
      (job) => takesInputs(job) && !isEnded(job.state),
    );
    return open.filter(({ record }) => record.requests !== undefined && groupOf(record) === group);
  };
  const open = async (asked: Asked, texts: Texts): Promise<JobView> => {
    const { endpoint, key, model, kept, assurance } = asked;
    const name = `${endpoint} of ${model.name}`.slice(0, 120);
    const task = endpoint === 'completions' ? WRITES : ENDPOINTS[endpoint].task;
    const options = { name, task, open: true, idleMinutes: IDLE_MINUTES, assurance };
    return postTexts(ports, { key, options, model: kept, texts, requests: endpoint });
  };
  const leastOf = ({ kept }: Asked) => leastRows.get(nameModel(kept));
  /** Until a job that may take the request runs, where one is opened or was before a restart. */
  const whenOther = (asked: Asked, bucket: string, length: number) => {
    const other = jobsFor(asked).find(
      (job) => isPreparing(job) && takesTexts(lengthOf(job), length, leastOf(asked)),
    );
    return opening.get(bucket) ?? (other && whenRunning(ports, other.record.id));
  };
  /** Opens a job with a request; undefined once another request has opened one that may take it. */
  const placeNew = async (asked: Asked, read: NewTexts) => {
    const bucket = `${nameGroup(asked)} ${bucketOf(read.length)}`;
    const other = whenOther(asked, bucket, read.length);
    if (other !== undefined) {
      await Promise.race([other, whenAborted(asked.signal)]);
      asked.signal.throwIfAborted();
      return undefined;
    }
    const posted = open(asked, read.texts);
    const runs = posted.then(({ id }) => whenRunning(ports, id)).catch(() => undefined);
    opening.set(bucket, runs);
    void runs.then(() => opening.delete(bucket));
    const { id, items } = await posted;
    const job = ports.hub.jobs.get(id);
    if (job !== undefined && lengthOf(job) > bucketOf(read.length)) {
      leastRows.set(nameModel(asked.kept), lengthOf(job));
    }
    return { job: id, first: 0, end: items, line: read.line };
  };
  /** Puts a request into a job that runs; undefined where none takes it, or another one does. */
  const placeOnce = async (asked: Asked): Promise<Placed | undefined> => {
    const { endpoint, body, model, key } = asked;
    const jobs = jobsFor(asked)
      .filter(({ state }) => state === 'running')
      .sort(byLength);
    const lanes = jobs.map((job) => job.record.draft.runtime.inputs);
    const folder = join(ports.uploads.folder, randomBytes(8).toString('hex'));
    const reading = { endpoint, body, model, lanes, leastRows: leastOf(asked), folder };
    const read = await ports.threads.readRequest(reading);
    if ('texts' in read) {
      return placeNew(asked, read).finally(() => rm(folder, { recursive: true }));
    }
    const job = jobs[read.lane]?.record.id;
    const range = job && (await placeUnits(ports, key, { job, added: read.added }));
    return range && { ...range, line: read.line };
  };
  return {
    async place(asked) {
      for (;;) {
        const placed = await placeOnce(asked);
        if (placed !== undefined) return placed;
      }
    },
  };
}

type NewTexts = Extract<ReadRequest, { texts: unknown }>;
type Texts = Parameters<typeof postTexts>[1]['texts'];

const nameGroup = ({ endpoint, key, assurance, kept }: Asked): string =>
  [endpoint, key.id, assurance, nameModel(kept)].join();
const groupOf = ({ requests, developer, assurance, model }: Job['record']): string =>
  [requests, developer, assurance, model].join();

const isPreparing = ({ state }: Job): boolean => state === 'checking' || state === 'quoted';
const lengthOf = ({ record }: Job): number =>
  record.draft.runtime.inputs[0]?.shape.at(-1) ?? Number.POSITIVE_INFINITY;
const byLength = (a: Job, b: Job): number => lengthOf(a) - lengthOf(b);

/** Adds the units of a request to a job; undefined where it takes no more meanwhile. */
async function placeUnits(
  ports: ApiPorts,
  key: KeyView,
  { job, added }: { job: JobId; added: AddedInputs },
): Promise<Pick<Placed, 'job' | 'first' | 'end'> | undefined> {
  const { units } = added;
  const said = await addUnits(ports, key, { job, added });
  if (!said.ok && (said.refusal.code === 'job-state' || said.refusal.code === 'job-full')) {
    await ports.loop.command({ type: 'end-inputs', job });
    return undefined;
  }
  const end = must(said)?.units ?? units;
  return { job, first: end - units, end };
}

/** Once a job runs, or has ended before. */
function whenRunning({ hub, loop }: ApiPorts, id: JobId): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const job = hub.jobs.get(id);
      if (job !== undefined && isPreparing(job)) return;
      stop();
      resolve();
    };
    const stop = loop.watch(id, look);
    look();
  });
}

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
