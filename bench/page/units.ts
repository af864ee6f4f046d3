import { type OrtRuntime, tensorOf } from './session.ts';

/** One input of a model and where its pool of items lies. */
export interface PooledInput {
  name: string;
  dtype: 'float32' | 'int64' | 'int32';
  /** Shape of one item. */
  item: number[];
  /** URL or path of the items, end to end. */
  file: string;
}

export interface UnitsTask {
  /** URL or path of the model's file. */
  model: string;
  inputs: PooledInput[];
  /** Items in the pool. */
  pool: number;
  unitItems: number;
  units: number;
  /** Sizes of the model's free dimensions. */
  free: Record<string, number>;
  provider: 'wasm' | 'webgpu';
  level: 'disabled' | 'basic' | 'extended' | 'all';
  /** Stops early so long after the first unit, whose time goes into compiling shaders. */
  secondsMax: number;
}

/** The item of the pool at one place of one unit: spread over the pool, the same on every engine. */
const itemAt = (task: UnitsTask, unit: number, place: number): number =>
  (Math.imul(unit * task.unitItems + place + 1, 0x9e3779b1) >>> 0) % task.pool;

/** Output bytes of each unit, end to end, in the order of the outputs' names; fewer when it is late. */
export async function runUnits(
  ort: OrtRuntime,
  task: UnitsTask,
  read: (file: string) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const session = await ort.InferenceSession.create(await read(task.model), {
    executionProviders: [task.provider],
    graphOptimizationLevel: task.level,
    freeDimensionOverrides: task.free,
    logSeverityLevel: 3,
  });
  const pools = await Promise.all(task.inputs.map(({ file }) => read(file)));
  const parts: Uint8Array[] = [];
  let until = Infinity;
  for (let unit = 0; unit < task.units && performance.now() < until; unit += 1) {
    const feeds = task.inputs.map((input, place) => {
      const pool = pools[place] ?? new Uint8Array(0);
      const size = pool.length / task.pool;
      const bytes = new Uint8Array(task.unitItems * size);
      for (let item = 0; item < task.unitItems; item += 1) {
        const from = itemAt(task, unit, item) * size;
        bytes.set(pool.subarray(from, from + size), item * size);
      }
      const shape = [task.unitItems, ...input.item];
      return [input.name, tensorOf(ort, bytes, { dtype: input.dtype, shape })] as const;
    });
    const outputs = await session.run(Object.fromEntries(feeds));
    for (const name of Object.keys(outputs).sort()) {
      const data = outputs[name]?.data as Float32Array;
      // A copy: the runtime may give its own memory.
      parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice());
      outputs[name]?.dispose();
    }
    if (unit === 0) until = performance.now() + task.secondsMax * 1000;
  }
  await session.release();
  return join(parts);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
