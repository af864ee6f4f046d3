import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAY_POLICY } from '../checks/check-policy.ts';
import type { Digest, JobId, PublicKey } from '../values/ids.ts';
import { type Instant, instant } from '../values/units.ts';
import { type EarningShard, type Ledger, type LedgerFacts, projectLedger } from './ledger.ts';

const { probationUnits, holdbackPpm, holdbackMs } = PAY_POLICY;
const HOUR = 3_600_000;

const key = (number: number): PublicKey => number.toString(16).padStart(64, '0') as PublicKey;
const jobId = (number: number): JobId => `job_${number.toString(16).padStart(16, '0')}` as JobId;
const PACKAGE = 'a'.repeat(64) as Digest;

const job = (number: number, price: bigint, endedAt: number) => ({
  id: jobId(number),
  unitPrice: price,
  escrow: `escrow-${number}`,
  endedAt: instant(endedAt),
});

/** Of a unit, in microseconds. */
const COST = 1_000;
/** Units of that cost behind a device that has had its trial, and what is held of it then. */
const OLD = 4_000;
const heldOf = (units: number): bigint => BigInt(Math.ceil((units * holdbackPpm) / 1e6));

const shard = (
  sequence: number,
  work: { job: number; device: number; behind: number; units: number; unitCost?: number },
): EarningShard => ({
  sequence,
  job: jobId(work.job),
  device: key(work.device),
  package: PACKAGE,
  unitCount: work.units,
  workBefore: work.behind * COST,
  unitCost: work.unitCost ?? COST,
});

const link = (device: number, index: number, at: number) => ({
  device: key(device),
  index,
  recipient: `wallet-${index}`,
  at: instant(at),
});

const facts = (some: Partial<LedgerFacts>): LedgerFacts => ({
  jobs: [],
  shards: [],
  bans: [],
  payouts: [],
  closings: [],
  through: instant(1e15),
  ...some,
});

const claimed = (ledger: Ledger): bigint =>
  [...ledger.claims.values()].reduce((sum, { cumulative }) => sum + cumulative, 0n);
const spent = (ledger: Ledger): bigint =>
  [...ledger.spends.values()].reduce((sum, amount) => sum + amount, 0n);

