import { expect, test } from 'vitest';
import { PROTOCOL_VERSION } from '#protocol/messages/control.ts';
import type { Digest, LeaseId, Signature } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import {
  commit,
  deliver,
  HUB,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  postJob,
  reveal,
  SALT,
  SIGNED,
  startJob,
  TABLET,
  verdictOn,
} from './fake-world.ts';
import { viewGrid } from './hub.ts';

test('a hello is refused with its rule: wrong version, wrong signature, unknown verifier', () => {
  const bench = openBench();
  const hello = (socket: number, change: object, signature = SIGNED) => {
    bench.post({ type: 'connected', socket });
    const nonce = bench.last(socket, 'challenge')?.nonce ?? SALT;
    const claim = {
      version: PROTOCOL_VERSION,
      role: 'contributor' as const,
      key: PHONE,
      hub: HUB,
      nonce,
      ...change,
    };
    bench.say(socket, { type: 'hello', claim, signature });
    return bench.last(socket, 'refused')?.code;
  };
  expect(hello(1, { version: PROTOCOL_VERSION + 1 })).toBe('version-unsupported');
  expect(hello(2, { nonce: SALT })).toBe('signature-wrong');
  expect(hello(3, {}, '00'.repeat(64) as Signature)).toBe('signature-wrong');
  expect(hello(4, { role: 'verifier', key: PHONE })).toBe('verifier-unknown');
  expect([...bench.closed]).toEqual([1, 2, 3, 4]);
  expect(hello(5, {})).toBeUndefined();
  expect(bench.last(5, 'welcome')).toBeDefined();
});

test('a socket that says nothing, or something else first, is sent away', () => {
  const bench = openBench();
  bench.post({ type: 'connected', socket: 1 });
  bench.say(1, { type: 'request' });
  expect(bench.last(1, 'refused')?.code).toBe('hello-expected');
  bench.post({ type: 'connected', socket: 2 });
  bench.wait(11_000);
  expect(bench.last(2, 'refused')?.code).toBe('hello-late');
});

test('a silent session ends after three beats, a live one is kept', () => {
  const bench = openBench();
  bench.join(1, PHONE, 'contributor');
  bench.join(2, TABLET, 'contributor');
  for (let beat = 0; beat < 4; beat += 1) {
    bench.say(2, { type: 'beat' });
    bench.wait(20_000);
  }
  expect(bench.closed.has(1)).toBe(true);
  expect(bench.closed.has(2)).toBe(false);
  expect(bench.last(2, 'beat')).toBeDefined();
});

test('the newest session of a key wins', () => {
  const bench = openBench();
  bench.join(1, PHONE, 'contributor');
  bench.join(2, PHONE, 'contributor');
  expect(bench.last(1, 'refused')?.code).toBe('already-connected');
  expect(viewGrid(bench.hub()).devices).toHaveLength(1);
});

test('a job goes from checking over quoted and running to done, and each reason is told', () => {
  const bench = openBench();
  postJob(bench, 40);
  expect(bench.job()).toMatchObject({
    state: 'checking',
    reason: why('verifier-missing', {}),
  });
  const other = openBench();
  startJob(other, 40);
  expect(other.job()).toMatchObject({ state: 'running', accepted: 0 });
  expect(viewGrid(other.hub())).toMatchObject({ jobsRunning: 1, jobsWaiting: 1 });
  expect(other.job()?.quote).toMatchObject({ units: 40, total: '200' });
  joinWorker(other, 2, { key: PHONE, unitMs: 100 });
  for (let shard = 0; shard < 20 && other.job()?.state === 'running'; shard += 1) {
    deliver(other, 2, PHONE);
    other.say(2, { type: 'request' });
  }
  expect(other.job()).toMatchObject({ state: 'done', accepted: 40, leased: 0 });
  expect(viewGrid(other.hub())).toMatchObject({ jobsRunning: 0, jobsWaiting: 0 });
  expect(other.last(2, 'idle')?.reason.code).toBe('no-jobs');
});

