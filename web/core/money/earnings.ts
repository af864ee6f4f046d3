import { type LedgerEntry, projectLedger } from '#protocol/settlement/ledger.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import { ledgerFacts, type MoneyFacts } from '#protocol/settlement/period-leaves.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { ProvenLeaf } from './proof.ts';

/** What the chain says of one payout of a device. */
export interface Claim {
  index: number;
  recipient: Address;
  /** By the newest final root: all that was ever earned there. */
  cumulative: bigint;
  /** By the page of claims. */
  paid: bigint;
  /** The leaf that leads to a root the chain still takes, and the period of that root. */
  proven?: { period: bigint; leaf: ProvenLeaf };
}

/** A line of the earnings panel. */
export type EarningLineId = 'accrued' | 'held' | 'payable' | 'paid';

/** Some units of one shard, and what they are worth. */
export interface EarningEntry {
  job: JobId;
  sequence: number;
  units: number;
  amount: bigint;
  at: Instant;
}

export interface EarningLine {
  id: EarningLineId;
  amount: bigint;
  entries: EarningEntry[];
}

/** accrued = held + payable + paid + awaited + unclaimed + returned + forfeited. */
export interface Earnings {
  lines: EarningLine[];
  /** Free to be paid, and waits for the next settlement. */
  awaited: bigint;
  /** Free to be paid, and waits for an address. */
  unclaimed: bigint;
  /** Had no address when its job's money was closed. */
  returned: bigint;
  forfeited: bigint;
  trialUnits: number;
  donatedUnits: number;
}

/** Whether no job that pays has had a unit of this device. */
export const hasEarnedNothing = ({ lines, trialUnits, donatedUnits }: Earnings): boolean =>
  trialUnits === 0 && donatedUnits === 0 && lines.every(({ amount }) => amount === 0n);

const NONE = { accrued: 0n, held: 0n, forfeited: 0n, unclaimed: 0n, returned: 0n };
const sumOf = (items: readonly { amount: bigint }[]): bigint =>
  items.reduce((sum, { amount }) => sum + amount, 0n);

/** Where a device's pay stands, each sum with the shards it is made of. */
export function viewEarnings(
  facts: MoneyFacts,
  options: { device: PublicKey; claims: readonly Claim[]; through: Instant },
): Earnings {
  const { device, claims, through } = options;
  const ledger = projectLedger(ledgerFacts(facts, through));
  const own = ledger.entries.filter((entry) => entry.device === device);
  const balance = ledger.balances.get(device) ?? NONE;
  const accrued = entriesOf(own, 'accrued');
  const released = entriesOf(own, 'released');
  const paid = claims.reduce((sum, claim) => sum + claim.paid, 0n);
  const payable = claims.reduce((sum, claim) => sum + dueOf(claim), 0n);
  // What was released first is paid first.
  const [paidEntries, rest] = takeFirst(released, paid);
  const [payableEntries, later] = takeFirst(rest, payable);
  const unpaid = own.filter(({ type }) => type === 'unpaid');
  const donated = new Set(
    facts.shards.flatMap(({ sequence, donated }) => (donated === true ? [sequence] : [])),
  );
  const unitsOf = (given: boolean) =>
    unpaid.reduce((sum, each) => sum + (donated.has(each.sequence) === given ? each.units : 0), 0);
  return {
    lines: [
      { id: 'accrued', amount: balance.accrued, entries: accrued },
      { id: 'held', amount: balance.held, entries: heldOf(own) },
      { id: 'payable', amount: payable, entries: payableEntries },
      { id: 'paid', amount: paid, entries: paidEntries },
    ],
    awaited: sumOf(later) - balance.unclaimed - balance.returned,
    unclaimed: balance.unclaimed,
    returned: balance.returned,
    forfeited: balance.forfeited,
    trialUnits: unitsOf(false),
    donatedUnits: unitsOf(true),
  };
}

/** What a claim would pay now. */
export const dueOf = ({ cumulative, paid }: Pick<Claim, 'cumulative' | 'paid'>): bigint =>
  cumulative > paid ? cumulative - paid : 0n;

const entriesOf = (own: readonly LedgerEntry[], type: LedgerEntry['type']): EarningEntry[] =>
  own
    .filter((entry) => entry.type === type)
    .map(({ job, sequence, units, amount, at }) => ({ job, sequence, units, amount, at }));

/** What each kind of entry adds to what is held. */
const HELD: Record<LedgerEntry['type'], -1 | 0 | 1> = {
  unpaid: 0,
  accrued: 1,
  released: -1,
  forfeited: -1,
  restored: 1,
  returned: 0,
};

/** Shards of which something is still held: what accrued, less what went on from there. */
function heldOf(own: readonly LedgerEntry[]): EarningEntry[] {
  const held = new Map<number, EarningEntry>();
  for (const { type, job, sequence, units, amount, at } of own) {
    const known = held.get(sequence);
    const sign = HELD[type];
    if (known === undefined && sign > 0) held.set(sequence, { job, sequence, units, amount, at });
    if (known === undefined || sign === 0) continue;
    const left = {
      units: known.units + sign * units,
      amount: known.amount + BigInt(sign) * amount,
    };
    held.set(sequence, { ...known, ...left });
  }
  return [...held.values()].filter(({ units }) => units > 0);
}

/** The entries that make up the first `amount`, one of them cut in two where it falls so. */
function takeFirst(
  entries: readonly EarningEntry[],
  amount: bigint,
): [EarningEntry[], EarningEntry[]] {
  const taken: EarningEntry[] = [];
  let left = amount;
  for (const [place, entry] of entries.entries()) {
    if (entry.amount <= left) {
      taken.push(entry);
      left -= entry.amount;
      continue;
    }
    const cut = left === 0n ? undefined : cutEntry(entry, left);
    if (cut === undefined) return [taken, entries.slice(place)];
    return [
      [...taken, cut[0]],
      [cut[1], ...entries.slice(place + 1)],
    ];
  }
  return [taken, []];
}

/** Two parts of an entry, the first worth `amount`. */
function cutEntry(entry: EarningEntry, amount: bigint): [EarningEntry, EarningEntry] {
  const units = Number((BigInt(entry.units) * amount) / entry.amount);
  return [
    { ...entry, units, amount },
    { ...entry, units: entry.units - units, amount: entry.amount - amount },
  ];
}
