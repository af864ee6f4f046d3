import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { decodeBase64 } from '#protocol/base64.ts';
import { LEG_POLICY } from '#protocol/check-policy.ts';
import { bytesToHex, DIGEST_BYTES } from '#protocol/digest.ts';
import type { Digest, PublicKey } from '#protocol/ids.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import type { AcceptedShard, Verdict } from '#protocol/records.ts';
import { instant, millis } from '#protocol/units.ts';
import {
  type Bench,
  beginJob,
  commit,
  deliver,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  quoteJob,
  reveal,
  SIGNED,
  startJob,
  TABLET,
  VERIFIER,
} from './fake-world.ts';
import { mayReadUnits } from './hub.ts';

const LAPTOP = 'ab'.repeat(32) as PublicKey;
type Check = Extract<HubMessage, { type: 'check' }>;

let bench: Bench;
beforeEach(() => {
  bench = openBench({ needsVerifier: true });
});

const checks = (): Check[] =>
  (bench.sent.get(1) ?? []).flatMap((message) => (message.type === 'check' ? [message] : []));
const leaseOf = (socket: number) => bench.last(socket, 'lease')?.lease;
const judge = (): void =>
  bench.say(1, {
    type: 'judged',
    through: Math.max(...checks().map(({ shard }) => shard.sequence)),
  });

/** Delivers every lease a device gets until it gets none, with all bytes of its outputs the same. */
function work(socket: number, key: PublicKey, fill = 0): void {
  for (;;) {
    const [id] = bench.hub().devices.get(key)?.leases ?? [];
    const lease = id === undefined ? undefined : bench.hub().leases.get(id)?.lease;
    if (lease === undefined) return;
    commit(bench, socket, { key, id: lease.id, units: lease.unitCount, fill });
    reveal(bench, socket, { id: lease.id, units: lease.unitCount, fill });
    bench.say(socket, { type: 'request' });
  }
}

/** A verdict on one unit of a shard. */
function say(shard: AcceptedShard, unit: number, kind: Verdict['kind']): void {
  const digests = decodeBase64(shard.digests);
  const start = (unit - shard.firstUnit) * DIGEST_BYTES;
  const bytes = digests.ok ? digests.value.subarray(start, start + DIGEST_BYTES) : [];
  const claimed = bytesToHex(Uint8Array.from(bytes)) as Digest;
  const { job, lease, device } = shard;
  const verdict: Verdict = {
    ...{ verifier: VERIFIER, job, unit, lease, device, kind, claimed },
    lane: shard.provider === 'wasm' ? 'exact' : 'tolerance',
    reference: kind === 'match' ? claimed : ('02'.repeat(32) as Digest),
    ...{ l2: 0, max: 0, runs: kind === 'match' ? 1 : 2, epoch: 1, n: 1, at: instant(5) },
  };
  bench.say(1, { type: 'verdict', signed: { verdict, signature: SIGNED } });
}

test('a job of assurance 2 is computed twice, by different devices, and released when both agree', () => {
  startJob(bench, 50, 2);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  work(2, PHONE);
  expect(bench.job()).toMatchObject({
    state: 'running',
    reason: expect.stringContaining('second device'),
  });
  joinWorker(bench, 3, { key: TABLET, unitMs: 100 });
  work(3, TABLET);
  expect(bench.job()).toMatchObject({
    state: 'finishing',
    accepted: 50,
    released: 0,
    secondLeg: { accepted: 50, agreed: 50, differing: 0 },
  });
  const units = checks().reduce((sum, { shard }) => sum + shard.unitCount, 0);
  expect(units).toBe(100);
  expect(mayReadUnits(bench.hub(), JOB, { first: 0, end: 1 })).toBe(false);
  judge();
  expect(bench.job()).toMatchObject({ state: 'done', released: 50 });
});

test('a device gets only ordinary messages for a second leg, of the usual sizes', () => {
  startJob(bench, 400, 2);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  work(2, PHONE);
  const told = (bench.sent.get(2) ?? []).filter(({ type }) => type !== 'admit');
  expect(JSON.stringify(told)).not.toContain('leg');
  const legs = new Set(checks().map(({ shard }) => shard.leg));
  expect([...legs]).toEqual(expect.arrayContaining([undefined, 2]));
  const sizes = (leg: 2 | undefined) =>
    Math.max(...checks().flatMap(({ shard }) => (shard.leg === leg ? [shard.unitCount] : [])));
  expect(sizes(2)).toBe(sizes(undefined));
});

