import * as v from 'valibot';
import type { JobView } from '#protocol/api/job.ts';
import { ItemNames, unpackNames } from '#protocol/files/item-names.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { decodeJson, decodeWith } from '#protocol/values/decode.ts';
import { FileFault, must } from '#protocol/values/refusal.ts';
import { type Job, mayRead, viewJob } from '../../../core/hub.ts';
import { encodeResults, RESULT_TYPES, type ResultRange } from '../../results/encode.ts';
import { answerBody, reject } from '../answer.ts';
import { findKept } from '../job-access.ts';
import { readCount } from '../query.ts';
import { type ApiPorts, type Call, type Route, reader } from '../route.ts';

/** What is read from the store for one answer. */
const READ_BYTES_MAX = 512 * 1024 * 1024;

const Format = v.picklist(
  ['safetensors', 'npy', 'jsonl', 'errors', 'files'],
  'expected safetensors, npy, jsonl, errors or files',
);

/** Results in input order, as a file. */
export const resultRoutes = (ports: ApiPorts): Route[] => [
  reader('GET /v1/jobs/:job/results', (call) => readResults(ports, call)),
];

async function readResults(ports: ApiPorts, call: Call): Promise<Response> {
  const job = await findKept(ports, call);
  const view = viewJob(ports.hub, job);
  const range = decodeRange(call.query, view);
  const encoded = await encode(ports, { job, view }, range);
  const { format, from, to } = range;
  const ending = format === 'errors' || format === 'files' ? `${format}.jsonl` : format;
  return answerBody(new Uint8Array(encoded), {
    'Content-Type': RESULT_TYPES[format],
    'Content-Disposition': `attachment; filename="${view.id}-${from}-${to}.${ending}"`,
  });
}

function decodeRange(query: URLSearchParams, view: JobView): ResultRange {
  const format = decodeWith(Format, query.get('format') ?? 'safetensors', 'request-invalid');
  if (!format.ok) return reject('request-invalid', `format: ${format.refusal.message}`, 'format');
  const output = query.get('output');
  return {
    from: readCount(query, 'from', { otherwise: 0, most: view.items }),
    to: readCount(query, 'to', { otherwise: view.items, most: view.items }),
    items: view.items,
    unitItems: view.unitItems,
    format: format.value,
    ...(output === null ? {} : { output }),
  };
}

async function encode(
  { store, blobs }: ApiPorts,
  { job, view }: { job: Job; view: JobView },
  range: ResultRange,
): Promise<Uint8Array> {
  const { record, failed } = job;
  const { itemNames, leftOut } = record;
  const { from, to } = range;
  const names = itemNames && (await readJson(blobs, ItemNames, itemNames));
  const known = {
    failed,
    ...(names && { names: [...unpackNames(names, from, to)] }),
    ...(leftOut && { leftOut: await readJson(blobs, v.array(FileFault), leftOut) }),
  };
  // Names are there before any result is.
  if (range.format === 'files') return must(encodeResults([], { shards: [], ...known }, range));
  if (view.outputs.length === 0) {
    return reject('job-state', 'a verifier has not run the model yet; there are no results');
  }
  const first = Math.floor(range.from / view.unitItems);
  const end = Math.ceil(range.to / view.unitItems);
  const perUnit = unitBytes(view.outputs);
  if (!mayRead(job, first, end)) {
    const message = `${view.released} of ${view.units} units are final; the others wait for later work of their devices, or for the audit at the job's end`;
    return reject('results-held', message, 'from');
  }
  if ((end - first) * perUnit > READ_BYTES_MAX) {
    const items = Math.max(1, Math.floor(READ_BYTES_MAX / perUnit)) * view.unitItems;
    return reject('range-invalid', `ask for at most ${items} items at a time, with from= and to=`);
  }
  const shards = await store.results(view.id, first, end);
  return must(encodeResults(view.outputs, { shards, ...known }, range));
}

async function readJson<S extends v.GenericSchema>(
  blobs: Pick<ApiPorts['blobs'], 'read'>,
  schema: S,
  { root, length }: BlobRef,
): Promise<v.InferOutput<S>> {
  const bytes = must(await blobs.read(root, 0, length));
  return must(decodeJson(schema, new TextDecoder().decode(bytes), 'internal'));
}