describe('the ledger', () => {
  it('pays nothing for the trial, holds the newest units and releases the rest', () => {
    const ledger = projectLedger(
      facts({
        jobs: [job(1, 10n, 1_000)],
        shards: [shard(0, { job: 1, device: 1, behind: 0, units: 500 })],
        payouts: [link(1, 0, 0)],
        through: instant(2_000),
      }),
    );
    const earned = BigInt(500 - probationUnits) * 10n;
    // ⌈2.966 % of 500⌉: the work of a young device is held in part.
    const held = 15n * 10n;
    expect(ledger.balances.get(key(1))).toEqual({
      accrued: earned,
      held,
      released: earned - held,
      forfeited: 0n,
      unclaimed: 0n,
      returned: 0n,
    });
    expect(ledger.claims.get(0)).toEqual({ recipient: 'wallet-0', cumulative: earned - held });
    expect(ledger.spends.get('escrow-1')).toBe(earned - held);
  });

  it('counts the trial by the units behind a device, not by jobs', () => {
    const ledger = projectLedger(
      facts({
        jobs: [job(1, 1n, 10), job(2, 1n, 20)],
        shards: [
          shard(0, { job: 1, device: 1, behind: 0, units: 60 }),
          shard(1, { job: 2, device: 1, behind: 60, units: 60 }),
        ],
      }),
    );
    expect(ledger.balances.get(key(1))?.accrued).toBe(45n);
    // ⌈2.966 %⌉ of the work of 120 units is held: 4 units of this cost.
    expect(ledger.entries.map(({ type, units }) => [type, units])).toEqual([
      ['unpaid', 60],
      ['unpaid', 15],
      ['accrued', 45],
      ['released', 41],
      ['released', 4],
    ]);
  });

  it('pays for a model at once that comes after the trial', () => {
    const dear = { job: 1, device: 1, behind: 8_000, units: 3, unitCost: 100 * COST };
    const shards = [shard(0, { job: 1, device: 1, behind: 0, units: 80 }), shard(1, dear)];
    const ledger = projectLedger(facts({ jobs: [job(1, 1n, 10)], shards }));
    expect(ledger.balances.get(key(1))?.accrued).toBe(5n + 3n);
    // 74 dear units of trial: what cheap units came to is less.
    const young = shard(1, { ...dear, behind: 100 });
    const early = projectLedger(facts({ jobs: [job(1, 1n, 10)], shards: [young] }));
    expect(early.balances.get(key(1))?.accrued).toBe(0n);
  });

  it('holds work over all models, a part of all that a device has done', () => {
    const cheap = shard(0, { job: 1, device: 1, behind: OLD, units: 1_000 });
    const dear = shard(1, { job: 2, device: 1, behind: OLD + 1_000, units: 1, unitCost: 5 * COST });
    const held = (shards: EarningShard[]) =>
      projectLedger(
        facts({ jobs: [job(1, 1n, 10), job(2, 1n, 20)], shards, through: instant(30) }),
      ).balances.get(key(1))?.held;
    expect(held([cheap])).toBe(heldOf(OLD + 1_000));
    // Five units of cost in one dear unit.
    expect(held([cheap, dear])).toBe(heldOf(OLD + 1_005) - 5n + 1n);
    expect(held([dear])).toBe(1n);
  });

  it('pays shards of protocol version 2 by its own trial, a hundred units of each model', () => {
    const old = shard(0, { job: 1, device: 1, behind: 60, units: 80 });
    const accrued = (shards: EarningShard[]) =>
      projectLedger(facts({ jobs: [job(1, 1n, 10)], shards })).balances.get(key(1))?.accrued;
    expect(accrued([{ ...old, counted: 'package' }])).toBe(40n);
    expect(accrued([old])).toBe(65n);
  });

  it('holds at most 112 units of shards of protocol version 2, as it did', () => {
    const old = shard(0, { job: 1, device: 1, behind: 100_000, units: 200 });
    const held = (shards: EarningShard[]) =>
      projectLedger(facts({ jobs: [job(1, 1n, 10)], shards, through: instant(20) })).balances.get(
        key(1),
      )?.held;
    expect(held([{ ...old, counted: 'package' }])).toBe(112n);
    expect(held([old])).toBe(200n);
  });

  it('pays nothing until the work of a device makes 75 of its dearest unit so far', () => {
    const dear = shard(0, { job: 1, device: 1, behind: 0, units: 1, unitCost: 100 * COST });
    const cheap = shard(1, { job: 2, device: 1, behind: 100, units: 8_000 });
    const accrued = (shards: EarningShard[]) =>
      projectLedger(facts({ jobs: [job(1, 0n, 10), job(2, 1n, 20)], shards })).balances.get(key(1))
        ?.accrued;
    expect(accrued([dear, cheap])).toBe(600n);
    expect(accrued([cheap])).toBe(8_000n);
    // What was done before the dear one is paid as if that had never come.
    expect(accrued([{ ...dear, sequence: 2 }, cheap])).toBe(8_000n);
  });

  it('pays nothing for a job that has not ended', () => {
    const shards = [shard(0, { job: 1, device: 1, behind: OLD, units: 500 })];
    expect(projectLedger(facts({ shards })).balances.size).toBe(0);
    const early = facts({ jobs: [job(1, 1n, 5_000)], shards, through: instant(4_999) });
    expect(projectLedger(early).balances.size).toBe(0);
  });

  it('forfeits what is held when a device is banned, and nothing that was released', () => {
    const base = {
      jobs: [job(1, 2n, 1_000)],
      shards: [shard(0, { job: 1, device: 1, behind: OLD, units: 300 })],
      payouts: [link(1, 0, 0)],
    };
    const at = instant(1_000 + HOUR);
    const ledger = projectLedger(facts({ ...base, bans: [{ device: key(1), at }] }));
    expect(ledger.balances.get(key(1))).toMatchObject({
      held: 0n,
      forfeited: heldOf(OLD + 300) * 2n,
      released: (300n - heldOf(OLD + 300)) * 2n,
    });
    const other = projectLedger(facts({ ...base, bans: [{ device: key(2), at }] }));
    expect(other.balances.get(key(1))?.forfeited).toBe(0n);
  });

  it('releases what is held after three days without a failure', () => {
    const base = facts({
      jobs: [job(1, 1n, 1_000)],
      shards: [shard(0, { job: 1, device: 1, behind: OLD, units: 50 })],
    });
    const held = (through: number) =>
      projectLedger({ ...base, through: instant(through) }).balances.get(key(1))?.held;
    expect(held(1_000 + holdbackMs - 1)).toBe(50n);
    expect(held(1_000 + holdbackMs)).toBe(0n);
    const late = { device: key(1), at: instant(1_000 + holdbackMs) };
    expect(projectLedger({ ...base, bans: [late] }).balances.get(key(1))?.forfeited).toBe(0n);
  });

  it('keeps what has no recipient in the escrow until a wallet is linked', () => {
    const base = facts({
      jobs: [job(1, 1n, 1_000)],
      shards: [shard(0, { job: 1, device: 1, behind: OLD, units: 200 })],
      through: instant(1_000 + holdbackMs),
    });
    const without = projectLedger(base);
    expect(without.balances.get(key(1))?.unclaimed).toBe(200n);
    expect([claimed(without), spent(without)]).toEqual([0n, 0n]);
    const linked = projectLedger({ ...base, payouts: [link(1, 4, 2_000)] });
    expect(linked.claims.get(4)?.cumulative).toBe(200n);
    expect(linked.balances.get(key(1))?.unclaimed).toBe(0n);
  });

  it('pays to the wallet in force when it was released, and leaves the old total as it was', () => {
    const ledger = projectLedger(
      facts({
        jobs: [job(1, 1n, 1_000), job(2, 1n, 3_000)],
        shards: [
          shard(0, { job: 1, device: 1, behind: OLD, units: 200 }),
          shard(1, { job: 2, device: 1, behind: OLD + 200, units: 200 }),
        ],
        payouts: [link(1, 0, 0), link(1, 7, 2_000)],
        through: instant(3_000),
      }),
    );
    expect(ledger.claims.get(0)?.cumulative).toBe(200n - heldOf(OLD + 200));
    expect(ledger.claims.get(7)?.cumulative).toBe(200n + heldOf(OLD + 200) - heldOf(OLD + 400));
  });

  it('holds nothing of a job whose poster asked for the rest, before or after its end', () => {
    for (const at of [500, 1_500]) {
      const base = facts({
        jobs: [job(1, 10n, 1_000)],
        shards: [shard(0, { job: 1, device: 1, behind: OLD, units: 50 })],
        payouts: [link(1, 0, 0)],
        closings: [{ job: jobId(1), at: instant(at) }],
      });
      const early = projectLedger({ ...base, through: instant(Math.max(at, 1_000) - 1) });
      expect(early.balances.get(key(1))?.released ?? 0n).toBe(0n);
      const ledger = projectLedger({ ...base, through: instant(1_500) });
      expect(ledger.balances.get(key(1))).toMatchObject({ held: 0n, released: 500n });
      expect(ledger.spends.get('escrow-1')).toBe(500n);
    }
  });

  it('gives back what has no recipient when the money of a job is closed', () => {
    const base = facts({
      jobs: [job(1, 10n, 1_000)],
      shards: [shard(0, { job: 1, device: 1, behind: OLD, units: 50 })],
      closings: [{ job: jobId(1), at: instant(1_500) }],
    });
    const ledger = projectLedger({ ...base, payouts: [link(1, 0, 1_501)] });
    expect(ledger.balances.get(key(1))).toMatchObject({ unclaimed: 0n, returned: 500n });
    expect(ledger.spends.get('escrow-1')).toBeUndefined();
    const intime = projectLedger({ ...base, payouts: [link(1, 0, 1_500)] });
    expect(intime.spends.get('escrow-1')).toBe(500n);
  });

  it('gives back what a ban took that was pardoned, and changes nothing before that', () => {
    const ban = { device: key(1), at: instant(1_500), pardonedAt: instant(2_500) };
    const base = facts({
      jobs: [job(1, 10n, 1_000)],
      shards: [shard(0, { job: 1, device: 1, behind: OLD, units: 50 })],
      payouts: [link(1, 0, 0)],
      bans: [ban],
    });
    const early = projectLedger({ ...base, through: instant(2_000) });
    const { pardonedAt: _, ...stands } = ban;
    const standing = { ...base, bans: [stands] };
    expect(early).toEqual(projectLedger({ ...standing, through: instant(2_000) }));
    expect(early.balances.get(key(1))).toMatchObject({ forfeited: 500n, held: 0n });
    const late = projectLedger({ ...base, through: instant(3_000) });
    expect(late.balances.get(key(1))).toMatchObject({ forfeited: 0n, held: 0n, released: 500n });
    const closings = [{ job: jobId(1), at: instant(2_000) }];
    const closed = projectLedger({ ...base, closings, through: instant(3_000) });
    expect(closed.balances.get(key(1))).toMatchObject({ forfeited: 500n, released: 0n });
  });

  it('pays nothing for what was donated', () => {
    const given = { ...shard(0, { job: 1, device: 1, behind: OLD, units: 500 }), donated: true };
    const ledger = projectLedger(
      facts({ jobs: [job(1, 10n, 1_000)], shards: [given as EarningShard] }),
    );
    expect(ledger.entries).toMatchObject([{ type: 'unpaid', units: 500, amount: 0n }]);
    expect(ledger.balances.get(key(1))).toMatchObject({ accrued: 0n, held: 0n });
  });
});

