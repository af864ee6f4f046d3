import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { sha256, utf8ToBytes } from '#protocol/bytes/digest.ts';
import { PAY_POLICY } from '#protocol/checks/check-policy.ts';
import { projectLedger } from '#protocol/settlement/ledger.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import { ledgerFacts, type MoneyFacts } from '#protocol/settlement/period-leaves.ts';
import type { Digest, JobId, PublicKey, Signature } from '#protocol/values/ids.ts';
import { instant, type Lamports } from '#protocol/values/units.ts';
import { viewEarnings } from './earnings.ts';
import { addPay, FACTS_NONE } from './facts.ts';

const device = 'aa'.repeat(32) as PublicKey;
const other = 'bb'.repeat(32) as PublicKey;
const model = 'cc'.repeat(32) as Digest;
const keyOf = (name: string) => encodeBase58(sha256(utf8ToBytes(name))) as Address;
const jobOf = (number: number) => `job_${number.toString(16).padStart(16, '0')}` as JobId;
const PRICE = 1_000n;
/** Of a unit, in microseconds; units behind the device, and the newest held after 100 and these. */
const COST = 2_000;
const OLD = 4_000;
const HELD = 126;

/** `units[n]` units of job n + 1, which ended at minute n + 1; the trial is behind the device. */
function factsOf(units: readonly number[], change: Partial<MoneyFacts> = {}): MoneyFacts {
  let workBefore = OLD * COST;
  return {
    ...FACTS_NONE,
    jobs: units.map((_, at) => ({
      number: at + 1,
      id: jobOf(at + 1),
      unitPrice: PRICE.toString() as Lamports,
      escrow: keyOf(`escrow ${at}`),
      escrowIndex: at,
      endedAt: instant((at + 1) * 60_000),
      shards: 1,
    })),
    shards: units.map((unitCount, at) => {
      const shard = {
        sequence: at + 1,
        job: jobOf(at + 1),
        device,
        package: model,
        unitCount,
        workBefore,
        unitCost: COST,
      };
      workBefore += unitCount * COST;
      return shard;
    }),
    ...change,
  };
}
const payout = (index: number, at: number) => ({
  index,
  record: { device, recipient: keyOf(`wallet ${index}`), at: instant(at) },
  signature: '0'.repeat(128) as Signature,
  at: instant(at),
});
const amounts = ({ lines }: ReturnType<typeof viewEarnings>) =>
  Object.fromEntries(lines.map(({ id, amount }) => [id, amount]));

