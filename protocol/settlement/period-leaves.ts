import { accept, type Result, refuse } from '../values/refusal.ts';
import type { Instant } from '../values/units.ts';
import { isSameKey, keyOf } from './layout.ts';
import { fillTable, type LeafFile, type LeafTable, leafAt } from './leaf-file.ts';
import { type LedgerFacts, projectLedger } from './ledger.ts';
import type {
  BanView,
  ClosingView,
  EarningShardView,
  EndedJobView,
  PayoutView,
} from './money-api.ts';

/** The public facts that a period is made of, as a hub's lists give them. */
export interface MoneyFacts {
  jobs: readonly EndedJobView[];
  shards: readonly EarningShardView[];
  payouts: readonly PayoutView[];
  bans: readonly BanView[];
  closings: readonly ClosingView[];
}

/** How many leaves the last final trees have: new ones have no fewer. */
export interface LeafCounts {
  claims: number;
  spends: number;
}

/** What the ledger goes by at a moment. */
export const ledgerFacts = (facts: MoneyFacts, through: Instant): LedgerFacts => ({
  jobs: facts.jobs.map((job) => ({ ...job, unitPrice: BigInt(job.unitPrice) })),
  shards: facts.shards,
  payouts: facts.payouts.map(({ index, record, at }) => ({
    device: record.device,
    index,
    recipient: record.recipient,
    at,
  })),
  bans: facts.bans,
  closings: facts.closings,
  through,
});

/**
 * Both trees of a period: the same facts give the same bytes to everybody. Each payout linked by
 * then has a leaf, with nothing in it yet or not; so has each escrow that funds a job which has
 * ended by then.
 */
export function makeLeafFile(
  facts: MoneyFacts,
  { period, through, least }: { period: bigint; through: Instant; least: LeafCounts },
): LeafFile {
  const { claims, spends } = projectLedger(ledgerFacts(facts, through));
  const linked = facts.payouts.filter(({ at }) => at <= through);
  const ended = facts.jobs.filter(({ endedAt }) => endedAt <= through);
  return {
    period,
    through,
    claims: fillTable(
      countOf(
        linked.map(({ index }) => index),
        least.claims,
      ),
      linked.map(({ index, record }) => ({
        index,
        recipient: keyOf(record.recipient),
        cumulative: claims.get(index)?.cumulative ?? 0n,
      })),
    ),
    spends: fillTable(
      countOf(
        ended.map(({ escrowIndex }) => escrowIndex),
        least.spends,
      ),
      ended.map(({ escrow, escrowIndex }) => ({
        index: escrowIndex,
        recipient: keyOf(escrow),
        cumulative: spends.get(escrow) ?? 0n,
      })),
    ),
  };
}

/** Sum of a table, lamports. */
export const totalOf = ({ cumulative }: LeafTable): bigint =>
  cumulative.reduce((sum, amount) => sum + amount, 0n);

/**
 * Whether a file takes nothing back of what the last final one says. Facts are only ever added;
 * where this fails, somebody has changed them.
 */
export function checkGrowth(last: LeafFile, next: LeafFile): Result<true> {
  for (const side of ['claims', 'spends'] as const) {
    const count = last[side].cumulative.length;
    if (next[side].cumulative.length < count) return shrinks(side, count - 1);
    for (let index = 0; index < count; index += 1) {
      const [before, after] = [leafAt(last[side], index), leafAt(next[side], index)];
      const wasEmpty = before.cumulative === 0n && before.recipient.every((byte) => byte === 0);
      const isKept = wasEmpty || isSameKey(before.recipient, after.recipient);
      if (!isKept || after.cumulative < before.cumulative) return shrinks(side, index);
    }
  }
  return accept(true);
}

const shrinks = (side: string, index: number): Result<never> =>
  refuse(
    'leaves-conflict',
    `leaf ${index} of the ${side} is less than in the last final period, or another's: facts that were public have changed`,
  );

const countOf = (indexes: readonly number[], least: number): number =>
  indexes.reduce((most, index) => Math.max(most, index + 1), least);