/** Random histories: devices work in order, jobs end at any time, some devices are banned. */
const histories = fc
  .record({
    jobs: fc.array(fc.record({ price: fc.bigInt(0n, 1n << 40n), end: fc.nat(200) }), {
      minLength: 1,
      maxLength: 6,
    }),
    work: fc.array(
      fc.record({
        job: fc.nat(5),
        device: fc.nat(3),
        units: fc.integer({ min: 1, max: 400 }),
        unitCost: fc.constantFrom(COST, COST / 10, 30 * COST),
        donated: fc.boolean(),
      }),
      { maxLength: 30 },
    ),
    bans: fc.uniqueArray(
      fc.record({ device: fc.nat(3), at: fc.nat(200), after: fc.option(fc.nat(100)) }),
      { maxLength: 3, selector: ({ device, at }) => `${device} ${at}` },
    ),
    links: fc.array(fc.record({ device: fc.nat(3), at: fc.nat(200) }), { maxLength: 5 }),
    closings: fc.array(fc.record({ job: fc.nat(5), at: fc.nat(200) }), { maxLength: 3 }),
  })
  .map(({ jobs, work, bans, links, closings }): LedgerFacts => {
    const before = new Map<number, number>();
    return facts({
      jobs: jobs.map(({ price, end }, number) => job(number, price, end * HOUR)),
      shards: work.map((one, sequence) => {
        const behind = before.get(one.device) ?? 0;
        before.set(one.device, behind + Math.ceil((one.units * one.unitCost) / COST));
        const made = shard(sequence, { ...one, behind });
        return one.donated ? { ...made, donated: true } : made;
      }),
      bans: bans.map(({ device, at, after }) => ({
        device: key(device),
        at: instant(at * HOUR),
        ...(after === null ? {} : { pardonedAt: instant((at + after) * HOUR) }),
      })),
      payouts: links.map(({ device, at }, index) => link(device, index, at * HOUR)),
      closings: closings.map((one) => ({ job: jobId(one.job), at: instant(one.at * HOUR) })),
    });
  });

