import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import {
  connect,
  type FakeScript,
  type FakeWorld,
  fakeShard,
  openFakeWorld,
  sendCheck,
  sentVerdicts,
  wait,
} from '../fake-world.ts';
import type { CheckCount } from '../state/events.ts';
import { addCheck, isUnfit, noteCheck } from './deviations.ts';

/** Beyond tolerance by so much, and nearer than any decoy: unit n is truly [n, n + 1]. */
const deviate = (unit: number): number => unit * 1.001 + 0.001;

/** A world whose GPU deviates in these units, with one shard of ten units after the other. */
function openGpu(odd: readonly number[], script: FakeScript = {}): FakeWorld {
  const world = openFakeWorld({ claimed: claimOf(odd), queueUnitsMax: 5_000, ...script });
  connect(world);
  return world;
}

const claimOf = (odd: readonly number[]) => (unit: number) =>
  odd.includes(unit) ? deviate(unit) : unit;

function sendShards(world: FakeWorld, odd: readonly number[], range: [number, number]): void {
  for (let sequence = range[0]; sequence < range[1]; sequence += 1) {
    const units = Array.from({ length: 10 }, (_, place) => sequence * 10 + place);
    sendCheck(world, fakeShard(sequence, units.map(claimOf(odd)), 'webgpu'));
  }
}

/** What was said of the units that deviate, by unit. */
const kindsOf = (verdicts: readonly Verdict[]): Record<number, string> =>
  Object.fromEntries(
    verdicts.flatMap(({ unit, kind, reason }) => (reason === 'deviates' ? [[unit, kind]] : [])),
  );

describe('a GPU that deviates', () => {
  it('a device is unfit by its third unit that deviates, and not before', () => {
    const odd = [3, 14, 15, 40];
    const world = openGpu(odd);
    sendShards(world, odd, [0, 6]);
    const verdicts = sentVerdicts(world);
    expect(kindsOf(verdicts)).toEqual({
      3: 'inconclusive',
      14: 'inconclusive',
      15: 'device-unfit',
      40: 'device-unfit',
    });
    expect(verdicts.filter(({ kind }) => kind === 'match')).toHaveLength(56);
    const numbers = verdicts.map(({ check }) => check?.number);
    expect(numbers).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
  });

  it.each([
    ['ninety-nine', 99, 'device-unfit'],
    ['a hundred', 100, 'inconclusive'],
  ])('a unit that deviates counts for %s checks after it', (_, later, kind) => {
    const odd = [0, 50, later];
    const world = openGpu(odd);
    sendShards(world, odd, [0, 11]);
    expect(kindsOf(sentVerdicts(world))).toEqual({
      0: 'inconclusive',
      50: 'inconclusive',
      [later]: kind,
    });
  });

  it('a unit as far off as a decoy is a mismatch on every lane', () => {
    for (const provider of ['webgpu', 'wasm'] as const) {
      const world = openFakeWorld({ claimed: () => 0.5 });
      connect(world);
      sendCheck(world, fakeShard(0, [0.5], provider));
      const [verdict] = sentVerdicts(world);
      expect(verdict).toMatchObject({ kind: 'mismatch' });
      expect(verdict?.check?.number).toBe(provider === 'webgpu' ? 1 : undefined);
    }
  });

  it('each device and each provider has a count of its own', () => {
    const odd = [0, 1, 10, 11, 20, 21];
    const world = openGpu(odd);
    const runs: [Provider, string][] = [
      ['webgpu', 'dd'],
      ['webnn', 'dd'],
      ['webgpu', 'de'],
    ];
    for (const [sequence, [provider, key]] of runs.entries()) {
      const claims = [0, 1].map((place) => deviate(sequence * 10 + place));
      const device = key.repeat(32) as PublicKey;
      sendCheck(world, { ...fakeShard(sequence, claims, provider), device });
    }
    const kinds = sentVerdicts(world).map(({ kind, check }) => `${kind} ${check?.number}`);
    expect(kinds).toEqual(runs.flatMap(() => ['inconclusive 1', 'inconclusive 2']));
  });

  it('a check that finds nothing out has no number', () => {
    const world = openGpu([0, 1], { truth: (unit, fresh) => (fresh ? unit + 1 : unit) });
    sendShards(world, [0, 1], [0, 1]);
    const unclear = sentVerdicts(world).filter(({ kind }) => kind === 'inconclusive');
    expect(unclear).toHaveLength(2);
    expect(unclear.map(({ reason, check }) => [reason, check])).toEqual(
      unclear.map(() => [undefined, undefined]),
    );
    const numbers = sentVerdicts(world).flatMap(({ check }) => check?.number ?? []);
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('a count', () => {
  it('a restarted verifier counts on from its log', () => {
    const odd = [1, 2, 13];
    const before = openGpu(odd);
    sendShards(before, odd, [0, 1]);
    const after = openGpu(odd, { saved: before.disk });
    sendShards(after, odd, [0, 2]);
    expect(kindsOf(sentVerdicts(after))[13]).toBe('device-unfit');
    const counts = new Map<string, CheckCount>();
    for (const line of [...before.lines, ...after.lines]) {
      if (line.type === 'verdict') noteCheck(counts, line.signed.verdict);
    }
    expect(counts).toEqual(after.state.book?.counts);
    // A unit that deviates is run twice: others pass it by.
    expect([...counts.values()]).toEqual([{ last: 20, deviating: [2, 3, 15] }]);
  });

  it('a full disk leaves no gap between the numbers, even where the verifier dies', () => {
    const odd = [0, 1, 2, 3];
    const world = openGpu(odd);
    world.diskFull = true;
    sendShards(world, odd, [0, 1]);
    wait(world, 2_000);
    expect(sentVerdicts(world)).toEqual([]);
    const reborn = openGpu(odd, { saved: world.disk });
    sendShards(reborn, odd, [0, 1]);
    world.diskFull = false;
    wait(world, 6_000);
    for (const each of [world, reborn]) {
      const numbers = sentVerdicts(each).map(({ check }) => check?.number);
      expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(Object.values(kindsOf(sentVerdicts(each)))).toEqual([
        'inconclusive',
        'inconclusive',
        'device-unfit',
        'device-unfit',
      ]);
    }
  });

  it('any checks in any order come to what the last hundred hold', () => {
    const checks = fc.array(fc.boolean(), { minLength: 1, maxLength: 350 });
    fc.assert(
      fc.property(checks, fc.integer(), (list, salt) => {
        const numbered = list.map((deviates, at) => ({ number: at + 1, deviates }));
        const held = numbered.slice(-100).filter(({ deviates }) => deviates);
        const rank = ({ number }: { number: number }) => Math.imul(number, salt | 1) | 0;
        for (const order of [numbered, [...numbered].sort((a, b) => rank(a) - rank(b))]) {
          const count = order.reduce<CheckCount | undefined>(addCheck, undefined);
          expect(count?.last).toBe(list.length);
          const found = [...(count?.deviating ?? [])].sort((a, b) => a - b);
          expect(found).toEqual(held.map(({ number }) => number));
          expect(count !== undefined && isUnfit(count)).toBe(held.length >= 3);
        }
      }),
    );
  });
});
