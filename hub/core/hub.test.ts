import { expect, test } from 'vitest';
import { DIGEST_BYTES, digest, digestCommitment, sha256 } from '#protocol/digest.ts';
import type { Digest, JobId, LeaseId, Nonce, PublicKey, Root, Signature } from '#protocol/ids.ts';
import type { JobRecord } from '#protocol/job.ts';
import type { ClientMessage, HubMessage } from '#protocol/messages/control.ts';
import type { TensorSpec } from '#protocol/tensor.ts';
import { bytes, instant, lamports, millis } from '#protocol/units.ts';
import type { Fact, HubEffect, HubEvent, Signed } from './events.ts';
import { openHub, stepHub, viewGrid, viewJob } from './hub.ts';
import { projectFacts, selectFacts } from './snapshot.ts';

const HUB = 'aa'.repeat(32) as PublicKey;
const VERIFIER = 'bb'.repeat(32) as PublicKey;
const PHONE = 'cc'.repeat(32) as PublicKey;
const TABLET = 'dd'.repeat(32) as PublicKey;
const JOB = `job_${'1'.repeat(16)}` as JobId;
const SIGNED = 'ee'.repeat(64) as Signature;
const SPEC: TensorSpec = { name: 'x', dtype: 'f32', shape: [1, 1] };
const UNIT_BYTES = 4;

const CONFIG = {
  hub: HUB,
  checks: { type: 'flat', rate: 0.05 } as const,
  beatMs: millis(20_000),
  iceServers: [],
  needsVerifier: false,
  barMs: millis(3_600_000),
};

/** A hub whose every signature holds unless it is all zeros, with a disk that can be full. */
function openWorld(needsVerifier: boolean) {
  const facts: Fact[] = [{ type: 'verifier-enrolled', key: VERIFIER, at: instant(0) }];
  const start = () => openHub(projectFacts(selectFacts(facts)), { ...CONFIG, needsVerifier });
  const world = {
    hub: start(),
    now: 1_000_000,
    drawn: 0,
    diskFull: false,
    facts,
    sent: new Map<number, HubMessage[]>(),
    closed: new Set<number>(),
    replies: [] as Extract<HubEffect, { type: 'reply' }>[],
    restart() {
      world.hub = start();
      world.sent.clear();
    },
    post(event: HubEvent): void {
      const effects = stepHub(world.hub, event, {
        now: instant(world.now),
        random: () => (world.drawn++).toString(16).padStart(8, '0').padEnd(64, '0') as Nonce,
        sign: () => SIGNED,
        verify: ({ signature }: Signed) => signature === SIGNED,
        sha256,
      });
      for (const effect of effects) perform(world, effect);
    },
  };
  return world;
}

function perform(world: ReturnType<typeof openWorld>, effect: HubEffect): void {
  switch (effect.type) {
    case 'send':
      world.sent.set(effect.socket, [...(world.sent.get(effect.socket) ?? []), effect.message]);
      return;
    case 'close':
      world.closed.add(effect.socket);
      return;
    case 'reply':
      world.replies.push(effect);
      return;
    case 'keep': {
      const root = (at: number) => `${at}`.padStart(64, '0') as Root;
      const refs = effect.blobs.map((_, at) => ({ root: root(at), length: bytes(UNIT_BYTES) }));
      return world.post({ type: 'kept', token: effect.token, refs });
    }
    case 'store': {
      const { token, facts } = effect;
      const refusal = { code: 'disk-full' as const, message: 'the disk is full; free some' };
      if (world.diskFull) return world.post({ type: 'store-failed', token, refusal });
      world.facts.push(...facts);
      return world.post({ type: 'stored', token });
    }
    default:
      return;
  }
}

