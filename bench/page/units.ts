import type { InferenceSession as Session } from 'onnxruntime-web/wasm';
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
  /**
   * Units in one run of the model. Where kernels do not mind, that is the same and less of a wait.
   */
  together: number;
  /** Sizes of the model's free dimensions. */
  free: Record<string, number>;
  provider: 'wasm' | 'webgpu';
  level: 'disabled' | 'basic' | 'extended' | 'all';
  /** Stops early so long after the first unit, whose time goes into compiling shaders. */
  secondsMax: number;
}

/** A prime, so that no item comes again before all have been. */
const STRIDE = 7919;

/**
 * The item of the pool at one place of all units: spread over the pool, the same on every engine.
 */
const itemAt = ({ pool }: UnitsTask, place: number): number => (place * STRIDE) % pool;

/**
 * Output bytes of each unit, end to end, in the order of the outputs' names; fewer when it is late.
 */
export async function runUnits(
  ort: OrtRuntime,
  task: UnitsTask,
  read: (file: string) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const session = await ort.InferenceSession.create(await read(task.model), {
    executionProviders: [task.provider],
    graphOptimizationLevel: task.level,
    ...(task.together === 1 ? { freeDimensionOverrides: task.free } : {}),
    logSeverityLevel: 3,
  });
  const pools = await Promise.all(task.inputs.map(({ file }) => read(file)));
  const parts: Uint8Array[] = [];
  let until = Infinity;
  for (let unit = 0; unit < task.units && performance.now() < until; unit += task.together) {
    const count = Math.min(task.together, task.units - unit);
    const outputs = await session.run(feedsOf(ort, task, { pools, unit, count }));
    parts.push(...splitUnits(outputs, count));
    for (const tensor of Object.values(outputs)) tensor.dispose();
    if (unit === 0) until = performance.now() + task.secondsMax * 1000;
  }
  await session.release();
  return join(parts);
}

function feedsOf(
  ort: OrtRuntime,
  task: UnitsTask,
  { pools, unit, count }: { pools: readonly Uint8Array[]; unit: number; count: number },
) {
  const items = count * task.unitItems;
  const feeds = task.inputs.map((input, place) => {
    const pool = pools[place] ?? new Uint8Array(0);
    const size = pool.length / task.pool;
    const bytes = new Uint8Array(items * size);
    for (let item = 0; item < items; item += 1) {
      const from = itemAt(task, unit * task.unitItems + item) * size;
      bytes.set(pool.subarray(from, from + size), item * size);
    }
    const shape = [items, ...input.item];
    return [input.name, tensorOf(ort, bytes, { dtype: input.dtype, shape })] as const;
  });
  return Object.fromEntries(feeds);
}

/** Copies of each unit's outputs: the runtime may give its own memory. */
function splitUnits(outputs: Awaited<ReturnType<Session['run']>>, count: number): Uint8Array[] {
  const names = Object.keys(outputs).sort();
  return Array.from({ length: count }, (_, unit) =>
    names.map((name) => {
      const data = outputs[name]?.data as Float32Array;
      const size = data.byteLength / count;
      return new Uint8Array(data.buffer, data.byteOffset + unit * size, size).slice();
    }),
  ).flat();
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