test('the quote takes both legs into account, and says when a second device is missing', () => {
  startJob(bench, 1_000, 2);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const alone = bench.job()?.quote;
  expect(alone).toMatchObject({ devices: 1, note: expect.stringContaining('second one') });
  expect(alone?.durationMs).toBeUndefined();
  joinWorker(bench, 3, { key: TABLET, unitMs: 300 });
  // Each of the two computes every unit: the slower one sets the time.
  const durationMs = bench.job()?.quote?.durationMs ?? 0;
  expect(durationMs).toBeGreaterThan(299_000);
  expect(durationMs).toBeLessThan(301_000);
});

test('until a device is trusted, and on a GPU always, its legs are checked whole', () => {
  startJob(bench, 600, 2);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  work(2, PHONE);
  const floors = checks().map(({ shard, floorPpm = 0 }) => [shard.before, floorPpm] as const);
  expect(floors.length).toBeGreaterThan(5);
  for (const [before, floor] of floors) {
    expect(floor).toBe(before >= LEG_POLICY.trustedUnits ? 0 : 1_000_000);
  }
});

test('units on which two legs differ are judged in both, and the loser is computed again', () => {
  startJob(bench, 50, 2);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  work(2, PHONE);
  joinWorker(bench, 3, { key: TABLET, unitMs: 100 });
  work(3, TABLET, 7);
  judge();
  expect(bench.job()).toMatchObject({
    state: 'finishing',
    released: 0,
    reason: expect.stringContaining('differ'),
    secondLeg: { agreed: 0, differing: 50 },
  });
  const forced = checks().filter(({ units }) => units !== undefined);
  const asked = forced.map(({ shard, units = [] }) => [shard.device, units.length] as const);
  const sum = (key: PublicKey) =>
    asked.reduce((total, [device, count]) => total + (device === key ? count : 0), 0);
  expect([sum(PHONE), sum(TABLET)]).toEqual([50, 50]);
  bench.wait(1_000);
  expect(checks().filter(({ units }) => units !== undefined)).toHaveLength(forced.length);

  const wrong = forced.find(({ shard }) => shard.device === TABLET);
  if (wrong === undefined) throw new Error('nobody was asked about the tablet');
  say(wrong.shard, wrong.shard.firstUnit, 'mismatch');
  expect(bench.last(3, 'refused')?.code).toBe('device-barred');
  expect(bench.job()).toMatchObject({ state: 'running', secondLeg: { differing: 0 } });
  joinWorker(bench, 4, { key: LAPTOP, unitMs: 100 });
  work(4, LAPTOP);
  judge();
  expect(bench.job()).toMatchObject({ state: 'done', accepted: 50, released: 50 });
});

test('an exact leg and a GPU leg agree when verifiers found both right', () => {
  // A GPU may run it: a decoy lies far from what is right.
  const nearest = [{ output: 'y', decoy: 'half-weights', l2: 1, max: 1 }];
  quoteJob(bench, 6, { assurance: 2, decoys: { names: ['half-weights'], units: [0], nearest } });
  beginJob(bench);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  work(2, PHONE);
  bench.join(3, TABLET, 'contributor');
  bench.say(3, { type: 'request' });
  const id = bench.last(3, 'admit')?.id ?? ('' as Digest);
  const fit = { provider: 'webgpu' as const, dtype: 'f32' as const, threads: 1, trials: [] };
  bench.say(3, { type: 'admitted', package: id, ...fit, unitMs: millis(100) });
  work(3, TABLET, 7);
  judge();
  expect(bench.job()).toMatchObject({ released: 0, secondLeg: { differing: 6 } });
  const asked = checks().filter(({ units }) => units !== undefined);
  const of = (key: PublicKey) => asked.filter(({ shard }) => shard.device === key);
  for (const { shard, units = [] } of of(TABLET)) {
    for (const unit of units) say(shard, unit, 'match');
  }
  expect(bench.job()).toMatchObject({ secondLeg: { agreed: 0, differing: 6 } });
  for (const { shard, units = [] } of of(PHONE)) {
    for (const unit of units) say(shard, unit, 'match');
  }
  bench.wait(1_000);
  expect(bench.job()).toMatchObject({ state: 'done', released: 6, secondLeg: { agreed: 6 } });
});

test('what a verifier cannot judge is computed again', () => {
  startJob(bench, 10, 2);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  joinWorker(bench, 3, { key: TABLET, unitMs: 100 });
  work(2, PHONE);
  work(3, TABLET, 7);
  const forced = checks().filter(({ units, shard }) => units && shard.device === TABLET);
  expect(forced.length).toBeGreaterThan(0);
  for (const { shard } of forced) say(shard, shard.firstUnit, 'inconclusive');
  bench.wait(1_000);
  bench.wait(1_000);
  work(3, TABLET);
  judge();
  expect(bench.job()).toMatchObject({ state: 'done', requeued: 10 });
});

