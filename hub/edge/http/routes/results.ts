import * as v from 'valibot';
import type { JobView } from '#protocol/api/job.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { type Job, mayRead, viewJob } from '../../../core/hub.ts';
import { encodeResults } from '../../results/encode.ts';
import { RESULT_TYPES, type ResultRange, unitsOf } from '../../results/range.ts';
import { answerBody, reject } from '../answer.ts';
import { count, number, raw, word } from '../describe.ts';
import { findKept } from '../job-access.ts';
import { NUMBER_MAX, readCount } from '../query.ts';
import { openResults } from '../result-source.ts';
import { type ApiPorts, type KeyCall, type Route, reader } from '../route.ts';
import { streamBody } from '../stream-body.ts';

/** Answers that are on their way; each holds some megabytes. */
const DOWNLOADS_MAX = 64;

const Format = v.picklist(
  ['safetensors', 'npy', 'jsonl', 'errors', 'files'],
  'expected safetensors, npy, jsonl, errors or files',
);

const DESCRIPTION = {
  does: 'Reads results in the order of the inputs, as they are made into a file; where a unit is voided meanwhile the connection breaks off.',
  query: {
    from: count('The first item.', { otherwise: 0, most: NUMBER_MAX }),
    to: number('The item behind the last one; all where it is absent.'),
    format: v.optional(Format, 'safetensors'),
    output: word('One output alone; npy needs it where there are several.'),
  },
  answers: { 200: Object.assign({}, ...Object.values(RESULT_TYPES).map(raw)) },
};

/** Results in input order, as a file. */
export function resultRoutes(ports: ApiPorts): Route[] {
  let open = 0;
  async function answer(call: KeyCall): Promise<Response> {
    const job = await findKept(ports, call);
    const view = viewJob(ports.hub, job);
    const range = decodeRange(call.query, view);
    if (open >= DOWNLOADS_MAX) {
      return reject('busy', 'many results are being read; ask for these again in a minute');
    }
    const { length, chunks } = await encode(ports, { job, view }, range);
    open += 1;
    const ended = () => {
      open -= 1;
    };
    const { format, from, to } = range;
    const ending = format === 'errors' || format === 'files' ? `${format}.jsonl` : format;
    return answerBody(streamBody(chunks, { ended, mayGoOn: call.mayGoOn }), {
      'Content-Type': RESULT_TYPES[format],
      'Content-Disposition': `attachment; filename="${view.id}-${from}-${to}.${ending}"`,
      ...(length === undefined ? {} : { 'Content-Length': String(length) }),
    });
  }
  return [reader('GET /v1/jobs/:job/results', DESCRIPTION, answer)];
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
  ports: ApiPorts,
  { job, view }: { job: Job; view: JobView },
  range: ResultRange,
) {
  const source = await openResults(ports, job);
  if (view.task !== undefined && range.format === 'jsonl' && range.output !== undefined) {
    const message = 'answers of a task are made of all its outputs; leave output out';
    return reject('request-invalid', message, 'output');
  }
  // Names are there before any result is.
  if (range.format === 'files') return must(await encodeResults([], source, range));
  if (view.outputs.length === 0) {
    return reject('job-state', 'a verifier has not run the model yet; there are no results');
  }
  if (!mayRead(job, ...unitsOf(range))) {
    const message = `${view.released} of ${view.units} units are final; the others wait for later work of their devices, or for the audit at the job's end`;
    return reject('results-held', message, 'from');
  }
  return must(await encodeResults(view.outputs, source, range));
}
