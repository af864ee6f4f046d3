import { BatchList, BatchRequest, BatchView, type KeptBatch } from '#protocol/openai/batch.ts';
import { viewJob } from '../../../core/hub.ts';
import { reject } from '../answer.ts';
import { usageOf } from '../batches/batch-steps.ts';
import { readJson } from '../body.ts';
import { count, json } from '../describe.ts';
import { readCount } from '../query.ts';
import { type ApiPorts, type KeyCall, type Route, reader, writer } from '../route.ts';
import { AFTER, endsOf, findFile, secondsOf } from './files.ts';

const REQUEST_BYTES_MAX = 64 * 1024;
const WINDOW_SECONDS = 86_400;
const PAGE = { otherwise: 20, most: 100 };
/** Batches of one key that have not ended. */
const OPEN_MAX = 64;

/** Batches, in the shape of OpenAI's API. */
export function batchRoutes(ports: ApiPorts): Route[] {
  const { store, batches } = ports;

  async function create({ request, key, newId }: KeyCall): Promise<BatchView> {
    const asked = await readJson(BatchRequest, request, REQUEST_BYTES_MAX);
    const id = `batch_${newId(12)}`;
    const there = await store.batches.find(id);
    if (there !== undefined) return there.view;
    const file = await findFile(ports, { param: () => asked.input_file_id, key });
    const open = (await store.batches.open()).filter(({ owner }) => owner === key.id);
    if (open.length >= OPEN_MAX) {
      const message = `the key "${key.name}" has ${OPEN_MAX} batches that have not ended; wait for one`;
      return reject('busy', message);
    }
    const batch: KeptBatch = {
      view: {
        ...BLANK,
        ...asked,
        ...datesOf(secondsOf(ports)),
        id,
        metadata: asked.metadata ?? null,
      },
      owner: key.id,
      parts: [],
      wrong: null,
    };
    batch.view.input_file_id = file.view.id;
    await store.batches.put(batch);
    batches.wake();
    return batch.view;
  }

  async function cancel(call: KeyCall): Promise<BatchView> {
    const batch = await findBatch(ports, call);
    const { view } = batch;
    if (view.status !== 'validating' && view.status !== 'in_progress') {
      return reject('job-state', `this batch is ${view.status}; it cannot be cancelled any more`);
    }
    const cancelling = { ...view, status: 'cancelling', cancelling_at: secondsOf(ports) } as const;
    await store.batches.put({ ...batch, view: cancelling });
    batches.wake();
    return cancelling;
  }

  async function list({ key, query }: KeyCall): Promise<BatchList> {
    const limit = readCount(query, 'limit', PAGE);
    const after = query.get('after') ?? undefined;
    const found = await store.batches.list(key.id, { after, limit: limit + 1 });
    const data = found.slice(0, limit).map(({ view }) => view);
    return { object: 'list', data, ...endsOf(data), has_more: found.length > limit };
  }

  return [
    writer(
      'POST /v1/batches',
      {
        does: 'Begins a batch: the requests in the lines of a file, answered within a day.',
        body: json({ BatchRequest }),
        answers: { 200: json({ BatchView }) },
      },
      create,
    ),
    reader(
      'GET /v1/batches',
      {
        does: 'Lists the batches of this key, the newest first.',
        query: { limit: count('How many the page has at most.', PAGE), after: AFTER },
        answers: { 200: json({ BatchList }) },
      },
      list,
    ),
    reader(
      'GET /v1/batches/:batch',
      { does: 'Shows a batch.', answers: { 200: json({ BatchView }) } },
      async (call) => viewBatch(ports, await findBatch(ports, call)),
    ),
    writer(
      'POST /v1/batches/:batch/cancel',
      {
        does: 'Cancels a batch; what is answered by then stays.',
        answers: { 200: json({ BatchView }) },
      },
      cancel,
    ),
  ];
}

const BLANK = {
  object: 'batch',
  model: null,
  errors: null,
  status: 'validating',
  output_file_id: null,
  error_file_id: null,
  in_progress_at: null,
  finalizing_at: null,
  completed_at: null,
  failed_at: null,
  expired_at: null,
  cancelling_at: null,
  cancelled_at: null,
  request_counts: { total: 0, completed: 0, failed: 0 },
  usage: usageOf(0),
} as const;

const datesOf = (now: number) => ({ created_at: now, expires_at: now + WINDOW_SECONDS });

async function findBatch(
  { store }: Pick<ApiPorts, 'store'>,
  { param, key }: KeyCall,
): Promise<KeptBatch> {
  const batch = await store.batches.find(param('batch'));
  if (batch !== undefined && (batch.owner === key.id || key.role === 'operator')) return batch;
  const id = param('batch').slice(0, 100);
  return reject('not-found', `there is no batch ${id}; GET /v1/batches lists yours`, 'batch');
}

/** A batch as it stands: while jobs run, lines are counted by the share of their units. */
function viewBatch({ hub }: Pick<ApiPorts, 'hub'>, { view, parts }: KeptBatch): BatchView {
  if (view.status !== 'in_progress') return view;
  const jobs = parts.flatMap(({ job }) => (job === null ? [] : (hub.jobs.get(job) ?? [])));
  const views = jobs.map((job) => viewJob(hub, job));
  const sum = (name: 'units' | 'accepted') => views.reduce((all, each) => all + each[name], 0);
  const { total, failed } = view.request_counts;
  const completed = Math.floor(((total - failed) * sum('accepted')) / Math.max(1, sum('units')));
  return { ...view, request_counts: { total, failed, completed } };
}