test('both legs survive a restart, with what was compared and lent', () => {
  startJob(bench, 50, 2);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  work(2, PHONE);
  joinWorker(bench, 3, { key: TABLET, unitMs: 100 });
  deliver(bench, 3, TABLET);
  bench.say(3, { type: 'request' });
  const lease = leaseOf(3);
  if (lease === undefined) throw new Error('no lease');
  const on = { key: TABLET, id: lease.id, units: lease.unitCount };
  commit(bench, 3, on);
  const { accepted, secondLeg, leased } = bench.job() ?? {};
  bench.restart();
  expect(bench.job()).toMatchObject({ accepted, secondLeg, leased });
  bench.join(1, VERIFIER, 'verifier');
  bench.join(3, TABLET, 'contributor');
  reveal(bench, 3, on);
  bench.say(3, { type: 'request' });
  bench.admit(3, 100);
  work(3, TABLET);
  expect(bench.job()).toMatchObject({ state: 'finishing', secondLeg: { agreed: 50 } });
  judge();
  expect(bench.job()?.state).toBe('done');
  bench.restart();
  expect(bench.job()).toMatchObject({ state: 'done', secondLeg: { accepted: 50, agreed: 50 } });
});

const KEYS = [PHONE, TABLET, LAPTOP];
const action = fc.record({
  kind: fc.constantFrom('work', 'work', 'work', 'commit', 'vanish', 'restart', 'void', 'wait'),
  who: fc.nat(2),
});

test('whatever happens, no device has both legs of a unit, and each leg is open, lent or delivered once', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      bench = openBench({ needsVerifier: true });
      startJob(bench, 60, 2);
      const online = new Map<number, number>();
      let socket = 10;
      const comeBack = (who: number): number => {
        const known = online.get(who);
        if (known !== undefined) return known;
        socket += 1;
        bench.join(socket, KEYS[who] ?? PHONE, 'contributor');
        bench.say(socket, { type: 'request' });
        if (bench.last(socket, 'admit') !== undefined) bench.admit(socket, 100);
        online.set(who, socket);
        return socket;
      };
      const once = (who: number, whole: boolean): void => {
        const [at, key] = [comeBack(who), KEYS[who] ?? PHONE];
        bench.say(at, { type: 'request' });
        const lease = leaseOf(at);
        if (lease === undefined || !bench.hub().leases.has(lease.id)) return;
        commit(bench, at, { key, id: lease.id, units: lease.unitCount });
        if (whole) reveal(bench, at, { id: lease.id, units: lease.unitCount });
      };
      for (const { kind, who } of actions) {
        const at = online.get(who);
        if (kind === 'work' || kind === 'commit') once(who, kind === 'work');
        else if (kind === 'vanish' && at !== undefined) {
          bench.post({ type: 'disconnected', socket: at });
          online.delete(who);
        } else if (kind === 'restart') {
          bench.restart();
          online.clear();
          bench.join(1, VERIFIER, 'verifier');
        } else if (kind === 'wait') bench.wait(70_000);
        else if (kind === 'void') {
          const shard = checks().at(-1 - who)?.shard;
          if (shard !== undefined) say(shard, shard.firstUnit, 'device-unfit');
          online.delete(KEYS.indexOf(shard?.device ?? PHONE));
        }
        checkLegs();
      }
    }),
    { numRuns: 60 },
  );
});

/** What is open, lent and delivered of each leg are all its units, each once. */
function checkLegs(): void {
  const job = bench.hub().jobs.get(JOB);
  if (job?.legs === undefined || job.endedAt !== undefined) return;
  const holders = new Map<string, number>();
  const count = { 1: job.open.count, 2: job.legs.open.count };
  const lent = [...job.leases].flatMap((id) => bench.hub().leases.get(id) ?? []);
  const twins = new Set<string>();
  for (const active of [
    ...lent.map(({ lease, ...rest }) => ({ ...lease, ...rest })),
    ...job.shards.values(),
  ]) {
    const { firstUnit, unitCount, device } = active;
    if ('twin' in active && active.twin !== undefined) {
      if (twins.has(active.id)) continue;
      twins.add(active.twin);
    }
    count[active.leg ?? 1] += unitCount;
    for (let unit = firstUnit; unit < firstUnit + unitCount; unit += 1) {
      const name = `${unit}/${device}`;
      holders.set(name, (holders.get(name) ?? 0) + 1);
    }
  }
  expect([...holders.values()].every((times) => times === 1)).toBe(true);
  expect(count).toEqual({ 1: 60, 2: 60 });
  const held = [...job.legs.held].flatMap(([device, { runs }]) =>
    runs.flatMap(({ first, end }) =>
      Array.from({ length: end - first }, (_, at) => `${first + at}/${device}`),
    ),
  );
  expect(new Set(held)).toEqual(new Set(holders.keys()));
}
