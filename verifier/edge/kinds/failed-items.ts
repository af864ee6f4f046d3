import { isOfOneUnit } from '#protocol/messages/compute.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import { type FailedItems, groupFailures } from '#protocol/records/failed-items.ts';
import { mendUnit, pickItems } from '#protocol/tensors/unit-bytes.ts';
import { attempt } from '#protocol/values/refusal.ts';
import type { ComputeWorker } from '../compute-workers.ts';

/** Time for one unit: many times what it took at preparation, and some for a machine at work. */
const RUN_MS = { factor: 20, least: 10_000, most: 120_000 } as const;
/** Time for all runs of one unit; none is begun after it. The hub waits longer. */
const EXAM_MS = 100_000;

/** A unit that failed on devices. */
export interface FailedSubject {
  /** A worker with the model, which nobody else uses until it is closed. */
  open(): Promise<ComputeWorker>;
  now(): number;
  manifest: PackageManifest;
  inputs: Uint8Array<ArrayBuffer>;
  /** What stands behind them in the unit repeats the last one. */
  items: number;
}

interface Search extends FailedSubject {
  worker: ComputeWorker | undefined;
  until: number;
  failures: { place: number; text: string }[];
}

/**
 * The items of a unit that cannot be computed, with the runtime's words for each; none where the
 * whole unit runs. A unit is filled with half of its items, and the half that fails is halved again.
 * What is not told apart when the time is up fails together.
 */
export async function findFailed(subject: FailedSubject): Promise<FailedItems[]> {
  const until = subject.now() + EXAM_MS;
  const search: Search = { ...subject, worker: undefined, until, failures: [] };
  const all = Array.from({ length: subject.items }, (_, place) => place);
  try {
    const text = await tryUnit(search, subject.inputs);
    if (text === undefined) return [];
    await searchItems(search, all, text);
    await tryMended(search, all);
    return groupFailures(search.failures);
  } finally {
    await search.worker?.close();
  }
}

/** Finds the items at fault among some that failed together. */
async function searchItems(search: Search, places: readonly number[], text: string): Promise<void> {
  const fail = () => search.failures.push(...places.map((place) => ({ place, text })));
  if (places.length === 1) return void fail();
  const middle = Math.ceil(places.length / 2);
  const failing: [number[], string][] = [];
  for (const half of [places.slice(0, middle), places.slice(middle)]) {
    if (search.now() > search.until) return void fail();
    const words = await tryItems(search, half);
    if (words !== undefined) failing.push([half, words]);
  }
  // Each half runs without the other: only all of them can be left out.
  if (failing.length === 0) fail();
  for (const [half, words] of failing) await searchItems(search, half, words);
}

/** The good items must run in the place of the failed ones, or nothing of the unit is left. */
async function tryMended(search: Search, all: readonly number[]): Promise<void> {
  const { manifest, inputs, items, failures } = search;
  const failed = failures.map(({ place }) => place);
  const mended = mendUnit(manifest.runtime.inputs, inputs, { items, failed });
  const text = mended === undefined ? undefined : await tryUnit(search, mended);
  if (text === undefined) return;
  const rest = all.filter((place) => !failed.includes(place));
  failures.push(...rest.map((place) => ({ place, text })));
}

function tryItems(search: Search, places: readonly number[]): Promise<string | undefined> {
  const { inputs: specs, unitItems } = search.manifest.runtime;
  const picks = Array.from({ length: unitItems }, (_, at) => places[at % places.length] ?? 0);
  return tryUnit(search, pickItems(specs, search.inputs, picks));
}

/** What the runtime says of a unit; undefined where it runs. */
async function tryUnit(search: Search, inputs: Uint8Array): Promise<string | undefined> {
  const { factor, least, most } = RUN_MS;
  const runMs = Math.min(most, Math.max(least, factor * search.manifest.referenceUnitMs));
  search.worker ??= await search.open();
  const { worker } = search;
  const ran = await attempt(() => worker.run(new Uint8Array(inputs), 1, { deadlineMs: runMs }));
  if (ran.ok) return undefined;
  if (!isOfOneUnit(ran.refusal)) {
    search.worker = undefined;
    await worker.close();
  }
  return ran.refusal.message;
}
