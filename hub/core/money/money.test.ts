import { expect, test } from 'vitest';
import { RELEASE_POLICY } from '#protocol/checks/check-policy.ts';
import type { Address, LeafFileView } from '#protocol/settlement/money-api.ts';
import type { Digest, JobId, PublicKey, Root, Signature } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { bytes, instant, lamports } from '#protocol/values/units.ts';
import {
  type Bench,
  beginJob,
  deliver,
  FUNDING,
  fundJob,
  HUB,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  quoteJob,
  SIGNED,
  speak,
  startJob,
  TABLET,
  VERIFIER,
  verdictOn,
} from '../fake-world.ts';
import { hasFunded, listEarned, listEarning, listEnded, listFunded } from '../hub.ts';
import { publicMoney } from '../hub-bench.ts';

const ALL = { from: 0, limit: 1_000 };
const WALLET = 'W'.repeat(43) as Address;

const command = (bench: Bench, said: Parameters<Bench['post']>[0] & { type: 'command' }) => {
  bench.post(said);
  return bench.replies.at(-1)?.result;
};
const start = (bench: Bench) =>
  command(bench, { type: 'command', request: 2, command: { type: 'start', job: JOB } });
const cancel = (bench: Bench) =>
  command(bench, { type: 'command', request: 4, command: { type: 'cancel', job: JOB } });
const close = (bench: Bench) =>
  command(bench, { type: 'command', request: 5, command: { type: 'close', job: JOB } });
function link(
  bench: Bench,
  { device = PHONE, hub = HUB, to = WALLET, at = bench.clock(), by = SIGNED } = {},
) {
  const payout = { record: { device, hub, recipient: to, at: instant(at) }, signature: by };
  return command(bench, { type: 'command', request: 6, command: { type: 'payout', payout } });
}
const refusedAs = (code: string) => ({ ok: false, refusal: { code } });

/** What the hub says of money of jobs in memory. */
const told = (bench: Bench) => ({
  jobs: listEnded(bench.hub(), ALL),
  shards: listEarning(bench.hub(), JOB, ALL),
  earned: listEarned(bench.hub(), PHONE, ALL),
});

/** What its store says of the rest. */
const saidOf = (bench: Bench) => publicMoney(bench.facts);

function finish(bench: Bench): void {
  for (let shard = 0; shard < 40 && bench.job()?.state === 'running'; shard += 1) {
    deliver(bench, 2, PHONE);
    bench.say(2, { type: 'request' });
  }
}

test('a job with a price starts when its escrow holds enough, and not before', () => {
  const bench = openBench();
  quoteJob(bench, 40);
  expect(start(bench)).toMatchObject(refusedAs('job-unfunded'));
  expect(fundJob(bench, lamports(199n))).toMatchObject({
    ok: false,
    refusal: { code: 'job-unfunded', message: expect.stringMatching(/^1 lamports are missing/) },
  });
  expect(bench.job()).toMatchObject({ state: 'quoted', unitPrice: '5' });
  expect(fundJob(bench, lamports(200n))).toMatchObject({ ok: true });
  expect(bench.job()).toMatchObject({
    state: 'quoted',
    funding: { ...FUNDING, amount: '200' },
    reason: why('funded', {}),
  });
  expect(fundJob(bench, lamports(1n))).toMatchObject({ ok: true });
  bench.restart();
  expect(bench.job()?.funding?.amount).toBe('200');
  expect(start(bench)).toMatchObject({ ok: true, value: { state: 'running' } });
  expect(bench.facts.filter(({ type }) => type === 'job-funded')).toHaveLength(1);
});

test('one that starts by itself does so once it is funded, whenever the hub dies', () => {
  const bench = openBench();
  quoteJob(bench, 40, { autoStart: true });
  expect(bench.job()).toMatchObject({ state: 'quoted', reason: { values: { lamports: '200' } } });
  expect(fundJob(bench)).toMatchObject({ ok: true, value: { state: 'running' } });
  const funding = bench.facts.findIndex(({ type }) => type === 'job-funded');
  bench.facts.splice(funding + 1);
  bench.restart();
  expect(bench.job()?.state).toBe('running');
});

test('a funding that was not written does not count, and may come again', () => {
  const bench = openBench();
  quoteJob(bench, 40);
  bench.fillDisk(true);
  expect(fundJob(bench)).toMatchObject(refusedAs('disk-full'));
  expect(bench.job()?.funding).toBeUndefined();
  bench.fillDisk(false);
  expect(fundJob(bench)).toMatchObject({ ok: true });
});

