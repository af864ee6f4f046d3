import { beforeEach, expect, test } from 'vitest';
import {
  type Bench,
  deliver,
  joinWorker,
  openBench,
  PHONE,
  speak,
  startJob,
  TABLET,
  verdictOn,
} from '../fake-world.ts';
import { publicMoney } from '../hub-bench.ts';
import { banOf } from '../views.ts';

const DAY = 24 * 3_600_000;

let bench: Bench;
/** The only verifier finds a unit of the phone wrong. */
beforeEach(() => {
  bench = openBench({ needsVerifier: true });
  startJob(bench, 5_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
  speak(bench, 1, verdictOn(bench, 'mismatch'));
});

function pardon(device = PHONE) {
  const command = { type: 'pardon', device, reason: 'a bad driver' } as const;
  bench.post({ type: 'command', request: 9, command });
  return bench.replies.at(-1)?.result;
}

function hello(): string | undefined {
  bench.join(2, PHONE, 'contributor');
  return bench.sent.get(2)?.at(-1)?.type;
}

/** Places of the phone: taken ones, and the bans that shift them. */
const places = () => {
  const { places: begun = {}, bannedAt } = bench.hub().deviceRecords.get(PHONE) ?? {};
  return { begun: Object.keys(begun), bans: bannedAt };
};

test('a banned device is let in again by a pardon, before and after a restart', () => {
  expect(hello()).toBe('refused');
  expect(pardon()).toEqual({ ok: true, value: null });
  expect(hello()).not.toBe('refused');
  bench.restart();
  expect(hello()).not.toBe('refused');
  expect(banOf(bench.hub(), PHONE) !== undefined).toBe(false);
});

test('a ban names the shard and the unit that were found wrong', () => {
  const { work } = banOf(bench.hub(), PHONE) ?? {};
  const { lease, unit } = verdictOn(bench, 'mismatch').verdict;
  expect(work).toEqual({ lease, unit });
  bench.restart();
  expect(banOf(bench.hub(), PHONE)?.work).toEqual(work);
});

test('a pardon that cannot be written lifts nothing', () => {
  bench.fillDisk(true);
  expect(pardon()).toMatchObject({ ok: false, refusal: { code: 'disk-full' } });
  expect(hello()).toBe('refused');
  expect(publicMoney(bench.facts).bans[0]).not.toHaveProperty('pardonedAt');
  bench.fillDisk(false);
  expect(pardon()).toMatchObject({ ok: true });
  expect(hello()).not.toBe('refused');
});

test('a device without a ban, or pardoned already, has nothing to pardon', () => {
  expect(pardon(TABLET)).toMatchObject({ ok: false, refusal: { code: 'ban-unknown' } });
  expect(pardon()).toMatchObject({ ok: true });
  expect(pardon()).toMatchObject({ ok: false, refusal: { code: 'ban-unknown' } });
  expect(bench.facts.filter(({ type }) => type === 'pardoned')).toHaveLength(1);
});

test('a ban that is over can still be pardoned', () => {
  bench.wait(DAY + 1_000);
  expect(pardon()).toMatchObject({ ok: true });
  expect(publicMoney(bench.facts).bans).toMatchObject([{ pardonReason: 'a bad driver' }]);
});

test('a pardoned device that is found wrong again is banned again, also after a restart', () => {
  pardon();
  bench.wait(1_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
  speak(bench, 1, verdictOn(bench, 'mismatch'));
  expect(hello()).toBe('refused');
  bench.restart();
  expect(hello()).toBe('refused');
  expect(banOf(bench.hub(), PHONE) !== undefined).toBe(true);
});

test('a pardoned device has its one place from before, live and after a restart', () => {
  expect(places().bans).toHaveLength(1);
  bench.wait(DAY + 1_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
  expect(places().begun).toEqual(['0', '1']);
  pardon();
  const one = { begun: ['0'], bans: [] };
  expect(places()).toEqual(one);
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
  bench.restart();
  expect(places()).toEqual(one);
});
