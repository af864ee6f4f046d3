import * as v from 'valibot';
import type { JobView } from '#protocol/api/job.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { mayReadUnits } from '../../../core/hub.ts';
import { encodeResults, RESULT_TYPES, type ResultRange } from '../../results/encode.ts';
import { answerBody, answerRefusal } from '../answer.ts';
import { readCount } from '../query.ts';
import type { ApiPorts, Call, Route } from '../route.ts';
import { findJob } from './jobs.ts';

/** What is read from the store for one answer. */
const READ_BYTES_MAX = 512 * 1024 * 1024;

const Format = v.picklist(['safetensors', 'npy', 'jsonl'], 'expected safetensors, npy or jsonl');

/** Results in input order, as a file. */
export const resultRoutes = (ports: ApiPorts): Route[] => [
  {
    method: 'GET',
    path: '/v1/jobs/:job/results',
    caller: 'developer',
    answer: (call) => readResults(ports, call),
  },
];

async function readResults(ports: ApiPorts, call: Call): Promise<Response> {
  const job = findJob(ports, call);
  if (!job.ok) return answerRefusal(job.refusal);
  const range = decodeRange(call.query, job.value);
  if (!range.ok) return answerRefusal(range.refusal);
  const encoded = await encode(ports, job.value, range.value);
  if (!encoded.ok) return answerRefusal(encoded.refusal);
  const { format, from, to } = range.value;
  return answerBody(new Uint8Array(encoded.value), {
    'Content-Type': RESULT_TYPES[format],
    'Content-Disposition': `attachment; filename="${job.value.id}-${from}-${to}.${format}"`,
  });
}

function decodeRange(query: URLSearchParams, view: JobView): Result<ResultRange> {
  const from = readCount(query, 'from', { otherwise: 0, most: view.items });
  if (!from.ok) return from;
  const to = readCount(query, 'to', { otherwise: view.items, most: view.items });
  if (!to.ok) return to;
  const format = decodeWith(Format, query.get('format') ?? 'safetensors', 'request-invalid');
  if (!format.ok) return refuse('request-invalid', `format: ${format.refusal.message}`, 'format');
  const output = query.get('output');
  return accept({
    from: from.value,
    to: to.value,
    items: view.items,
    unitItems: view.unitItems,
    format: format.value,
    ...(output === null ? {} : { output }),
  });
}

async function encode(
  { hub, store }: ApiPorts,
  view: JobView,
  range: ResultRange,
): Promise<Result<Uint8Array>> {
  if (view.outputs.length === 0) {
    return refuse('job-state', 'a verifier has not run the model yet; there are no results');
  }
  const first = Math.floor(range.from / view.unitItems);
  const end = Math.ceil(range.to / view.unitItems);
  const perUnit = unitBytes(view.outputs);
  if (!mayReadUnits(hub, view.id, { first, end })) {
    const message = `${view.released} of ${view.units} units are final; the others wait for later work of their devices, or for the audit at the job's end`;
    return refuse('results-held', message, 'from');
  }
  if ((end - first) * perUnit > READ_BYTES_MAX) {
    const items = Math.max(1, Math.floor(READ_BYTES_MAX / perUnit)) * view.unitItems;
    return refuse('range-invalid', `ask for at most ${items} items at a time, with from= and to=`);
  }
  return encodeResults(view.outputs, await store.results(view.id, first, end), range);
}