test('a first shard takes about 2 s of the measured speed, the next ones about 4 s', () => {
  const bench = openBench();
  startJob(bench, 10_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  expect(bench.last(2, 'lease')?.lease).toMatchObject({ firstUnit: 0, unitCount: 20 });
  deliver(bench, 2, PHONE);
  bench.say(2, { type: 'request' });
  expect(bench.last(2, 'lease')?.lease).toMatchObject({ firstUnit: 20, unitCount: 40 });
});

test('an idle device is told why', () => {
  const bench = openBench();
  bench.join(2, PHONE, 'contributor');
  bench.say(2, { type: 'request' });
  expect(bench.last(2, 'idle')?.reason.code).toBe('no-jobs');
  startJob(bench, 10);
  const id = bench.last(2, 'admit')?.id ?? ('' as Digest);
  bench.say(2, { type: 'unfit', package: id, trials: [] });
  expect(bench.last(2, 'idle')?.reason.code).toBe('device-unfit');
});

test('units of a device that went away are lent again after a short grace', () => {
  const bench = openBench();
  startJob(bench, 30);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const first = bench.last(2, 'lease')?.lease;
  bench.post({ type: 'disconnected', socket: 2 });
  bench.wait(6_000);
  joinWorker(bench, 3, { key: TABLET, unitMs: 100 });
  expect(bench.last(3, 'lease')?.lease.firstUnit).toBe(first?.firstUnit);
});

test.each([
  ['before the hub sees it gone', ['woke', 'gone']],
  ['after it', ['gone', 'woke']],
] as const)(
  'a device that gave up a hub that stood still has two minutes to come back: told %s',
  (_, order) => {
    const bench = openBench();
    startJob(bench, 30);
    joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
    const lease = bench.last(2, 'lease')?.lease.id ?? ('' as LeaseId);
    for (const what of order) {
      bench.post(what === 'woke' ? { type: 'woke' } : { type: 'disconnected', socket: 2 });
    }
    bench.wait(100_000);
    expect(bench.hub().leases.has(lease)).toBe(true);
    bench.join(4, PHONE, 'contributor');
    bench.wait(10_000);
    expect(bench.hub().leases.has(lease)).toBe(true);
    bench.post({ type: 'disconnected', socket: 4 });
    bench.wait(130_000);
    expect(bench.hub().leases.has(lease)).toBe(false);
  },
);

test('a device that comes back is told again of its lease, until it has committed', () => {
  const bench = openBench();
  startJob(bench, 30);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const lease = bench.last(2, 'lease')?.lease ?? { id: '' as LeaseId, unitCount: 0 };
  bench.post({ type: 'disconnected', socket: 2 });
  bench.join(3, PHONE, 'contributor');
  expect(bench.last(3, 'lease')?.lease).toEqual(lease);
  commit(bench, 3, { key: PHONE, id: lease.id, units: lease.unitCount });
  bench.post({ type: 'disconnected', socket: 3 });
  bench.join(4, PHONE, 'contributor');
  expect(bench.last(4, 'lease')).toBeUndefined();
});

test('near the end a late shard gets a twin; the first to reveal wins, once', () => {
  const bench = openBench();
  startJob(bench, 4);
  joinWorker(bench, 2, { key: PHONE, unitMs: 500 });
  joinWorker(bench, 3, { key: TABLET, unitMs: 400 });
  for (let shard = 0; shard < 6 && bench.last(3, 'idle') === undefined; shard += 1) {
    deliver(bench, 3, TABLET);
    bench.say(3, { type: 'request' });
  }
  expect(bench.last(3, 'idle')?.reason.code).toBe('no-units-open');
  const [expected] = bench.job()?.soonestLate ?? [];
  expect(expected).toMatchObject({ device: PHONE });
  expect(expected?.lateFrom).toBeGreaterThan(bench.clock());
  bench.wait(6_000);
  expect(bench.job()?.soonestLate?.[0]?.lateFrom).toBeLessThanOrEqual(bench.clock());
  const [slow, twin] = [bench.last(2, 'lease')?.lease, bench.last(3, 'lease')?.lease];
  expect(twin?.firstUnit).toBe(slow?.firstUnit);
  expect(twin?.id).not.toBe(slow?.id);
  deliver(bench, 3, TABLET);
  expect(bench.last(2, 'revoked')?.code).toBe('unit-already-accepted');
  deliver(bench, 2, PHONE);
  expect(bench.last(2, 'declined')?.code).toBe('unit-already-accepted');
  expect(bench.job()).toMatchObject({ state: 'done', accepted: 4 });
});

test('commit comes before reveal, and cannot be changed', () => {
  const bench = openBench();
  startJob(bench, 100);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const lease = bench.last(2, 'lease')?.lease;
  if (lease === undefined) throw new Error('no lease');
  reveal(bench, 2, { id: lease.id, units: lease.unitCount });
  expect(bench.last(2, 'declined')?.code).toBe('commitment-missing');
  commit(bench, 2, { key: PHONE, id: lease.id, units: lease.unitCount });
  expect(bench.last(2, 'logged')?.entry.index).toBe(0);
  const commitment = '12'.repeat(32) as Digest;
  bench.say(2, { type: 'commit', lease: lease.id, commitment, signature: SIGNED });
  expect(bench.last(2, 'declined')?.code).toBe('commitment-duplicate');
  reveal(bench, 2, { id: lease.id, units: lease.unitCount - 1 });
  expect(bench.last(2, 'revoked')?.code).toBe('result-shape');
});

test('outputs that do not open the commitment are turned down and their units reopen', () => {
  const bench = openBench();
  startJob(bench, 20);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const lease = bench.last(2, 'lease')?.lease;
  if (lease === undefined) throw new Error('no lease');
  const commitment = '12'.repeat(32) as Digest;
  bench.say(2, { type: 'commit', lease: lease.id, commitment, signature: SIGNED });
  reveal(bench, 2, { id: lease.id, units: lease.unitCount });
  expect(bench.last(2, 'revoked')?.code).toBe('commitment-mismatch');
  expect(bench.job()).toMatchObject({ accepted: 0, leased: 0 });
});

test('a lease of another device, or of none, is declined', () => {
  const bench = openBench();
  startJob(bench, 1_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  joinWorker(bench, 3, { key: TABLET, unitMs: 100 });
  const lease = bench.last(2, 'lease')?.lease;
  if (lease === undefined) throw new Error('no lease');
  commit(bench, 3, { key: TABLET, id: lease.id, units: lease.unitCount });
  expect(bench.last(3, 'declined')?.code).toBe('lease-not-yours');
  commit(bench, 3, { key: TABLET, id: 'ab'.repeat(16) as LeaseId, units: 1 });
  expect(bench.last(3, 'declined')?.code).toBe('lease-unknown');
});

test('a full disk loses nothing: the device is told and says it again', () => {
  const bench = openBench();
  startJob(bench, 20);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  bench.fillDisk(true);
  const lease = bench.last(2, 'lease')?.lease;
  if (lease === undefined) throw new Error('no lease');
  commit(bench, 2, { key: PHONE, id: lease.id, units: lease.unitCount });
  expect(bench.last(2, 'declined')?.code).toBe('disk-full');
  expect(bench.last(2, 'logged')).toBeUndefined();
  bench.fillDisk(false);
  deliver(bench, 2, PHONE);
  expect(bench.last(2, 'accepted')?.units).toBe(lease.unitCount);
});

test('a restart keeps what was acknowledged, and a logged commitment may be opened after it', () => {
  const bench = openBench();
  startJob(bench, 60);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  bench.say(2, { type: 'request' });
  const lease = bench.last(2, 'lease')?.lease;
  if (lease === undefined) throw new Error('no lease');
  commit(bench, 2, { key: PHONE, id: lease.id, units: lease.unitCount });
  const before = bench.job()?.accepted ?? 0;
  bench.restart();
  expect(bench.job()).toMatchObject({
    state: 'running',
    accepted: before,
    leased: lease.unitCount,
  });
  bench.join(2, PHONE, 'contributor');
  reveal(bench, 2, { id: lease.id, units: lease.unitCount });
  expect(bench.last(2, 'accepted')?.units).toBe(lease.unitCount);
  expect(bench.job()?.accepted).toBe(before + lease.unitCount);
});

test('a confirmed mismatch voids what the device did in open jobs and bans it', () => {
  const bench = openBench({ needsVerifier: true });
  startJob(bench, 400);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  const shard = bench.last(1, 'check')?.shard;
  if (shard === undefined) throw new Error('nothing to check');
  const accepted = bench.job()?.accepted ?? 0;
  expect(accepted).toBeGreaterThan(0);
  const signed = verdictOn(bench, 'mismatch');
  bench.say(1, { type: 'verdict', signed });
  expect(bench.job()).toMatchObject({ accepted: 0, mismatched: 1, requeued: accepted });
  expect(bench.last(1, 'voided')?.sequence).toBe(shard.sequence);
  expect(bench.last(2, 'refused')?.code).toBe('device-banned');
  bench.join(3, PHONE, 'contributor');
  expect(bench.last(3, 'refused')?.code).toBe('device-banned');
  bench.say(1, { type: 'verdict', signed });
  expect(bench.job()?.checked).toBe(1);
});

test('a job is done only when a verifier has judged its last shard', () => {
  const bench = openBench({ needsVerifier: true });
  startJob(bench, 10);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  for (let shard = 0; shard < 20 && bench.job()?.state === 'running'; shard += 1) {
    deliver(bench, 2, PHONE);
    bench.say(2, { type: 'request' });
  }
  expect(bench.job()?.state).toBe('finishing');
  bench.say(1, { type: 'judged', through: 10_000 });
  expect(bench.last(1, 'declined')?.code).toBe('message-out-of-order');
  const sequence = bench.last(1, 'check')?.shard.sequence ?? -1;
  bench.say(1, { type: 'judged', through: sequence });
  expect(bench.job()?.state).toBe('done');
});

test('commands on the wrong job or state are refused with the way out', () => {
  const bench = openBench();
  bench.post({ type: 'command', request: 7, command: { type: 'start', job: JOB } });
  postJob(bench, 4);
  bench.post({ type: 'command', request: 8, command: { type: 'start', job: JOB } });
  bench.post({ type: 'command', request: 9, command: { type: 'cancel', job: JOB } });
  const answers = new Map(bench.replies.map(({ request, result }) => [request, result]));
  expect(answers.get(7)).toMatchObject({ ok: false, refusal: { code: 'job-unknown' } });
  expect(answers.get(8)).toMatchObject({
    ok: false,
    refusal: { code: 'job-state', message: expect.stringContaining('waiting for a verifier') },
  });
  expect(answers.get(9)).toMatchObject({ ok: true, value: { state: 'cancelled' } });
});
