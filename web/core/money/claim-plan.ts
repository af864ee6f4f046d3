import { t } from '@lingui/core/macro';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { formatSol } from '../format.ts';
import { FEE, lackOf } from './lamports.ts';

/** What the chain says just before a claim. */
export interface ClaimAsk {
  cumulative: bigint;
  paid: bigint;
  /** The wallet that signs and pays the fee. */
  payer: bigint;
  /** The address that is paid; the same as the wallet's balance where it is the same. */
  recipient: bigint;
  isOwn: boolean;
  /** The least an account may hold. */
  rentMinimum: bigint;
  /** Rent of a page of claims that has to be made first; 0 where it is there. */
  pageRent: bigint;
}

/** What one tap will do. */
export interface ClaimPlan {
  due: bigint;
  fee: bigint;
  pageRent: bigint;
  rentMinimum: bigint;
  /** What the wallet needs before it can sign. */
  lack: bigint;
  recipientBefore: bigint;
  recipientAfter: bigint;
}

/** Says what a claim pays and costs, or why it would fail. */
export function planClaim(ask: ClaimAsk): Result<ClaimPlan> {
  const due = ask.cumulative - ask.paid;
  if (due <= 0n) {
    return refuse(
      'settlement-nothing-due',
      t`All that is settled has been paid. The next settlement may add to it.`,
    );
  }
  const cost = FEE + ask.pageRent;
  const lack = lackOf({ balance: ask.payer, cost, rentMinimum: ask.rentMinimum });
  const before = ask.recipient;
  const after = before + due + (ask.isOwn ? lack - cost : 0n);
  if (after < ask.rentMinimum) {
    const message = t`An account has to hold at least ${formatSol(ask.rentMinimum)}, and this one would hold ${formatSol(after)}. Wait until more is payable, or send the address ${formatSol(ask.rentMinimum - after)} first.`;
    return refuse('rent-minimum', message);
  }
  return accept({
    due,
    fee: FEE,
    pageRent: ask.pageRent,
    rentMinimum: ask.rentMinimum,
    lack,
    recipientBefore: before,
    recipientAfter: after,
  });
}

/** What a claim has changed at the address it paid. */
export interface ClaimDone {
  signature: string;
  before: bigint;
  after: bigint;
}
