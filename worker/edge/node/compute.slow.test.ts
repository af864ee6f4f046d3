import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { ComputeReply, ComputeRequest } from '#protocol/messages/compute.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { ONNX_DTYPES, type OnnxStorage } from '#protocol/onnx/model.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import type { Dtype, TensorSpec } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';

const workers: Worker[] = [];
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.terminate())));

/** A model of one node over free batch dimension `n`. */
const modelOf = (op: string, dtype: Dtype, inputs: string[]): Uint8Array<ArrayBuffer> =>
  sampleModel([{ op, inputs, output: 'y' }], { inputs, dtype, width: 3 });

function openWorker() {
  const worker = new Worker(new URL('./compute-entry.mjs', import.meta.url));
  workers.push(worker);
  const replies: ComputeReply[] = [];
  const waiting: ((reply: ComputeReply) => void)[] = [];
  worker.on('message', (reply: ComputeReply) => {
    const next = waiting.shift();
    if (next === undefined) replies.push(reply);
    else next(reply);
  });
  return {
    send: (request: ComputeRequest) => worker.postMessage(request),
    next: () =>
      new Promise<ComputeReply>((resolve, reject) => {
        const reply = replies.shift();
        if (reply !== undefined) return resolve(reply);
        worker.once('error', reject);
        waiting.push(resolve);
      }),
  };
}

const loadOf = (model: Uint8Array<ArrayBuffer>, inputs: readonly TensorSpec[]): ComputeRequest => ({
  type: 'load',
  model,
  provider: 'wasm',
  threads: 1,
  runtime: { kind: 'graph', graphOptimization: 'all', inputs },
});
const f32 = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