describe('what a device has earned', () => {
  const released = factsOf([100, HELD], { payouts: [payout(0, 0)] });
  const through = instant(10 * 60_000);

  test('is held until later work has passed, and then waits for a settlement', () => {
    const first = viewEarnings(factsOf([100]), { device, claims: [], through });
    expect(amounts(first)).toEqual({ accrued: 100_000n, held: 100_000n, payable: 0n, paid: 0n });
    const later = viewEarnings(released, { device, claims: [], through });
    expect(amounts(later)['held']).toBe(BigInt(HELD) * PRICE);
    expect(later).toMatchObject({ awaited: 100_000n, unclaimed: 0n, forfeited: 0n });
  });

  test('is payable by the newest final leaf, less what the chain has paid', () => {
    const claims = [
      { index: 0, recipient: keyOf('wallet 0'), cumulative: 100_000n, paid: 40_000n },
    ];
    const view = viewEarnings(released, { device, claims, through });
    expect(amounts(view)).toMatchObject({ payable: 60_000n, paid: 40_000n });
    expect(view.awaited).toBe(0n);
    const [, , payable, paid] = view.lines;
    expect(paid?.entries).toMatchObject([{ job: jobOf(1), units: 40, amount: 40_000n }]);
    expect(payable?.entries).toMatchObject([{ job: jobOf(1), units: 60, amount: 60_000n }]);
  });

  test('waits for an address where there is none', () => {
    const view = viewEarnings({ ...released, payouts: [] }, { device, claims: [], through });
    expect(view).toMatchObject({ awaited: 0n, unclaimed: 100_000n });
  });

  test('is lost with a ban, unless it was pardoned', () => {
    const ban = { number: 1, device, at: instant(5 * 60_000) };
    const lost = viewEarnings(factsOf([100], { bans: [ban] }), {
      device,
      claims: [],
      through,
    });
    expect(amounts(lost)['held']).toBe(0n);
    expect(lost.forfeited).toBe(100_000n);
    expect(lost.lines[1]?.entries).toEqual([]);
    const spared = factsOf([100], {
      bans: [{ ...ban, pardonedAt: instant(6 * 60_000) }],
    });
    expect(viewEarnings(spared, { device, claims: [], through }).forfeited).toBe(0n);
  });

  test('tells units of the trial from donated ones', () => {
    const facts = factsOf([500, 7]);
    const shards = facts.shards.map((shard, at) =>
      at === 0 ? { ...shard, workBefore: 40 * COST } : { ...shard, donated: true as const },
    );
    const view = viewEarnings({ ...facts, shards }, { device, claims: [], through });
    expect(view).toMatchObject({ trialUnits: PAY_POLICY.probationUnits - 40, donatedUnits: 7 });
  });

  test('adds up, whatever the facts and whatever was paid', () => {
    const facts = fc.record({
      units: fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 8 }),
      donated: fc.integer({ min: 0, max: 8 }),
      bannedAt: fc.option(fc.integer({ min: 0, max: 9 })),
      pardonedAt: fc.option(fc.integer({ min: 9, max: 15 })),
      closed: fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 3 }),
      linkedAt: fc.option(fc.integer({ min: 0, max: 9 })),
      paidShare: fc.bigInt(0n, 100n),
      settledAt: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(facts, (world) => {
        const minute = (at: number) => instant(at * 60_000 + 1);
        const plain = factsOf(world.units);
        const all: MoneyFacts = {
          ...plain,
          shards: plain.shards.map((shard, at) =>
            at === world.donated ? { ...shard, donated: true as const } : shard,
          ),
          bans:
            world.bannedAt === null
              ? []
              : [
                  {
                    number: 1,
                    device,
                    at: minute(world.bannedAt),
                    ...(world.pardonedAt === null ? {} : { pardonedAt: minute(world.pardonedAt) }),
                  },
                ],
          closings: world.closed.map((job, at) => ({
            number: at + 1,
            job: jobOf(job),
            at: minute(job),
          })),
          payouts: world.linkedAt === null ? [] : [payout(3, minute(world.linkedAt))],
        };
        const settled = projectLedger(ledgerFacts(all, minute(world.settledAt)));
        const cumulative = settled.claims.get(3)?.cumulative ?? 0n;
        const paid = (cumulative * world.paidShare) / 100n;
        const claims = [{ index: 3, recipient: keyOf('wallet 3'), cumulative, paid }];
        const view = viewEarnings(all, { device, claims, through: minute(20) });
        const sums = amounts(view);
        const parts = ['held', 'payable', 'paid'].reduce((sum, id) => sum + (sums[id] ?? 0n), 0n);
        const rest = view.awaited + view.unclaimed + view.returned + view.forfeited;
        expect(parts + rest).toBe(sums['accrued']);
        expect(view.awaited >= 0n && (world.linkedAt !== null || view.awaited === 0n)).toBe(true);
        for (const line of view.lines) {
          expect(line.entries.reduce((sum, { amount }) => sum + amount, 0n)).toBe(line.amount);
        }
      }),
    );
  });
});

test('pages of facts are put together once, and another device counts for nothing', () => {
  const { jobs, shards } = factsOf([100, 20]);
  const page = (part: Partial<MoneyFacts>) => ({
    ...FACTS_NONE,
    ...part,
    jobs: [...jobs],
    shards: [...(part.shards ?? [])],
    bans: [],
    payouts: [payout(0, 0)],
    closings: [],
    next: 0,
  });
  const foreign = shards.map((shard) => ({
    ...shard,
    device: other,
    sequence: shard.sequence + 9,
  }));
  const once = addPay(FACTS_NONE, page({ shards: [...shards.slice(0, 1), ...foreign] }));
  const facts = addPay(once, page({ shards }));
  expect(facts.jobs).toHaveLength(2);
  expect(facts.payouts).toHaveLength(1);
  expect(facts.shards).toHaveLength(4);
  const view = viewEarnings(facts, { device, claims: [], through: instant(600_000) });
  expect(amounts(view)['accrued']).toBe(120_000n);
});
