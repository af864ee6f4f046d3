import { t } from '@lingui/core/macro';
import { type Config, type Escrow, PENDING, type Pool } from '#protocol/settlement/accounts.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { FEE, lackOf, least } from './lamports.ts';

/** From the deposit to when the poster may take the rest without asking. */
export const DEADLINE_SECONDS = 30n * 86_400n;
/** What a hub wants to be left of it when a job is funded. */
const LEFT_SECONDS = 7n * 86_400n;

/** What a deposit takes, lamports. */
export interface DepositPlan {
  /** The escrow has to be opened first. */
  opens: boolean;
  /** What goes into it. */
  amount: bigint;
  /** Rent of the escrow's account, back when it is closed. */
  rent: bigint;
  fee: bigint;
  /** What the wallet needs before it can sign. */
  lack: bigint;
}

export const heldIn = ({ deposited, pulled, refunded }: Escrow): bigint =>
  deposited - pulled - refunded;

/** Says what funding a job takes: the whole price, less what its escrow holds already. */
export function planDeposit(ask: {
  total: bigint;
  escrow: Escrow | undefined;
  escrowRent: bigint;
  balance: bigint;
  rentMinimum: bigint;
  now: bigint;
}): Result<DepositPlan> {
  const { total, escrow, balance, rentMinimum, now } = ask;
  if (escrow !== undefined && (escrow.requested > 0n || escrow.refundFrom < now + LEFT_SECONDS)) {
    const message = t`The escrow of this job is over, or ends within a week: take the rest out, and post the job anew.`;
    return refuse('settlement-escrow-over', message);
  }
  const held = escrow === undefined ? 0n : heldIn(escrow);
  const amount = held >= total ? 0n : total - held;
  const rent = escrow === undefined ? ask.escrowRent : 0n;
  const fee = amount === 0n ? 0n : FEE;
  const cost = amount + rent + fee;
  const lack = cost === 0n ? 0n : lackOf({ balance, cost, rentMinimum });
  return accept({ opens: escrow === undefined, amount, rent, fee, lack });
}

/** What the poster can do next to get the rest back. Times are seconds since 1970. */
export type RefundStep =
  /** From `until` on the rest can be taken out. */
  | { type: 'ask'; until: bigint }
  | { type: 'wait'; until: bigint; why: 'grace' | 'root' }
  /** A root that verifiers have signed has waited long enough: anyone makes it final. */
  | { type: 'finalize' }
  | { type: 'refund'; amount: bigint }
  | { type: 'close' }
  /** All of it is spent, and waits for verifiers to pull it. */
  | { type: 'spent' };

/** An escrow in words and numbers. */
export interface EscrowView {
  budget: bigint;
  /** By the newest final tree of spends. */
  spent: bigint;
  /** Still in the escrow, for work that is not settled. */
  held: bigint;
  refunded: bigint;
  /** Of what is held: what can be taken out now. */
  refundable: bigint;
  step: RefundStep;
}

/** The escrow of a job as the chain has it now. */
export interface JobEscrow extends EscrowView {
  poster: Address;
}

/** Where a job's money stands. `spent` is its leaf in the newest final tree, 0 without one. */
export function viewEscrow(world: {
  escrow: Escrow;
  spent: bigint;
  pool: Pool;
  config: Config;
  now: bigint;
}): EscrowView {
  const { escrow } = world;
  // What was pulled is spent, whatever tree is at hand.
  const spent = world.spent + (escrow.pulled > world.spent ? escrow.pulled - world.spent : 0n);
  const gone = spent + escrow.refunded;
  const held = escrow.deposited > gone ? escrow.deposited - gone : 0n;
  const step = nextStep({ ...world, held });
  return {
    budget: escrow.deposited,
    spent,
    held,
    refunded: escrow.refunded,
    refundable: step.type === 'refund' ? held : 0n,
    step,
  };
}

function nextStep(world: {
  escrow: Escrow;
  pool: Pool;
  config: Config;
  now: bigint;
  held: bigint;
}): RefundStep {
  const { escrow, pool, config, now, held } = world;
  if (heldIn(escrow) === 0n) return { type: 'close' };
  if (held === 0n) return { type: 'spent' };
  const deadAt = pool.finalizedAt + config.deadManSecs;
  const dueAt = least(deadAt, escrow.refundFrom);
  if (pool.retired === 0 && now < dueAt) {
    if (escrow.requested > 0n) return { type: 'wait', until: dueAt, why: 'grace' };
    return { type: 'ask', until: least(now + config.graceSecs, dueAt) };
  }
  const { state, challengeEnd, expiresAt } = pool.pending;
  const isAwaited = state === PENDING.attested && now <= expiresAt && pool.retired === 0;
  if (!isAwaited) return { type: 'refund', amount: held };
  return now < challengeEnd
    ? { type: 'wait', until: challengeEnd, why: 'root' }
    : { type: 'finalize' };
}