function openBench(options: { needsVerifier?: boolean } = {}) {
  const world = openWorld(options.needsVerifier ?? false);
  const { post } = world;
  const say = (socket: number, message: ClientMessage): void =>
    post({ type: 'received', socket, message });
  const last = <T extends HubMessage['type']>(socket: number, type: T) =>
    (world.sent.get(socket) ?? []).findLast(
      (message): message is Extract<HubMessage, { type: T }> => message.type === type,
    );
  return {
    ...world,
    say,
    last,
    hub: () => world.hub,
    job: () => viewJob(world.hub, JOB),
    join(socket: number, key: PublicKey, role: 'contributor' | 'verifier'): void {
      post({ type: 'connected', socket });
      const nonce = last(socket, 'challenge')?.nonce ?? ('00'.repeat(32) as Nonce);
      const claim = { version: 1, role, key, hub: HUB, nonce };
      say(socket, { type: 'hello', claim, signature: SIGNED });
    },
    admit(socket: number, unitMs: number): void {
      const offer = last(socket, 'admit');
      if (offer === undefined) throw new Error('no admission was offered');
      const fit = { provider: 'wasm' as const, dtype: 'f32' as const, threads: 1, trials: [] };
      say(socket, { type: 'admitted', package: offer.id, ...fit, unitMs: millis(unitMs) });
    },
    wait(ms: number) {
      world.now += ms;
      post({ type: 'tick' });
    },
    fillDisk: (full: boolean) => {
      world.diskFull = full;
    },
    restart() {
      world.restart();
      post({ type: 'tick' });
    },
  };
}
type Bench = ReturnType<typeof openBench>;

function postJob(bench: Bench, units: number): void {
  const record: JobRecord = {
    id: JOB,
    name: 'numbers',
    createdAt: instant(0),
    draft: {
      name: 'numbers',
      file: { root: 'f'.repeat(64) as Root, length: bytes(10) },
      inputs: [SPEC],
      unitItems: 1,
      graphOptimization: 'all',
    },
    inputs: { root: '9'.repeat(64) as Root, length: bytes(units * UNIT_BYTES) },
    inputDigests: { root: '8'.repeat(64) as Root, length: bytes(units * DIGEST_BYTES) },
    items: units,
    units,
    unitPrice: lamports(5n),
    autoStart: false,
  };
  const inputDigests = new Uint8Array(units * DIGEST_BYTES);
  bench.post({ type: 'command', request: 1, command: { type: 'create', record, inputDigests } });
}

/** Posts a job, has the verifier on socket 1 prepare it, and starts it. */
function startJob(bench: Bench, units: number): void {
  bench.join(1, VERIFIER, 'verifier');
  postJob(bench, units);
  bench.post({
    type: 'framed',
    socket: 1,
    head: {
      type: 'prepared',
      job: JOB,
      outputs: [{ ...SPEC, name: 'y' }],
      units: [0],
      unitMs: millis(100),
      peakBytes: bytes(1_000),
    },
    payload: new Uint8Array(UNIT_BYTES),
  });
  bench.post({ type: 'command', request: 2, command: { type: 'start', job: JOB } });
}

function joinWorker(
  bench: Bench,
  socket: number,
  worker: { key: PublicKey; unitMs: number },
): void {
  bench.join(socket, worker.key, 'contributor');
  bench.say(socket, { type: 'request' });
  bench.admit(socket, worker.unitMs);
}

const SALT = '77'.repeat(32) as Nonce;

/** Commits and, once logged, reveals a lease with outputs of zeros. */
function deliver(bench: Bench, socket: number, key: PublicKey): void {
  const lease = bench.last(socket, 'lease')?.lease;
  if (lease === undefined) throw new Error('no lease to deliver');
  commit(bench, socket, { key, id: lease.id, units: lease.unitCount });
  reveal(bench, socket, { id: lease.id, units: lease.unitCount });
}

function commit(
  bench: Bench,
  socket: number,
  on: { key: PublicKey; id: LeaseId; units: number },
): Digest {
  const unit = sha256(new Uint8Array(UNIT_BYTES));
  const digests = new Uint8Array(on.units * DIGEST_BYTES).map(
    (_, at) => unit[at % DIGEST_BYTES] ?? 0,
  );
  const commitment = digestCommitment({ lease: on.id, device: on.key, salt: SALT, digests });
  bench.say(socket, { type: 'commit', lease: on.id, commitment, signature: SIGNED });
  return commitment;
}

function reveal(bench: Bench, socket: number, on: { id: LeaseId; units: number }): void {
  bench.post({
    type: 'framed',
    socket,
    head: {
      type: 'reveal',
      reveal: { lease: on.id, salt: SALT, computeMs: millis(on.units * 100) },
    },
    payload: new Uint8Array(on.units * UNIT_BYTES),
  });
}

