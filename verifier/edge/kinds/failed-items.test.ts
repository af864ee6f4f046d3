import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PackageManifest } from '#protocol/models/package.ts';
import { placesOf } from '#protocol/records/failed-items.ts';
import { fault } from '#protocol/values/refusal.ts';
import { type FailedSubject, findFailed } from './failed-items.ts';

type ComputeWorker = Awaited<ReturnType<FailedSubject['open']>>;

const UNIT = 16;

/** What a bad item does to a run, and how long that takes. */
type End = { code: 'model-run-failed' | 'provider-failed' | 'provider-timeout'; ms: number };

/**
 * A unit of one byte an item, the place of the item; `fails` says whether a run of these places
 * does. Counts runs and workers, and checks that none is used after its death.
 */
function openFake(items: number, fails: (places: Set<number>) => boolean, end: End) {
  const seen = { runs: 0, workers: 0, open: 0, now: 0 };
  const open = async (): Promise<ComputeWorker> => {
    seen.workers += 1;
    seen.open += 1;
    let dead = false;
    return {
      load: async () => undefined,
      async run(inputs, _units, { deadlineMs = 0 } = {}) {
        expect(dead).toBe(false);
        expect(deadlineMs).toBeGreaterThanOrEqual(10_000);
        seen.runs += 1;
        const places = new Set(inputs);
        if (!fails(places)) return {} as Awaited<ReturnType<ComputeWorker['run']>>;
        seen.now += end.ms;
        dead = end.code !== 'model-run-failed';
        throw fault(end.code, `bad: ${[...places].join()}`);
      },
      peakBytes: () => 0,
      close: async () => {
        dead = true;
        seen.open -= 1;
      },
    };
  };
  const specs = [{ name: 'x', dtype: 'u8', shape: [UNIT] }];
  const runtime = { inputs: specs, unitItems: UNIT };
  const manifest = { runtime, referenceUnitMs: 1 } as unknown as PackageManifest;
  const inputs = Uint8Array.from({ length: UNIT }, (_, place) => Math.min(place, items - 1));
  return { seen, subject: { open, now: () => seen.now, manifest, inputs, items } };
}

const bad = fc.uniqueArray(fc.nat(UNIT - 1), { maxLength: UNIT });
const count = fc.integer({ min: 1, max: UNIT });
const SAID: End = { code: 'model-run-failed', ms: 1 };

test('an exam names exactly the bad items, in few runs, and leaves no worker', async () => {
  await fc.assert(
    fc.asyncProperty(bad, count, fc.boolean(), async (places, items, dies) => {
      const poison = places.filter((place) => place < items);
      const end: End = dies ? { code: 'provider-failed', ms: 1 } : SAID;
      const fails = (of: Set<number>) => poison.some((place) => of.has(place));
      const { seen, subject } = openFake(items, fails, end);
      const found = await findFailed(subject);
      expect(placesOf(found)).toEqual(poison.toSorted((a, b) => a - b));
      // Two for each halving on the way to each bad item, the unit as it was and as it is mended.
      const most = 2 + 2 * poison.length * Math.ceil(Math.log2(Math.max(items, 2)));
      expect(seen.runs).toBeLessThanOrEqual(most);
      expect(seen.open).toBe(0);
      if (!dies) expect(seen.workers).toBe(1);
    }),
  );
});

test('the words of a failed item are those of its own run', async () => {
  const { subject } = openFake(UNIT, (places) => places.has(3) || places.has(12), SAID);
  expect(await findFailed(subject)).toEqual([
    { places: [3], text: 'bad: 3' },
    { places: [12], text: 'bad: 12' },
  ]);
});

test('items that fail only together are left out together', async () => {
  const { subject } = openFake(UNIT, (places) => places.size === UNIT, SAID);
  expect(placesOf(await findFailed(subject))).toHaveLength(UNIT);
});

test('a unit that fails as it was mended fails as a whole', async () => {
  // Place 5 fails alone, and 0 wherever it stands for another item.
  const fails = (places: Set<number>) => places.has(5) || places.size === UNIT - 1;
  const { subject } = openFake(UNIT, fails, SAID);
  expect(placesOf(await findFailed(subject))).toHaveLength(UNIT);
});

test('an exam of a unit that hangs ends, and what it had no time for fails', async () => {
  const hangs: End = { code: 'provider-timeout', ms: 60_000 };
  const { seen, subject } = openFake(UNIT, (places) => places.has(9), hangs);
  const found = placesOf(await findFailed(subject));
  expect(found).toContain(9);
  expect(found.length).toBeLessThan(UNIT);
  expect(seen.now).toBeLessThanOrEqual(180_000);
  expect(seen.open).toBe(0);
});