test('a job that is done is told with all its shards, and the same after a restart', () => {
  const bench = openBench();
  startJob(bench, 300);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  expect(told(bench)).toMatchObject({ jobs: [], shards: undefined, earned: [] });
  bench.say(2, { type: 'request' });
  finish(bench);
  expect(bench.job()?.state).toBe('done');
  const { escrow, escrowIndex } = FUNDING;
  const all = told(bench);
  const shards = all.earned;
  expect(shards.length).toBeGreaterThan(2);
  const units = shards.reduce((sum, { unitCount }) => sum + unitCount, 0);
  expect(units).toBe(300);
  expect(all.jobs).toMatchObject([
    { number: 1, id: JOB, unitPrice: '5', escrow, escrowIndex, shards: shards.length },
  ]);
  expect(all.shards).toEqual(shards);
  const [first, ...rest] = shards;
  expect(listEarned(bench.hub(), PHONE, { from: 1, limit: 1 })).toEqual(rest.slice(0, 1));
  expect(first).toMatchObject({ sequence: 0, device: PHONE, workBefore: 0, unitCost: 100_000 });
  bench.restart();
  expect(told(bench)).toEqual(all);
});

test('money of a cancelled job counts what could be read, and nothing of volunteers’ work', () => {
  const bench = openBench({ needsVerifier: true });
  const { lagUnits } = RELEASE_POLICY;
  startJob(bench, 4 * lagUnits, 'settled');
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  for (let shard = 0; (bench.job()?.accepted ?? 0) < 3 * lagUnits; shard += 1) {
    deliver(bench, 2, PHONE);
    bench.say(1, { type: 'judged', through: shard });
    bench.say(2, { type: 'request' });
  }
  const { released = 0, accepted = 0 } = bench.job() ?? {};
  expect(released).toBeGreaterThan(0);
  expect(released).toBeLessThan(accepted);
  expect(cancel(bench)).toMatchObject({ ok: true });
  const all = told(bench);
  expect(all.shards?.reduce((sum, { unitCount }) => sum + unitCount, 0)).toBe(released);
  bench.restart();
  expect(told(bench)).toEqual(all);

  const unstarted = openBench();
  quoteJob(unstarted, 40);
  fundJob(unstarted);
  cancel(unstarted);
  expect(told(unstarted).jobs).toEqual([]);
});

test('an end that is not on disk is not told', () => {
  const bench = openBench();
  startJob(bench, 40);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  bench.fillDisk(true);
  cancel(bench);
  expect(told(bench).jobs).toEqual([]);
});

test('a device with accepted work says where its pay goes, sixteen times at most', () => {
  const bench = openBench();
  startJob(bench, 300);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  expect(link(bench)).toMatchObject(refusedAs('payout-refused'));
  deliver(bench, 2, PHONE);
  expect(link(bench, { by: '00'.repeat(64) as Signature })).toMatchObject(
    refusedAs('signature-wrong'),
  );
  expect(link(bench, { at: bench.clock() - 600_001 })).toMatchObject(refusedAs('request-invalid'));
  expect(link(bench, { device: TABLET })).toMatchObject(refusedAs('payout-refused'));
  expect(link(bench)).toMatchObject({ ok: true });
  expect(link(bench)).toMatchObject({ ok: true });
  expect(saidOf(bench).payouts).toMatchObject([{ index: 0, record: { recipient: WALLET } }]);
  bench.fillDisk(true);
  const other = (at: number) => `${String(at).padStart(2, 'a')}${'W'.repeat(41)}` as Address;
  const later = (at: number) => ({ to: other(at), at: bench.clock() + at });
  expect(link(bench, later(1))).toMatchObject(refusedAs('disk-full'));
  expect(saidOf(bench).payouts).toHaveLength(1);
  bench.fillDisk(false);
  for (let at = 2; at <= 16; at += 1) {
    expect(link(bench, later(at))).toMatchObject({ ok: true });
  }
  expect(link(bench, later(17))).toMatchObject(refusedAs('payout-refused'));
  const payouts = saidOf(bench).payouts;
  expect(new Set(payouts.map(({ index }) => index)).size).toBe(16);
  bench.restart();
  expect(saidOf(bench).payouts).toEqual(payouts);
});

test('a link that was signed before the newest one, or for another hub, changes nothing', () => {
  const bench = openBench();
  startJob(bench, 300);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  const at = bench.clock();
  const [old, newer] = ['O', 'N'].map((letter) => letter.repeat(43) as Address);
  expect(link(bench, { to: old, at })).toMatchObject({ ok: true });
  expect(link(bench, { to: newer, at: at + 1 })).toMatchObject({ ok: true });
  const replayed = () => {
    expect(link(bench, { to: old, at })).toMatchObject(refusedAs('payout-refused'));
    expect(link(bench, { to: old, at: at + 1 })).toMatchObject(refusedAs('payout-refused'));
  };
  replayed();
  bench.restart();
  replayed();
  const elsewhere = { to: old, at: at + 2, hub: 'ee'.repeat(32) as PublicKey };
  expect(link(bench, elsewhere)).toMatchObject(refusedAs('payout-refused'));
  expect(saidOf(bench).payouts.at(-1)).toMatchObject({ record: { recipient: newer } });
  expect(link(bench, { to: old, at: at + 2 })).toMatchObject({ ok: true });
});

