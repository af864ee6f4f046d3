import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';
import type { ReceiptPage } from '#protocol/api/api.ts';
import type { JobView } from '#protocol/api/job.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { ONNX_DTYPES, type OnnxNode, rawTensor } from '#protocol/onnx/model.ts';
import { intAttribute, intsAttribute } from '#protocol/onnx/sample-model.ts';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Dtype } from '#protocol/tensors/tensor.ts';

/** Rows of the embedding: an id past them cannot be looked up. */
const ROWS = 10;
const TABLE = Float32Array.from({ length: ROWS * 2 }, (_, at) => at / 8);

const node = (opType: string, inputs: string[], output: string): OnnxNode => ({
  ...{ name: output, opType, domain: '', inputs, outputs: [output], attributes: [] },
});

interface Ends {
  dtype: Dtype;
  width: number;
}

/** A model of one output, with the table `w` at hand. */
function modelOf(nodes: OnnxNode[], input: Ends & { names: string[] }, output: Ends): Uint8Array {
  const value = (name: string, { dtype, width }: Ends) => ({
    name,
    type: { kind: 'tensor' as const, dataType: ONNX_DTYPES[dtype], dims: ['n', width] },
  });
  const data = new Uint8Array(TABLE.buffer);
  const graph = {
    name: 'poison',
    nodes,
    initializers: nodes.some(({ inputs }) => inputs.includes('w'))
      ? [rawTensor('w', { dtype: 'f32', dims: [ROWS, 2], data })]
      : [],
    sparseInitializers: [],
    inputs: input.names.map((name) => value(name, input)),
    outputs: [value('y', output)],
  };
  const opsetImports = [{ domain: '', version: 17 }];
  return encodeOnnx({ irVersion: 8, producerName: 'test', opsetImports, functions: [], graph });
}

const EMBEDDING = modelOf(
  [
    node('Gather', ['w', 'ids'], 'rows'),
    {
      ...node('ReduceMean', ['rows'], 'y'),
      attributes: [intsAttribute('axes', 2), intAttribute('keepdims', 0)],
    },
  ],
  { names: ['ids'], dtype: 'i64', width: 3 },
  { dtype: 'f32', width: 3 },
);
const DIVISION = modelOf(
  [node('Div', ['x', 'd'], 'y')],
  { names: ['x', 'd'], dtype: 'i32', width: 2 },
  { dtype: 'i32', width: 2 },
);
/** Where the one number of a row is that is not 0: a row with two of them has another shape. */
const PLACE = modelOf(
  [
    node('NonZero', ['x'], 'places'),
    { ...node('Transpose', ['places'], 'y'), attributes: [intsAttribute('perm', 1, 0)] },
  ],
  { names: ['x'], dtype: 'f32', width: 4 },
  { dtype: 'i64', width: 2 },
);

const { data, start } = openTestPrograms();
let [url, key] = ['', ''];

