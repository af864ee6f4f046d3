import { setImmediate as breathe } from 'node:timers/promises';
import { measureUnits } from '#protocol/checks/comparison.ts';
import type { DecoySample } from '#protocol/checks/thresholds.ts';
import type { LoadGraph } from '#protocol/messages/compute.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { DECOY_NAMES, makeDecoy } from '#protocol/onnx/decoys/decoy.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxModel } from '#protocol/onnx/model.ts';
import { removeTaps } from '#protocol/onnx/taps.ts';
import { type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import type { Preparation } from '../../core/state/events.ts';
import { type ComputeWorker, openComputeWorker } from '../compute-workers.ts';

/** Time for all decoys of a model. None is begun after it; the hub waits three minutes for all. */
const DECOYS_MS = 15_000;

/** A model as it was prepared, and what its decoys are run on. */
export interface DecoySubject {
  /** Reads its file; decoys share what they do not change. */
  readModel(): Promise<Uint8Array<ArrayBuffer>>;
  runtime: LoadGraph;
  outputs: readonly TensorSpec[];
  /** Time of one unit. */
  unitMs: number;
  units: readonly number[];
  readUnit(unit: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Runs what a cheat would run instead of a model, and says how far from it each unit comes out. A
 * worker, where there is one, is taken over and ended. Slow models get fewer units, then fewer
 * decoys: the ones that come nearest are made first.
 */
export async function measureDecoys(
  worker: ComputeWorker | undefined,
  subject: DecoySubject,
): Promise<Preparation['decoys']> {
  const startedAt = performance.now();
  const perUnit = (DECOY_NAMES.length + 1) * subject.unitMs * 2;
  const units = subject.units.slice(0, Math.max(1, Math.floor(DECOYS_MS / perUnit)));
  const inputs = Buffer.concat(await Promise.all(units.map(subject.readUnit)));
  const names: string[] = [];
  const samples: DecoySample[] = [];
  const model = await subject.readModel();
  const decoded = decodeOnnx(model);
  if (!decoded.ok) return { names, units, samples };
  let held = worker;
  const run = async (model: Uint8Array) => {
    const runtime = { ...subject.runtime, outputs: subject.outputs, taps: [] };
    const loading = { runtime, model: new Uint8Array(model) };
    if (held === undefined) held = await openComputeWorker(loading);
    else await held.load(loading);
    return (await held.run(new Uint8Array(inputs), units.length)).bytes;
  };
  const runDecoy = async (made: OnnxModel) => run(encodeOnnx(made));
  try {
    const reference = await run(model);
    for (const decoy of DECOY_NAMES) {
      if (performance.now() - startedAt > DECOYS_MS) break;
      // Making one is a long step for a large model: messages of the hub come in between.
      await breathe();
      const made = makeDecoy(decoy, removeTaps(decoded.value, subject.runtime.taps ?? []));
      if ('reason' in made) continue;
      const found = await runDecoy(made.model).catch(unlessFailed);
      if (found === undefined) {
        await held?.close();
        held = undefined;
        continue;
      }
      names.push(decoy);
      for (const distances of measureEach(found, reference, subject.outputs)) {
        samples.push({ decoy, distances });
      }
    }
  } finally {
    await held?.close();
  }
  return { names, units, samples };
}

/** A decoy that does not run, or cannot be made without loss, is no short cut. */
function unlessFailed(error: unknown): undefined {
  if (!(error instanceof PocketgridError)) throw error;
}

function measureEach(found: Uint8Array, reference: Uint8Array, outputs: readonly TensorSpec[]) {
  const size = unitBytes(outputs);
  return Array.from({ length: reference.length / size }, (_, unit) => {
    const [start, end] = [unit * size, (unit + 1) * size];
    return measureUnits(found.subarray(start, end), reference.subarray(start, end), outputs) ?? [];
  });
}