test('a hello is refused with its rule: wrong version, wrong signature, unknown verifier', () => {
  const bench = openBench();
  const hello = (socket: number, change: object, signature = SIGNED) => {
    bench.post({ type: 'connected', socket });
    const nonce = bench.last(socket, 'challenge')?.nonce ?? SALT;
    const claim = {
      version: 1,
      role: 'contributor' as const,
      key: PHONE,
      hub: HUB,
      nonce,
      ...change,
    };
    bench.say(socket, { type: 'hello', claim, signature });
    return bench.last(socket, 'refused')?.code;
  };
  expect(hello(1, { version: 2 })).toBe('version-unsupported');
  expect(hello(2, { nonce: SALT })).toBe('signature-wrong');
  expect(hello(3, {}, '00'.repeat(64) as Signature)).toBe('signature-wrong');
  expect(hello(4, { role: 'verifier', key: PHONE })).toBe('verifier-unknown');
  expect([...bench.closed]).toEqual([1, 2, 3, 4]);
  expect(hello(5, {})).toBeUndefined();
  expect(bench.last(5, 'welcome')).toBeDefined();
});

test('who says nothing, or something else first, is sent away', () => {
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
    reason: expect.stringContaining('verifier'),
  });
  const other = openBench();
  startJob(other, 40);
  expect(other.job()).toMatchObject({ state: 'running', accepted: 0 });
  expect(other.job()?.quote).toMatchObject({ units: 40, total: '200' });
  joinWorker(other, 2, { key: PHONE, unitMs: 100 });
  for (let shard = 0; shard < 20 && other.job()?.state === 'running'; shard += 1) {
    deliver(other, 2, PHONE);
    other.say(2, { type: 'request' });
  }
  expect(other.job()).toMatchObject({ state: 'done', accepted: 40, leased: 0 });
  expect(other.last(2, 'idle')?.code).toBe('no-jobs');
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

test('no device gets nothing without a reason', () => {
  const bench = openBench();
  bench.join(2, PHONE, 'contributor');
  bench.say(2, { type: 'request' });
  expect(bench.last(2, 'idle')?.code).toBe('no-jobs');
  startJob(bench, 10);
  const id = bench.last(2, 'admit')?.id ?? ('' as Digest);
  bench.say(2, { type: 'unfit', package: id, reason: 'wasm: out of memory', trials: [] });
  expect(bench.last(2, 'idle')).toMatchObject({
    code: 'device-unfit',
    message: expect.stringContaining('out of memory'),
  });
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

test('near the end a late shard gets a twin; the first to reveal wins, once', () => {
  const bench = openBench();
  startJob(bench, 4);
  joinWorker(bench, 2, { key: PHONE, unitMs: 500 });
  joinWorker(bench, 3, { key: TABLET, unitMs: 400 });
  for (let shard = 0; shard < 6 && bench.last(3, 'idle') === undefined; shard += 1) {
    deliver(bench, 3, TABLET);
    bench.say(3, { type: 'request' });
  }
  expect(bench.last(3, 'idle')?.code).toBe('no-units-open');
  bench.wait(6_000);
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

test('after a restart a logged commitment may be opened, and nothing acknowledged is gone', () => {
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

test('a confirmed mismatch voids what the device did in open jobs and bars it', () => {
  const bench = openBench({ needsVerifier: true });
  startJob(bench, 400);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  const shard = bench.last(1, 'check')?.shard;
  if (shard === undefined) throw new Error('nothing to check');
  const accepted = bench.job()?.accepted ?? 0;
  expect(accepted).toBeGreaterThan(0);
  const verdict = {
    verifier: VERIFIER,
    job: JOB,
    unit: shard.firstUnit,
    lease: shard.lease,
    device: PHONE,
    kind: 'mismatch' as const,
    lane: 'exact' as const,
    claimed: digest(new Uint8Array(UNIT_BYTES)),
    reference: '02'.repeat(32) as Digest,
    l2: 1,
    max: 1,
    runs: 2,
    epoch: 1,
    n: 1,
    at: instant(5),
  };
  bench.say(1, { type: 'verdict', signed: { verdict, signature: SIGNED } });
  expect(bench.job()).toMatchObject({ accepted: 0, mismatched: 1, requeued: accepted });
  expect(bench.last(2, 'refused')?.code).toBe('device-barred');
  bench.join(3, PHONE, 'contributor');
  expect(bench.last(3, 'refused')?.code).toBe('device-barred');
  bench.say(1, { type: 'verdict', signed: { verdict, signature: SIGNED } });
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
  expect(answers.get(8)).toMatchObject({ ok: false, refusal: { code: 'job-state' } });
  expect(answers.get(9)).toMatchObject({ ok: true, value: { state: 'cancelled' } });
});