beforeAll(async () => {
  const folder = ['--data', join(data, 'verifier')];
  const printed = await start('verifier/main.ts', '--print-key', ...folder).ended;
  const words = ['--port', '0', '--data', join(data, 'hub'), '--verifier-key', printed.text.trim()];
  const ready = await start('hub/main.ts', ...words).ready;
  [url, key] = [ready.url ?? '', ready.key ?? ''];
  start('verifier/main.ts', '--hub', url, ...folder);
  start('worker/edge/node/main.ts', '--hub', url, '--data', data);
}, 60_000);

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${url}/v1/jobs${path}`, { ...init, headers: { Authorization: `Bearer ${key}` } });

/** Posts a job of such items and waits for its end. */
async function run(model: Uint8Array, items: readonly unknown[], unitItems: number) {
  const form = new FormData();
  form.append('model', new Blob([new Uint8Array(model)]), 'model.onnx');
  form.append(
    'inputs',
    new Blob([items.map((each) => JSON.stringify(each)).join('\n')]),
    'x.jsonl',
  );
  form.append('options', JSON.stringify({ name: 'poison', unitItems, autoStart: true }));
  let job = (await (await ask('', { method: 'POST', body: form })).json()) as JobView;
  for (const end = Date.now() + 100_000; !['done', 'refused'].includes(job.state); ) {
    if (Date.now() > end) throw new Error(`the job goes on: ${JSON.stringify(job)}`);
    await sleep(200);
    job = (await (await ask(`/${job.id}`)).json()) as JobView;
  }
  const lines = async () =>
    (await (await ask(`/${job.id}/results?format=jsonl`)).text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { job, lines };
}

it('an embedding with ids past its table ends done, and its results say which items and why', async () => {
  const ids = Array.from({ length: 40 }, (_, item) => [item % ROWS, 1, (3 * item) % ROWS]);
  const bad = new Map([
    [0, 10],
    [9, 10],
    [18, 77],
    ...[24, 25, 26, 27].map((item) => [item, 11] as const),
  ]);
  const posted = ids.map((row, item) => ({ ids: [row[0], row[1], bad.get(item) ?? row[2]] }));
  const { job, lines } = await run(EMBEDDING, posted, 4);
  expect(job).toMatchObject({ state: 'done', units: 10, accepted: 9, failed: 7, mismatched: 0 });
  expect(job.reason).toMatchObject({ values: { failed: 7 } });
  const found = await lines();
  for (const [item, row] of posted.entries()) {
    const id = bad.get(item);
    const means = row.ids.map((at = 0) => ((TABLE[2 * at] ?? 0) + (TABLE[2 * at + 1] ?? 0)) / 2);
    if (id === undefined) expect(found[item], `item ${item}`).toEqual({ y: means });
    else {
      const message = expect.stringContaining(`idx=${id} must be within`);
      expect(found[item]).toEqual({ error: { code: 'item-failed', message } });
    }
  }
  const answer = await ask(`/${job.id}/results?format=safetensors`);
  const file = decodeSafetensors(new Uint8Array(await answer.arrayBuffer()));
  const mask = file.ok ? file.value.tensors.get('pocketgrid.failed')?.data : undefined;
  expect([...(mask ?? [])].flatMap((is, item) => (is === 1 ? [item] : []))).toEqual([
    ...bad.keys(),
  ]);
  const page = (await (await ask(`/${job.id}/receipts`)).json()) as ReceiptPage;
  const mended = page.receipts.filter(({ inputs }) => inputs.firstUnit !== undefined);
  expect(mended.map(({ shard }) => [shard.firstUnit, shard.unitCount])).toEqual([
    [0, 1],
    [2, 1],
    [4, 1],
  ]);
  for (const { verdicts } of mended) expect(verdicts[0]?.verdict).toMatchObject({ kind: 'match' });
}, 120_000);

it('a division by zero fails its item and no other', async () => {
  const items = Array.from({ length: 60 }, (_, item) => ({
    x: [item, 6],
    d: [2, item === 33 ? 0 : 3],
  }));
  const { job, lines } = await run(DIVISION, items, 8);
  expect(job).toMatchObject({ state: 'done', accepted: 8, failed: 1 });
  const found = await lines();
  expect(found[33]).toMatchObject({ error: { code: 'item-failed' } });
  expect(found[34]).toEqual({ y: [17, 2] });
}, 120_000);

it('an item whose outputs have another shape fails alone', async () => {
  const items = Array.from({ length: 30 }, (_, item) => ({
    x: [0, 1, 2, 3].map((at) => (at === item % 4 || (item === 20 && at === 1) ? 1 : 0)),
  }));
  const { job, lines } = await run(PLACE, items, 1);
  expect(job).toMatchObject({ state: 'done', accepted: 29, failed: 1 });
  const found = await lines();
  const message = expect.stringContaining('shapes must be the same for every unit');
  expect(found[20]).toEqual({ error: { code: 'item-failed', message } });
  expect(found[21]).toEqual({ y: [0, 1] });
}, 120_000);

it('a job of bad items alone is refused with what the runtime says', async () => {
  const { job } = await run(EMBEDDING, Array(8).fill({ ids: [1, 2, ROWS] }), 4);
  expect(job).toMatchObject({ state: 'refused', refusal: { code: 'model-run-failed' } });
  expect(job.refusal?.message).toContain('idx=10');
}, 120_000);
