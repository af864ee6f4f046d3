import { bytesToHex, concatBytes, digest } from '#protocol/bytes/digest.ts';
import { loadRuntime, type RanTaps } from '#protocol/messages/compute.ts';
import { type BlobRef, digestPackage, type PackageManifest } from '#protocol/models/package.ts';
import type { FailedItems } from '#protocol/records/failed-items.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import { isCoupled } from '../../core/kinds/graph-preparation.ts';
import type { Preparation, Reference } from '../../core/state/events.ts';
import type { Blobs } from '../blobs.ts';
import {
  type ComputeWorker,
  type Load,
  openComputeWorker,
  type Ran,
  type Work,
} from '../compute-workers.ts';
import { type DecoySubject, measureDecoys } from './decoys.ts';
import { findFailed } from './failed-items.ts';
import type { Examine, Execute, Kind, Prepare, World } from './kind.ts';
import { BEYOND_MEASURE, runsAlone, tryNeighbours } from './neighbours.ts';
import { type RunUnit, runFirst } from './runnable.ts';

/** Known answers of a package. */
export const KNOWN_UNITS = 2;
/** Warm runs of the first unit beside one of each unit asked for: the median of at least three. */
const WARM_RUNS = 3;
/** What the runtime takes on a device beside its heap: its code, and the engine that compiled it. */
export const RUNTIME_BYTES = 32 * 1024 * 1024;

/** Pinned onnxruntime-web, wasm, one thread, fixed shapes. */
export const graph: Kind = { execute, prepare, examine };

async function execute(
  world: World,
  { manifest, inputs: blob, unit, fresh, claim }: Execute,
): Promise<Reference> {
  const inputs = await readInputs(world.blobs, manifest, { inputs: blob, unit });
  const open = () => readModel(world.blobs, manifest);
  const work = { inputs, unitCount: 1, claims: claim && new Uint8Array(claim) };
  const ran = fresh
    ? await runFresh(await open(), work)
    : await world.workers.run(digestPackage(manifest), open, work);
  const taps = ran.taps === undefined ? {} : { taps: ran.taps.bytes };
  return { digest: bytesToHex(ran.digests) as Digest, bytes: ran.bytes, ...taps };
}

/** The inputs of one unit; a mended unit has a blob of its own. */
function readInputs(
  blobs: Blobs,
  { runtime }: PackageManifest,
  { inputs, unit }: Pick<Execute, 'inputs' | 'unit'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { firstUnit = 0, ...blob } = inputs;
  const size = unitBytes(runtime.inputs);
  return blobs.read(blob, (unit - firstUnit) * size, size);
}

async function examine(
  { blobs, spare }: World,
  { manifest, inputs, unit, items }: Examine,
): Promise<readonly FailedItems[]> {
  return findFailed({
    open: () =>
      spare.take(digestPackage(manifest), async () =>
        openComputeWorker(await readModel(blobs, manifest)),
      ),
    now: () => performance.now(),
    manifest,
    inputs: await readInputs(blobs, manifest, { inputs, unit }),
    items,
  });
}

async function runFresh(load: Load, work: Work) {
  const worker = await openComputeWorker(load);
  try {
    return await worker.run(work.inputs, work.unitCount);
  } finally {
    await worker.close();
  }
}

/** The variant that needs no feature is the one the exact lane runs. */
async function readModel(blobs: Blobs, manifest: PackageManifest): Promise<Load> {
  const variant = manifest.variants.find(({ needs }) => needs.length === 0) ?? manifest.variants[0];
  if (variant === undefined) throw new TypeError('a manifest has one variant at least');
  return {
    model: await readWhole(blobs, variant.file),
    runtime: loadRuntime(manifest.runtime),
  };
}

/** All bytes of a blob. */
export const readWhole = (blobs: Blobs, ref: BlobRef) => blobs.read(ref, 0, ref.length);

/**
 * Runs a new model in a worker of its own, so that a model that hangs or dies takes nothing with
 * it. Peak memory is measured: the runtime's heap, and with it the file while it is loaded.
 */