describe('any history', () => {
  it('loses and makes no lamport', () => {
    fc.assert(
      fc.property(histories, fc.nat(400), (history, hours) => {
        const ledger = projectLedger({ ...history, through: instant(hours * HOUR) });
        let unclaimed = 0n;
        let released = 0n;
        let returned = 0n;
        for (const balance of ledger.balances.values()) {
          const { accrued, held, forfeited } = balance;
          expect(accrued).toBe(held + balance.released + forfeited);
          expect(held >= 0n && balance.unclaimed >= 0n).toBe(true);
          unclaimed += balance.unclaimed;
          released += balance.released;
          returned += balance.returned;
        }
        expect(claimed(ledger)).toBe(spent(ledger));
        expect(claimed(ledger) + unclaimed + returned).toBe(released);
      }),
    );
  });

  it('only ever adds to claims and spends as time goes on', () => {
    fc.assert(
      fc.property(histories, fc.nat(300), fc.nat(300), (history, one, two) => {
        const at = (hours: number): Ledger =>
          projectLedger({ ...history, through: instant(hours * HOUR) as Instant });
        const [earlier, later] = [at(Math.min(one, two)), at(Math.max(one, two))];
        for (const [index, { cumulative, recipient }] of earlier.claims) {
          expect(later.claims.get(index)?.recipient).toBe(recipient);
          expect((later.claims.get(index)?.cumulative ?? -1n) >= cumulative).toBe(true);
        }
        for (const [escrow, amount] of earlier.spends) {
          expect((later.spends.get(escrow) ?? -1n) >= amount).toBe(true);
        }
      }),
    );
  });

  it('is the same in whatever order the facts come', () => {
    fc.assert(
      fc.property(histories, fc.infiniteStream(fc.nat()), (history, numbers) => {
        const shuffle = <T>(items: readonly T[]): T[] =>
          items
            .map((item) => ({ item, at: numbers.next().value }))
            .sort((a, b) => a.at - b.at)
            .map(({ item }) => item);
        const shuffled = {
          ...history,
          jobs: shuffle(history.jobs),
          shards: shuffle(history.shards),
          bans: shuffle(history.bans),
          payouts: shuffle(history.payouts),
          closings: shuffle(history.closings),
        };
        expect(projectLedger(shuffled)).toEqual(projectLedger(history));
      }),
    );
  });

  it('never spends more than the units of a job cost', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const ledger = projectLedger(history);
        for (const { id, unitPrice, escrow } of history.jobs) {
          const units = history.shards.reduce(
            (sum, each) => sum + (each.job === id ? each.unitCount : 0),
            0,
          );
          expect((ledger.spends.get(escrow) ?? 0n) <= BigInt(units) * unitPrice).toBe(true);
        }
      }),
    );
  });
});
