import { DISTANCE_MAX, measureUnits, type OutputDistance } from '#protocol/checks/comparison.ts';
import type { LoadGraph } from '#protocol/messages/compute.ts';
import { type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { itemSpecs, joinItems, splitItems } from '#protocol/tensors/unit-bytes.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import type { Preparation } from '../../core/state/events.ts';
import { type ComputeWorker, openComputeWorker } from '../compute-workers.ts';

/** Time for all runs of items; none is begun after it. */
const TRIAL_MS = 10_000;
/** Items of each unit that are run alone. */
const ALONE_MAX = 8;
/** How much larger than they are the numbers of strange neighbours are made. */
const LOUDNESS = 16;

interface KnownUnit {
  inputs: Uint8Array;
  answer: Uint8Array;
}

/** A model that has run, and known units: what went in and what came out. */
export interface NeighbourSubject {
  /** The model's file; loading it takes the bytes. */
  readModel(): Promise<Uint8Array<ArrayBuffer>>;
  runtime: LoadGraph;
  unitItems: number;
  outputs: readonly TensorSpec[];
  units: readonly KnownUnit[];
}

interface Tried {
  found: Pick<Preparation, 'neighbours'>;
  worker: ComputeWorker | undefined;
}

/**
 * Runs known items again in other places among larger neighbours, then alone, and measures how far
 * their answers move. Units of one item have nothing to try. An output without a row an item has
 * moved beyond measure, and it is only tried whether an item runs alone. A worker, where there is
 * one, is taken over: a live one comes back, or none.
 */
export async function tryNeighbours(
  worker: ComputeWorker,
  subject: NeighbourSubject,
): Promise<Tried> {
  const { runtime, unitItems, outputs, readModel } = subject;
  if (unitItems === 1) return { found: {}, worker };
  const odd = outputs.filter(({ shape }) => shape[0] !== unitItems);
  if (odd.length > 0) {
    await worker.close();
    const neighbours = { runsAlone: await runsAlone(subject), distances: odd.map(beyondMeasure) };
    return { found: { neighbours }, worker: undefined };
  }
  const until = performance.now() + TRIAL_MS;
  const among = await unlessFailed(worker, (held) => runAmong(held, subject, until));
  const held = among.worker ?? (await openComputeWorker({ runtime, model: await readModel() }));
  const alone = await unlessFailed(held, (other) => runAlone(other, subject, until));
  const distances = [...(among.found ?? []), ...(alone.found ?? [])];
  const neighbours = { runsAlone: alone.found !== undefined, distances };
  return { found: { neighbours }, worker: alone.worker };
}

/** A run that fails says nothing of neighbours, and leaves a worker that is of no use. */
async function unlessFailed<T>(worker: ComputeWorker, work: (worker: ComputeWorker) => Promise<T>) {
  try {
    return { found: await work(worker), worker };
  } catch (error) {
    await worker.close();
    if (!(error instanceof PocketgridError)) throw error;
    return { found: undefined, worker: undefined };
  }
}

/** Each unit with every second item moved one place on, between loud items of the other unit. */
async function runAmong(
  worker: ComputeWorker,
  { runtime, outputs, units }: NeighbourSubject,
  until: number,
): Promise<OutputDistance[]> {
  const distances: OutputDistance[] = [];
  for (const [place, { inputs, answer }] of units.entries()) {
    if (performance.now() > until) break;
    const items = cutItems(runtime.inputs, splitItems(runtime.inputs, inputs));
    const other = units[(place + 1) % units.length]?.inputs ?? inputs;
    const loud = cutItems(
      runtime.inputs,
      amplify(runtime.inputs, splitItems(runtime.inputs, other)),
    );
    const mixed = items.map(
      (_, at) => (at % 2 === 1 ? items[at - 1] : loud[at]) ?? new Uint8Array(),
    );
    const ran = await worker.run(joinItems(runtime.inputs, Buffer.concat(mixed)), 1);
    const [before, after] = [cutAnswers(outputs, answer), cutAnswers(outputs, ran.bytes)];
    const moved = before.flatMap((row, at) => {
      const now = at % 2 === 0 ? after[at + 1] : undefined;
      return now === undefined ? [] : [{ before: row, now }];
    });
    distances.push(...measureRows(outputs, moved));
  }
  return distances;
}

/** How far an answer is that cannot be compared at all. */
export const BEYOND_MEASURE: OutputDistance = { output: '', l2: DISTANCE_MAX, max: DISTANCE_MAX };
const beyondMeasure = ({ name }: TensorSpec): OutputDistance => ({
  ...BEYOND_MEASURE,
  output: name,
});

/** Whether the first item of the first unit runs in a unit of its own. */
export async function runsAlone({
  runtime,
  readModel,
  units,
}: Pick<NeighbourSubject, 'runtime' | 'readModel'> & {
  units: readonly Pick<KnownUnit, 'inputs'>[];
}): Promise<boolean> {
  const { inputs } = runtime;
  const model = await readModel();
  const size = unitBytes(itemSpecs(inputs));
  const first = splitItems(inputs, units[0]?.inputs ?? new Uint8Array()).slice(0, size);
  try {
    const worker = await openComputeWorker({
      runtime: { ...runtime, inputs: itemSpecs(inputs) },
      model,
    });
    const ran = await unlessFailed(worker, (held) => held.run(first, 1));
    await ran.worker?.close();
    return ran.found !== undefined;
  } catch (error) {
    if (error instanceof PocketgridError) return false;
    throw error;
  }
}

/** Items of each unit in a unit of their own. */
async function runAlone(
  worker: ComputeWorker,
  { runtime, readModel, outputs, units }: NeighbourSubject,
  until: number,
): Promise<OutputDistance[]> {
  const distances: OutputDistance[] = [];
  const inputs = itemSpecs(runtime.inputs);
  await worker.load({ runtime: { ...runtime, inputs }, model: await readModel() });
  for (const unit of units) {
    const items = cutItems(runtime.inputs, splitItems(runtime.inputs, unit.inputs));
    const before = cutAnswers(outputs, unit.answer);
    const rows: Row[] = [];
    for (const at of spread(items.length, ALONE_MAX)) {
      if (rows.length > 0 && performance.now() > until) break;
      const ran = await worker.run(new Uint8Array(items[at] ?? []), 1);
      rows.push({ before: before[at] ?? new Uint8Array(), now: ran.bytes });
    }
    distances.push(...measureRows(outputs, rows));
  }
  return distances;
}

/** So many of the numbers below `count`, from the first to the last. */
function spread(count: number, most: number): number[] {
  const chosen = Math.min(count, most);
  const step = (count - 1) / Math.max(1, chosen - 1);
  return Array.from({ length: chosen }, (_, place) => Math.floor(place * step));
}

/** One item's outputs before and now. */
interface Row {
  before: Uint8Array;
  now: Uint8Array;
}

/** Distances over all rows at once: an answer near zero has the scale of the others. */
function measureRows(outputs: readonly TensorSpec[], rows: readonly Row[]): OutputDistance[] {
  const all = outputs.map((spec) => ({ ...spec, shape: [rows.length, ...spec.shape.slice(1)] }));
  if (rows.length === 0) return [];
  const [now, before] = [
    Buffer.concat(rows.map((row) => row.now)),
    Buffer.concat(rows.map((row) => row.before)),
  ];
  if (now.length !== before.length) {
    return outputs.map(beyondMeasure);
  }
  return measureUnits(joinItems(all, now), joinItems(all, before), all) ?? [];
}

const cutAnswers = (outputs: readonly TensorSpec[], answer: Uint8Array): Uint8Array[] =>
  cutItems(outputs, splitItems(outputs, answer));

/** Units of one item, end to end, one by one. */
function cutItems(specs: readonly TensorSpec[], items: Uint8Array): Uint8Array[] {
  const size = unitBytes(itemSpecs(specs));
  return Array.from({ length: items.length / size }, (_, at) =>
    items.subarray(at * size, (at + 1) * size),
  );
}

/** Makes the floats of items larger: what looks for the largest of a unit finds them there. */
function amplify(
  specs: readonly TensorSpec[],
  items: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const view = new DataView(items.buffer, items.byteOffset, items.length);
  const one = itemSpecs(specs);
  for (let start = 0; start < items.length; ) {
    for (const spec of one) {
      const end = start + unitBytes([spec]);
      for (let at = start; spec.dtype === 'f32' && at < end; at += 4) {
        view.setFloat32(at, LOUDNESS * view.getFloat32(at, true), true);
      }
      for (let at = start; spec.dtype === 'f64' && at < end; at += 8) {
        view.setFloat64(at, LOUDNESS * view.getFloat64(at, true), true);
      }
      start = end;
    }
  }
  return items;
}