async function prepare(blobs: Blobs, effect: Prepare): Promise<Preparation> {
  const { draft, inputs: blob, units } = effect;
  const { graphOptimization, inputs: specs, taps = [] } = draft.runtime;
  const runtime = { kind: 'graph', graphOptimization, inputs: specs, taps } as const;
  const size = unitBytes(specs);
  const readUnit = (unit: number) => blobs.read(blob, unit * size, size);
  const readModel = () => readWhole(blobs, draft.file);
  const open = async () => openComputeWorker({ runtime, model: await readModel() });
  const { unitItems } = draft.runtime;
  let worker: ComputeWorker | undefined;
  try {
    const started = await runFirst({ units, most: KNOWN_UNITS, readUnit, open });
    worker = started.worker;
    const ran = await runWarm(worker, started.units);
    const { outputs, runs } = ran;
    const peak = RUNTIME_BYTES + worker.peakBytes();
    const known = started.units.map((each) => ({ inputs: each.inputs, answer: each.ran.bytes }));
    const subject = { readModel, runtime, outputs };
    const tried = await tryNeighbours(worker, { ...subject, unitItems, units: known });
    worker = tried.worker;
    const found = { ...ran, ...tried.found, peakBytes: bytes(peak) };
    // It is cut into other units and prepared anew.
    if (isCoupled(tried.found.neighbours)) return { ...found, decoys: NONE_RUN };
    const unitMs = Math.min(...runs.map(({ computeMs }) => computeMs));
    const sampled = { ...subject, unitMs, units: effect.decoyUnits, readUnit };
    return { ...found, decoys: await sampleDecoys(worker, sampled, open) };
  } catch (error) {
    if (!(error instanceof PocketgridError) || unitItems === 1) throw error;
    const inputs = await readUnit(units[0] ?? 0);
    if (!(await runsAlone({ readModel, runtime, units: [{ inputs }] }))) throw error;
    return ONLY_ALONE;
  } finally {
    await worker?.close();
  }
}

/** Decoys are run on the units asked for, but for those that the model cannot compute. */
async function sampleDecoys(
  worker: ComputeWorker | undefined,
  subject: DecoySubject,
  open: () => Promise<ComputeWorker>,
): Promise<Preparation['decoys']> {
  try {
    return await measureDecoys(worker, subject);
  } catch (error) {
    if (!(error instanceof PocketgridError)) throw error;
    const { units, readUnit } = subject;
    const found = await runFirst({ units, most: units.length, readUnit, open });
    return measureDecoys(found.worker, { ...subject, units: found.units.map(({ unit }) => unit) });
  }
}

/** What units came to, and the first of them run again until the median is a warm one. */
export async function runWarm(
  worker: ComputeWorker,
  known: readonly RunUnit[],
): Promise<Pick<Preparation, 'outputs' | 'units' | 'answers' | 'runs' | 'taps'>> {
  const [first] = known;
  const ran = known.map(({ unit, ran }) => ({ unit, ran }));
  for (let warm = 0; warm < WARM_RUNS && first !== undefined; warm += 1) {
    ran.push({ unit: first.unit, ran: await worker.run(new Uint8Array(first.inputs), 1) });
  }
  return {
    outputs: first?.ran.outputs ?? [],
    units: known.map(({ unit }) => unit),
    answers: known.map(({ ran: { bytes } }) => bytes),
    runs: ran.map(({ unit, ran: each }) => ({
      unit,
      digest: digestRun(each),
      computeMs: each.computeMs,
    })),
    ...joinTaps(known.flatMap(({ ran: { taps } }) => taps ?? [])),
  };
}

/** Where no decoys are run. */
export const NONE_RUN: Preparation['decoys'] = { names: [], units: [], samples: [] };
/** What is found of a model that runs on units of one item and not on those it was given. */
const ONLY_ALONE: Preparation = {
  ...{ outputs: [], units: [], answers: [], runs: [], peakBytes: bytes(0), decoys: NONE_RUN },
  neighbours: { runsAlone: true, distances: [BEYOND_MEASURE] },
};

/** The taps of all units end to end, where there are any. */
function joinTaps(inside: readonly RanTaps[]): Pick<Preparation, 'taps'> {
  const [first] = inside;
  if (first === undefined) return {};
  return { taps: { specs: first.specs, bytes: concatBytes(...inside.map((each) => each.bytes)) } };
}

/** Outputs and taps: neither may differ from run to run. */
const digestRun = ({ digests, taps }: Ran): Digest =>
  digest(concatBytes(digests, ...(taps === undefined ? [] : [taps.digests])));
