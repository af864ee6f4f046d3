import { expect, test } from 'vitest';
import type { ModelName } from '#protocol/api/models.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import {
  type Bench,
  beginJob,
  deliver,
  JOB,
  openBench,
  quoteJob,
  verdictOn,
} from './fake-world.ts';
import { takeSnapshot, viewModelStats } from './hub.ts';
import { openHub } from './open.ts';

const MODEL: ModelName = 'my/net@abc';
const NONE = { accepted: 0, checked: 0, mismatched: 0 };
const keyOf = (number: number) => `${number}`.repeat(64) as PublicKey;
const known = (model = MODEL, since = 0) => [{ model, since: instant(since), archived: NONE }];
const statsOf = (bench: Bench, ...of: Parameters<typeof known>) =>
  viewModelStats(bench.hub(), known(...of))[0];

/** A job of the model that runs. */
function begin(unitItems = 2): Bench {
  const bench = openBench();
  quoteJob(bench, 40, { unitItems, unitPrice: lamports(0n), model: MODEL });
  beginJob(bench);
  return bench;
}

function join(bench: Bench, number: number, on: { unitMs: number; threads?: number }): void {
  const socket = 10 + number;
  bench.join(socket, keyOf(number), 'contributor');
  bench.say(socket, { type: 'request' });
  bench.admit(socket, on.unitMs, on.threads);
}

test('devices that are admitted to a model are counted by class, with their speeds', () => {
  const bench = begin();
  expect(statsOf(bench)).toEqual({ model: MODEL, trust: NONE, classes: [] });
  for (const [at, unitMs] of [100, 200, 50].entries()) join(bench, at + 1, { unitMs });
  join(bench, 4, { unitMs: 20, threads: 4 });
  const cpu = { provider: 'wasm', hardware: 'cpu' };
  expect(statsOf(bench)?.classes).toEqual([
    { ...cpu, threads: 1, devices: 3, itemsPerSecond: { median: 20, least: 10, most: 40 } },
    { ...cpu, threads: 4, devices: 1, itemsPerSecond: { median: 100, least: 100, most: 100 } },
  ]);
  expect(statsOf(bench, 'another')?.classes).toEqual([]);
});

test('units and checks of jobs of a model count for it, those of the files before it do not', () => {
  const bench = begin(1);
  join(bench, 1, { unitMs: 100 });
  deliver(bench, 11, keyOf(1));
  const units = statsOf(bench)?.trust.accepted ?? 0;
  expect(units).toBeGreaterThan(0);
  bench.say(1, { type: 'verdict', signed: verdictOn(bench, 'match') });
  expect(statsOf(bench)?.trust).toEqual({ accepted: units, checked: 1, mismatched: 0 });
  expect(statsOf(bench, MODEL, 1)?.trust).toEqual(NONE);
  const archived = { accepted: 10, checked: 3, mismatched: 1 };
  const [both] = viewModelStats(bench.hub(), [{ model: MODEL, since: instant(0), archived }]);
  expect(both?.trust).toEqual({ accepted: 10 + units, checked: 4, mismatched: 1 });
});

test('a hub that starts again knows the packages of the models of its jobs', () => {
  const bench = begin();
  const { config, modelPackages } = bench.hub();
  const again = openHub([], config, takeSnapshot(bench.hub()));
  expect(again.modelPackages).toEqual(modelPackages);
  expect([...(again.modelPackages.get(MODEL)?.values() ?? [])]).toEqual([2]);
  expect(again.jobs.get(JOB)?.record.model).toBe(MODEL);
});
