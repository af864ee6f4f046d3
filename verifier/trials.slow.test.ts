import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as runtime from 'onnxruntime-web/wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';
import type { JobOptions, JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { decodeSafetensors, encodeSafetensors } from '#protocol/tensors/safetensors.ts';
import { elementCount, type Tensor } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';

const ITEMS = 20;
const { data, start } = openTestPrograms();
let url = '';
let headers: Record<string, string> = {};

beforeAll(async () => {
  const folder = ['--data', join(data, 'verifier')];
  const printed = await start('verifier/main.ts', '--print-key', ...folder).ended;
  const words = ['--port', '0', '--data', join(data, 'hub'), '--verifier-key', printed.text.trim()];
  const ready = await start('hub/main.ts', ...words).ready;
  url = ready.url ?? '';
  start('verifier/main.ts', '--hub', url, ...folder);
  start('worker/edge/node/main.ts', '--hub', url, '--data', data);
  headers = { Authorization: `Bearer ${ready.key ?? ''}` };
  runtime.env.wasm.numThreads = 1;
}, 60_000);

/** Numbers of one input for one item, and how they are sent. */
interface Input {
  /** As the runtime takes one item. */
  shape: number[];
  /** Their shape for so many items; by itself the items first, and of an item all but a batch of 1. */
  sent?: (items: number) => number[];
  values?: (item: number) => number[];
  dtype?: 'f32' | 'i64';
  /** Said once in the options, and not sent. */
  shared?: true;
}

const rows = (...shape: number[]): Input => ({ shape });
const valuesOf = ({ shape, values }: Input, item: number): number[] =>
  values?.(item) ??
  Array.from({ length: elementCount(shape) }, (_, at) => Math.fround(Math.sin(7 * item + at + 1)));

function sentTensor(input: Input): Tensor {
  const { dtype = 'f32', shape, sent = (items) => [items, ...shape.slice(1)] } = input;
  const all = Array.from({ length: ITEMS }, (_, item) => valuesOf(input, item)).flat();
  const typed = dtype === 'f32' ? Float32Array.from(all) : BigInt64Array.from(all, BigInt);
  return { dtype, shape: sent(ITEMS), data: new Uint8Array(typed.buffer) };
}

/** What the runtime itself gives for each item alone, by output. */
async function runAlone(model: Uint8Array, inputs: Record<string, Input>) {
  const session = await runtime.InferenceSession.create(model, { logSeverityLevel: 4 });
  const found: Record<string, number[]>[] = [];
  for (let item = 0; item < ITEMS; item += 1) {
    const feeds = Object.entries(inputs).map(([name, input]) => {
      const values = valuesOf(input, item);
      const tensor =
        input.dtype === 'i64'
          ? new runtime.Tensor('int64', BigInt64Array.from(values, BigInt), input.shape)
          : new runtime.Tensor('float32', Float32Array.from(values), input.shape);
      return [name, tensor] as const;
    });
    const outputs = await session.run(Object.fromEntries(feeds));
    const read = Object.entries(outputs).map(
      ([name, tensor]) => [name, Array.from(tensor.data as Float32Array)] as const,
    );
    found.push(Object.fromEntries(read));
  }
  return found;
}

function withVersions(file: Uint8Array, said: { irVersion: number; opset: number }): Uint8Array {
  const model = must(decodeOnnx(file));
  const opsetImports = [{ domain: '', version: said.opset }];
  return encodeOnnx({ ...model, irVersion: said.irVersion, opsetImports });
}

async function post(
  model: Uint8Array,
  inputs: Record<string, Tensor>,
  options: Partial<JobOptions>,
) {
  const form = new FormData();
  form.append('model', new Blob([new Uint8Array(model)]), 'm.onnx');
  const file = encodeSafetensors(new Map(Object.entries(inputs)));
  form.append('inputs', new Blob([new Uint8Array(file)]), 'i.safetensors');
  form.append('options', JSON.stringify({ name: 'trial', autoStart: true, ...options }));
  const posted = await fetch(`${url}/v1/jobs`, { method: 'POST', headers, body: form });
  const answer = (await posted.json()) as JobView;
  if (posted.status !== 201) throw new Error(JSON.stringify(answer));
  return answer;
}

async function finish({ id }: JobView): Promise<JobView> {
  for (let tries = 0; tries < 400; tries += 1) {
    const job = (await (await fetch(`${url}/v1/jobs/${id}`, { headers })).json()) as JobView;
    if (job.state === 'done') return job;
    if (job.state === 'refused') throw new Error(describeReason(job.reason));
    await sleep(200);
  }
  throw new Error(`job ${id} is not done after 80 s`);
}

describe('a job of real processes gives what the runtime gives for each item alone', () => {
  interface Case {
    file: string;
    inputs: Record<string, Input>;
    unitItems: number;
    options?: Partial<JobOptions>;
    versions?: { irVersion: number; opset: number };
  }
  const state = { shape: [2, 1, 3] };
  const cases: [string, Case][] = [
    [
      'a maximum over the batch',
      { file: 'cross-minus-batch-max', inputs: { x: rows(1, 4) }, unitItems: 1 },
    ],
    [
      'softmax over the batch',
      { file: 'cross-softmax-axis0', inputs: { x: rows(1, 4) }, unitItems: 1 },
    ],
    [
      'a batch on axis 1, items first',
      {
        file: 'state-on-axis-1',
        inputs: { x: rows(1, 3), state: { ...state, sent: (items) => [items, 2, 3] } },
        unitItems: 1,
      },
    ],
    [
      'a batch of any size on paper',
      { file: 'dynamic-on-paper', inputs: { x: rows(1, 4) }, unitItems: 1 },
    ],
    [
      'names that stand twice',
      { file: 'question-mark-axes', inputs: { x: rows(1, 3, 4, 7) }, unitItems: 16 },
    ],
    [
      'an output of another rank than it says',
      {
        file: 'wrong-rank-output',
        inputs: { x: { shape: [1, 2, 5], sent: (items) => [items, 1, 2, 5] } },
        unitItems: 1,
      },
    ],
    [
      'a number for each item',
      {
        file: 'scalar-input',
        inputs: {
          x: rows(1, 3),
          sr: { shape: [], dtype: 'i64', sent: (items) => [items], values: (item) => [item] },
        },
        unitItems: 1,
      },
    ],
    [
      'operators of ai.onnx.ml alone',
      { file: 'only-ai-onnx-ml', inputs: { x: rows(1, 4) }, unitItems: 16 },
    ],
    [
      'versions as the onnx package writes them today',
      {
        ...{ file: 'opset-26-runs', inputs: { x: rows(1, 4) }, unitItems: 16 },
        versions: { irVersion: 14, opset: 28 },
      },
    ],
    [
      'a number that all items share',
      {
        file: 'scalar-input',
        inputs: { x: rows(1, 3), sr: { shape: [], dtype: 'i64', values: () => [3], shared: true } },
        unitItems: 16,
        options: { shared: { sr: 3 } },
      },
    ],
    ['opset 26', { file: 'opset-26-runs', inputs: { x: rows(1, 4) }, unitItems: 16 }],
    [
      'a loop as long as its input',
      { file: 'loop-over-sequence', inputs: { x: rows(1, 5) }, unitItems: 16 },
    ],
    [
      'a past of length 0',
      {
        file: 'past-of-zero',
        inputs: { past: rows(1, 2, 0, 4), k: rows(1, 2, 1, 4) },
        unitItems: 16,
      },
    ],
  ];
  it.each(cases)(
    '%s',
    async (_what, { file, inputs, unitItems, options = {}, versions }) => {
      const model = await readFile(new URL(`trials/${file}.onnx`, import.meta.url));
      const tensors = Object.entries(inputs).flatMap(([name, input]) =>
        input.shared ? [] : [[name, sentTensor(input)]],
      );
      const sent = versions === undefined ? model : withVersions(model, versions);
      const job = await finish(await post(sent, Object.fromEntries(tensors), options));
      expect(job).toMatchObject({ items: ITEMS, unitItems, mismatched: 0 });
      const results = await fetch(`${url}/v1/jobs/${job.id}/results`, { headers });
      const decoded = decodeSafetensors(new Uint8Array(await results.arrayBuffer()));
      if (!decoded.ok) throw new Error(decoded.refusal.message);
      const alone = await runAlone(model, inputs);
      for (const [name, { data: bytes }] of decoded.value.tensors) {
        const got = Array.from(new Float32Array(bytes.slice().buffer));
        const wanted = alone.flatMap((item) => item[name] ?? []);
        expect(got).toHaveLength(wanted.length);
        expect(got).toEqual(wanted.map((value) => expect.closeTo(value, 4)));
      }
    },
    100_000,
  );
});
