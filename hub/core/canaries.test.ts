import { beforeEach, describe, expect, test } from 'vitest';
import { CHECK_POLICY_DEFAULT } from '#protocol/check-policy.ts';
import { digest, digestCanary, digestRecord } from '#protocol/digest.ts';
import type { Nonce, PublicKey } from '#protocol/ids.ts';
import type { Verdict } from '#protocol/records.ts';
import {
  type Bench,
  beginJob,
  deliver,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  quoteJob,
  SIGNED,
  TABLET,
  UNIT_BYTES,
  verdictOn,
} from './fake-world.ts';

const UNITS = 4_000;
const CANARIES = [3_000, 1_000];
const SALT = '44'.repeat(32) as Nonce;
const right = digest(new Uint8Array(UNIT_BYTES));
const hashOf = (unit: number) => digestCanary({ job: JOB, unit, digest: right, salt: SALT });
const canaries = CANARIES.map((unit) => ({ unit, hash: hashOf(unit) }));

let bench: Bench;
beforeEach(() => {
  bench = openBench({ needsVerifier: true, checks: CHECK_POLICY_DEFAULT });
  quoteJob(bench, UNITS, { canaries });
  beginJob(bench);
});

const join = (socket: number, key: PublicKey) => joinWorker(bench, socket, { key, unitMs: 40 });
const lentTo = (socket: number) => {
  const lease = bench.last(socket, 'lease')?.lease;
  if (lease === undefined) throw new Error('nothing was lent');
  return Array.from({ length: lease.unitCount }, (_, at) => lease.firstUnit + at);
};

describe('a canary', () => {
  test('is in the first shard of a new device, one for each, and not always in one place', () => {
    const places = new Set<number>();
    for (let at = 0; at < 2; at += 1) {
      join(2 + at, at === 0 ? PHONE : TABLET);
      const unit = CANARIES[at] ?? -1;
      expect(lentTo(2 + at)).toContain(unit);
      places.add(lentTo(2 + at).indexOf(unit));
    }
    expect(places.size).toBe(2);
    join(4, 'ab'.repeat(32) as PublicKey);
    expect(lentTo(4)).toContain(0);
  });

  test('goes to no device that has units behind it, nor with its second shard', () => {
    join(2, PHONE);
    bench.say(2, { type: 'request' });
    expect(lentTo(2)).toContain(0);
    deliver(bench, 2, PHONE);
    bench.say(2, { type: 'request' });
    expect(lentTo(2)).not.toContain(CANARIES[1]);
  });

  test('that was not given out is known after a restart', () => {
    bench.restart();
    bench.join(1, bench.hub().config.hub, 'contributor');
    join(2, PHONE);
    expect(lentTo(2)).toContain(CANARIES[0]);
  });

  test('is in the package as a digest that says nothing, and its unit nowhere', () => {
    const { manifest } = bench.hub().jobs.get(JOB) ?? {};
    expect(manifest?.canaries).toEqual(canaries.map(({ hash }) => hash).sort());
    expect(JSON.stringify([manifest, bench.job()])).not.toContain('3000');
  });
});

test.each([
  ['the same unit twice', [canaries[0], canaries[0]]],
  ['a unit that is none', [{ unit: UNITS, hash: hashOf(1) }]],
])('canaries with %s are declined', (_, wrong) => {
  bench = openBench({ needsVerifier: true });
  quoteJob(bench, UNITS, { canaries: wrong.flatMap((canary) => canary ?? []) });
  expect(bench.last(1, 'declined')?.code).toBe('result-shape');
  expect(bench.job()?.state).toBe('checking');
});

describe('a verdict on a canary', () => {
  const judge = (said: Partial<Verdict>): string | undefined => {
    join(2, PHONE);
    deliver(bench, 2, PHONE);
    const { verdict } = verdictOn(bench, 'match');
    const signed = { verdict: { ...verdict, unit: 3_000, ...said }, signature: SIGNED };
    bench.say(1, { type: 'verdict', signed });
    return bench.last(1, 'declined')?.code;
  };

  test('opens what the package says of it', () => {
    expect(judge({ cause: 'canary', canary: SALT })).toBeUndefined();
    expect(bench.job()?.checked).toBe(1);
  });

  test.each<[string, Partial<Verdict>]>([
    ['without its salt', { cause: 'canary' }],
    ['with another salt', { cause: 'canary', canary: digestRecord('x') as string as Nonce }],
    ['of another unit', { unit: 3_001, canary: SALT }],
  ])('%s is declined', (_, said) => {
    expect(judge(said)).toBe('request-invalid');
    expect(bench.job()?.checked).toBe(0);
  });
});
