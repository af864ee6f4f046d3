import { accept, type Result, refuse } from '../values/refusal.ts';
import {
  decode,
  key,
  type Layout,
  list,
  reserved,
  struct,
  u8,
  u16,
  u32,
  u64,
  type ValueOf,
} from './layout.ts';

/** Accounts of the settlement program, as `programs/interface/src/accounts.rs` draws them. */
export const VERSION = 1;
/** Verifiers of one set. */
export const MEMBERS_MAX = 16;
/** Final roots that a pool keeps. */
export const ROOTS = 8;
/** Claims of one page. */
export const PAGE_SLOTS = 1024;
/** How far a proposed root is. */
export const PENDING = { none: 0, collecting: 1, attested: 2 } as const;

const head = { kind: u8, version: u8, bump: u8 };

/** Account of the program's settings. */
export const Config = struct({
  ...head,
  paused: u8,
  feeBps: u16,
  reserved: reserved(2),
  admin: key,
  guardian: key,
  treasury: key,
  clusterTag: key,
  challengeSecs: u64,
  timelockSecs: u64,
  graceSecs: u64,
  deadManSecs: u64,
  unbondSecs: u64,
  setActiveAt: u64,
  setId: u32,
  previousSetId: u32,
});
export type Config = ValueOf<typeof Config>;

/** Account of the verifiers that sign roots. */
export const VerifierSet = struct({
  ...head,
  quorum: u8,
  members: u8,
  reserved: reserved(3),
  config: key,
  setId: u32,
  reservedToo: reserved(4),
  keys: list(key, MEMBERS_MAX),
});
export type VerifierSet = ValueOf<typeof VerifierSet>;

/** Account of what a verifier can lose. */
export const Bond = struct({
  ...head,
  reserved: reserved(5),
  config: key,
  verifier: key,
  amount: u64,
  unlockAt: u64,
});
export type Bond = ValueOf<typeof Bond>;

/** A root that claims are paid against. */
export const FinalRoot = struct({
  period: u64,
  total: u64,
  claimRoot: key,
  dataHash: key,
  leafCount: u32,
  reserved: reserved(4),
});
export type FinalRoot = ValueOf<typeof FinalRoot>;

/** A root within its challenge window. */
export const PendingRoot = struct({
  state: u8,
  reserved: reserved(1),
  signers: u16,
  setId: u32,
  claimRoot: key,
  spendRoot: key,
  dataHash: key,
  total: u64,
  claimLeafCount: u32,
  spendLeafCount: u32,
  /** While it collects signatures: the last moment of that. */
  challengeEnd: u64,
  expiresAt: u64,
  digest: key,
});
export type PendingRoot = ValueOf<typeof PendingRoot>;

/** Account that pays claims. */
export const Pool = struct({
  ...head,
  vaultBump: u8,
  decimals: u8,
  retired: u8,
  extraQuorum: u8,
  reserved: reserved(1),
  config: key,
  mint: key,
  period: u64,
  attempt: u64,
  finalizedAt: u64,
  periodCap: u64,
  total: u64,
  pulledTotal: u64,
  claimedTotal: u64,
  spendRoot: key,
  spendLeafCount: u32,
  escrowCount: u32,
  pending: PendingRoot,
  roots: list(FinalRoot, ROOTS),
});
export type Pool = ValueOf<typeof Pool>;

/** Account of a job's money. */
export const Escrow = struct({
  ...head,
  vaultBump: u8,
  index: u32,
  pool: key,
  poster: key,
  rentPayer: key,
  nonce: u64,
  deposited: u64,
  pulled: u64,
  refunded: u64,
  refundFrom: u64,
  requested: u64,
});
export type Escrow = ValueOf<typeof Escrow>;

/** Account of what was claimed, slot by slot, lamports. */
export const Page = struct({
  ...head,
  reserved: reserved(1),
  pageNo: u32,
  pool: key,
  rentPayer: key,
  claimed: list(u64, PAGE_SLOTS),
});
export type Page = ValueOf<typeof Page>;

const KINDS = new Map<unknown, { kind: number; name: string }>([
  [Config, { kind: 1, name: 'a config' }],
  [VerifierSet, { kind: 2, name: 'a verifier set' }],
  [Bond, { kind: 3, name: 'a bond' }],
  [Pool, { kind: 4, name: 'a pool' }],
  [Escrow, { kind: 5, name: 'an escrow' }],
  [Page, { kind: 6, name: 'a page' }],
]);

/** Decodes the data of an account that the program owns: size, type and version have to fit. */
export function decodeAccount<T extends { kind: number; version: number }>(
  layout: Layout<T>,
  data: Uint8Array,
): Result<T> {
  const { kind, name } = KINDS.get(layout) ?? { kind: 0, name: 'an account' };
  const found = decode(layout, data, name);
  if (!found.ok || (found.value.kind === kind && found.value.version === VERSION)) return found;
  return refuse('settlement-malformed', `expected ${name}, got type ${found.value.kind}`);
}

/** Seconds for which one member of a set may propose with fewer signatures than the quorum. */
export function turnSecs({ graceSecs }: Pick<Config, 'graceSecs'>): bigint {
  const part = graceSecs / 32n;
  if (part < 20n) return 20n;
  return part > 1_200n ? 1_200n : part;
}

/** The place in its set of the member that has the turn at `now` (seconds). */
export const turnOf = (
  config: Pick<Config, 'graceSecs'>,
  { members }: Pick<VerifierSet, 'members'>,
  now: bigint,
): number => Number((now / turnSecs(config)) % BigInt(members));

/** The last moment of a pending root: of one that collects, the end of that. */
export function pendingUntil({ state, challengeEnd, expiresAt }: PendingRoot): bigint {
  return state === PENDING.collecting && challengeEnd < expiresAt ? challengeEnd : expiresAt;
}

/** Whether a pending root stands at `now` (seconds). */
export const isPendingAt = (pending: PendingRoot, now: bigint): boolean =>
  pending.state !== PENDING.none && now <= pendingUntil(pending);

/** The attempt that a proposal made at `now` (seconds) counts under: one that expired raises it. */
export const nextAttempt = ({ attempt, pending }: Pool, now: bigint): bigint =>
  pending.state !== PENDING.none && !isPendingAt(pending, now) ? attempt + 1n : attempt;

/** The finalized root of a period, while it can be claimed against. */
export function findRoot(pool: Pool, period: bigint): Result<FinalRoot> {
  const root = pool.roots[Number(period % BigInt(ROOTS))];
  if (root !== undefined && period > 0n && root.period === period) return accept(root);
  const message = `period ${period} is not among the last ${ROOTS}: use the newest proof, which covers all before it`;
  return refuse('settlement-root-unknown', message);
}

/** The number of the page that holds what an index was paid, and its slot there. */
export const pageOf = (index: number) => ({
  pageNo: Math.floor(index / PAGE_SLOTS),
  slot: index % PAGE_SLOTS,
});

/** What was paid to an index so far; nothing where its page does not exist. */
export const paidOf = (page: Page | undefined, index: number): bigint =>
  page?.claimed[pageOf(index).slot] ?? 0n;