describe('the Node compute worker', () => {
  it('runs units of fixed shape in order, with one NaN and a digest per unit', async () => {
    const compute = openWorker();
    const inputs: TensorSpec[] = [{ name: 'x', dtype: 'f32', shape: [1, 3] }];
    compute.send(loadOf(modelOf('Sqrt', 'f32', ['x']), inputs));
    const units = f32([1, 4, 9, 16, -1, 25]);
    compute.send({ type: 'run', run: 7, unitCount: 2, inputs: units });
    expect(await compute.next()).toMatchObject({ type: 'loaded' });
    let ran = await compute.next();
    // A busy machine is told of progress first.
    while (ran.type === 'progress') ran = await compute.next();
    if (ran.type !== 'ran') throw new Error(JSON.stringify(ran));
    expect(ran.run).toBe(7);
    expect(ran.outputs).toEqual([{ name: 'y', dtype: 'f32', shape: [1, 3] }]);
    const expected = f32([1, 2, 3, 4, 0, 5]);
    new DataView(expected.buffer).setUint32(16, 0x7fc00000, true);
    expect(ran.bytes).toEqual(expected);
    const second = createHash('sha256').update(expected.subarray(12)).digest();
    expect(Buffer.from(ran.digests.subarray(32))).toEqual(second);
  });

  it.each([
    ['i64', BigInt64Array.of(5n, -6n, 7n), BigInt64Array.of(-5n, 6n, -7n)],
    ['f64', Float64Array.of(1, 2, -3), Float64Array.of(-1, -2, 3)],
    ['f16', Uint16Array.of(0x3c00, 0xc000, 0x4200), Uint16Array.of(0xbc00, 0x4000, 0xc200)],
  ] as const)('carries %s', async (dtype, input, output) => {
    const compute = openWorker();
    const inputs: TensorSpec[] = [{ name: 'x', dtype, shape: [1, 3] }];
    compute.send(loadOf(modelOf('Neg', dtype, ['x']), inputs));
    const bytes = new Uint8Array(input.slice().buffer);
    compute.send({ type: 'run', run: 1, unitCount: 1, inputs: bytes });
    expect(await compute.next()).toMatchObject({ type: 'loaded' });
    expect(await compute.next()).toMatchObject({
      type: 'ran',
      bytes: new Uint8Array(output.slice().buffer),
    });
  });

  it('carries bool, and inputs that do not start on a multiple of their element', async () => {
    const compute = openWorker();
    const spec = (name: string): TensorSpec => ({ name, dtype: 'bool', shape: [1, 3] });
    compute.send(loadOf(modelOf('And', 'bool', ['a', 'b']), [spec('a'), spec('b')]));
    const inputs = Uint8Array.of(1, 1, 0, 1, 0, 1);
    compute.send({ type: 'run', run: 1, unitCount: 1, inputs });
    expect(await compute.next()).toMatchObject({ type: 'loaded' });
    expect(await compute.next()).toMatchObject({ type: 'ran', bytes: Uint8Array.of(1, 0, 0) });
  });

  it('answers a refusal to what it cannot do, never silence', async () => {
    const compute = openWorker();
    const inputs: TensorSpec[] = [{ name: 'x', dtype: 'f32', shape: [1, 3] }];
    compute.send({ type: 'run', run: 1, unitCount: 1, inputs: f32([1, 2, 3]) });
    expect(await compute.next()).toMatchObject({
      type: 'failed',
      run: 1,
      refusal: { code: 'message-out-of-order' },
    });
    compute.send(loadOf(Uint8Array.of(1, 2, 3), inputs));
    expect(await compute.next()).toMatchObject({ refusal: { code: 'provider-failed' } });
    compute.send(loadOf(modelOf('Neg', 'f32', ['z']), inputs));
    expect(await compute.next()).toMatchObject({ refusal: { code: 'model-inputs-mismatch' } });
  });

  it('refuses a run whose bytes are not whole units', async () => {
    const compute = openWorker();
    const inputs: TensorSpec[] = [{ name: 'x', dtype: 'f32', shape: [1, 3] }];
    compute.send(loadOf(modelOf('Neg', 'f32', ['x']), inputs));
    compute.send({ type: 'run', run: 3, unitCount: 2, inputs: f32([1, 2, 3]) });
    await compute.next();
    expect(await compute.next()).toMatchObject({ run: 3, refusal: { code: 'input-shape' } });
  });

  it('runs weights that lie outside the graph as those within, in less of a heap', async () => {
    const width = 1_024;
    const nodes = [
      { op: 'MatMul', inputs: ['x', 'w'], output: 'm' },
      { op: 'MatMul', inputs: ['m', 'v'], output: 'y' },
    ];
    const model = must(decodeOnnx(sampleModel(nodes, { width })));
    const values = (seed: number) => {
      const found = Float32Array.from({ length: width * width }, (_, at) => Math.sin(at + seed));
      return new Uint8Array(found.buffer);
    };
    const run = async (storage: OnnxStorage) => {
      const tensor = { dataType: ONNX_DTYPES.f32, dims: [width, width], storage };
      const initializers = [
        { name: 'w', ...tensor, data: values(1) },
        { name: 'v', ...tensor, data: values(2) },
      ];
      const graph = { ...model.graph, initializers };
      const compute = openWorker();
      const inputs: TensorSpec[] = [{ name: 'x', dtype: 'f32', shape: [1, width] }];
      compute.send(loadOf(new Uint8Array(encodeOnnx({ ...model, graph })), inputs));
      const unit = Float32Array.from({ length: width }, (_, at) => Math.cos(at));
      compute.send({ type: 'run', run: 1, unitCount: 1, inputs: new Uint8Array(unit.buffer) });
      const [loaded, ran] = [await compute.next(), await compute.next()];
      if (loaded.type !== 'loaded' || ran.type !== 'ran') throw new Error(JSON.stringify(ran));
      return { bytes: ran.bytes, heapBytes: loaded.heapBytes ?? 0 };
    };
    const [outside, within] = [await run('raw'), await run('float')];
    expect(outside.bytes).toEqual(within.bytes);
    expect(outside.heapBytes).toBeGreaterThan(2 * width * width * 4);
    expect(outside.heapBytes).toBeLessThan(within.heapBytes);
  });

  it('proves memory that is there, and says where it is not', async () => {
    const compute = openWorker();
    compute.send({ type: 'prove', bytes: 100 * 2 ** 20 });
    expect(await compute.next()).toEqual({ type: 'proven' });
    // More than 32 bits address.
    compute.send({ type: 'prove', bytes: 5 * 2 ** 30 });
    expect(await compute.next()).toMatchObject({
      type: 'failed',
      refusal: { code: 'device-memory' },
    });
  });
});