test('a ban is told, and its pardon with the reason', () => {
  const bench = openBench({ needsVerifier: true });
  startJob(bench, 5_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
  const bannedAt = bench.clock();
  speak(bench, 1, verdictOn(bench, 'mismatch'));
  const ban = { number: 1, device: PHONE, at: bannedAt };
  expect(saidOf(bench).bans).toEqual([ban]);
  expect(link(bench)).toMatchObject(refusedAs('payout-refused'));
  bench.wait(1_000);
  const command = { type: 'pardon', device: PHONE, reason: 'a bad driver' } as const;
  bench.post({ type: 'command', request: 9, command });
  const pardoned = { pardonedAt: bench.clock(), pardonReason: 'a bad driver' };
  expect(saidOf(bench).bans).toEqual([{ ...ban, ...pardoned }]);
  expect(link(bench)).toMatchObject({ ok: true });
});

test("a device's gift is marked from the lease on, for the jobs it names", () => {
  const other = 'job_0000000000000009' as JobId;
  const bench = openBench();
  startJob(bench, 900);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  bench.say(2, { type: 'donate', jobs: [other, JOB] });
  deliver(bench, 2, PHONE);
  bench.say(2, { type: 'request' });
  bench.say(2, { type: 'donate', jobs: [other] });
  deliver(bench, 2, PHONE);
  bench.say(2, { type: 'request' });
  bench.say(2, { type: 'donate', jobs: 'all' });
  bench.say(2, { type: 'request' });
  bench.restart();
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  bench.say(2, { type: 'donate', jobs: 'all' });
  bench.say(2, { type: 'request' });
  deliver(bench, 2, PHONE);
  const all = () => bench.facts.flatMap((fact) => (fact.type === 'accepted' ? [fact.shard] : []));
  expect(all().map(({ donated }) => donated)).toEqual([undefined, true, undefined, true]);
  cancel(bench);
  const shards = listEarned(bench.hub(), PHONE, ALL);
  expect(shards.map(({ donated }) => donated)).toEqual([undefined, true, undefined, true]);
  bench.restart();
  expect(listEarned(bench.hub(), PHONE, ALL)).toEqual(shards);
});

test('a closing is said once and stays', () => {
  const bench = openBench();
  quoteJob(bench, 40);
  beginJob(bench);
  expect(close(bench)).toMatchObject({ ok: true });
  bench.wait(1_000);
  expect(close(bench)).toMatchObject({ ok: true });
  bench.restart();
  expect(close(bench)).toMatchObject({ ok: true });
  expect(saidOf(bench).closings).toEqual([{ number: 1, job: JOB, at: 1_000_000 }]);
  expect(hasFunded(bench.hub())).toBe(true);
});

test('leaf files are kept by what is in them, 64 of a period at most', () => {
  const bench = openBench();
  const file = (number: number, period = 1): LeafFileView => ({
    dataHash: number.toString(16).padStart(64, '0') as Digest,
    period,
    through: instant(1),
    total: lamports(0n),
    claims: 0,
    spends: 0,
    length: bytes(44),
    verifier: VERIFIER,
    at: instant(2),
  });
  const root = 'f'.repeat(64) as Root;
  const leave = (said: LeafFileView) =>
    command(bench, { type: 'command', request: 7, command: { type: 'leaves', file: said, root } });
  for (let number = 0; number < 64; number += 1)
    expect(leave(file(number))).toMatchObject({ ok: true });
  expect(leave(file(3))).toMatchObject({ ok: true });
  expect(leave(file(64))).toMatchObject(refusedAs('leaves-conflict'));
  expect(leave(file(64, 2))).toMatchObject({ ok: true });
  bench.restart();
  expect(leave(file(3))).toMatchObject({ ok: true });
  expect(leave(file(65))).toMatchObject(refusedAs('leaves-conflict'));
  expect(bench.facts.filter(({ type }) => type === 'leaf-file')).toHaveLength(65);
  for (let number = 100; number < 1_200; number += 1) leave(file(number, number));
  expect(bench.hub().money.files.size).toBe(1_024);
});

test('closing the money of a job that runs ends it, and what was accepted earns', () => {
  const bench = openBench();
  startJob(bench, 40);
  joinWorker(bench, 2, { key: PHONE, unitMs: 40 });
  deliver(bench, 2, PHONE);
  const { accepted } = bench.job() ?? {};
  expect(accepted).toBeGreaterThan(0);
  expect(listFunded(bench.hub())).toEqual([{ job: JOB, poster: FUNDING.poster }]);
  expect(close(bench)).toMatchObject({ ok: true, value: { state: 'cancelled' } });
  expect(bench.job()?.reason.code).toBe('money-closed');
  const shards = listEarning(bench.hub(), JOB, ALL) ?? [];
  expect(shards.reduce((sum, { unitCount }) => sum + unitCount, 0)).toBe(accepted);
  expect(listFunded(bench.hub())).toEqual([]);
  bench.restart();
  expect(saidOf(bench).closings).toMatchObject([{ number: 1, job: JOB }]);
  expect(listEnded(bench.hub(), ALL)).toHaveLength(1);
});
