import { describe, expect, test } from 'vitest';
import {
  type Config,
  type Escrow,
  PENDING,
  type Pool,
  pageOf,
} from '#protocol/settlement/accounts.ts';
import { type ClaimAsk, planClaim } from './claim-plan.ts';
import { planDeposit, type RefundStep, viewEscrow } from './escrow.ts';
import { lackOf } from './lamports.ts';
import { describeStep, nameButton } from './step-words.ts';

const RENT = 890_880n;
const DAY = 86_400n;
const NOW = 2_000_000_000n;

describe('what a wallet lacks', () => {
  test.each([
    [5_000n, 0n],
    [5_001n, RENT - 1n],
    [0n, 5_000n + RENT],
    [5_000n + RENT, 0n],
    [10n ** 12n, 0n],
  ])('with %d lamports, to pay 5,000', (balance, lack) => {
    expect(lackOf({ balance, cost: 5_000n, rentMinimum: RENT })).toBe(lack);
  });
});

describe('a claim', () => {
  const ask: ClaimAsk = {
    cumulative: 3_000_000n,
    paid: 1_000_000n,
    payer: 2_000_000n,
    recipient: 2_000_000n,
    isOwn: true,
    rentMinimum: RENT,
    pageRent: 0n,
  };

  test('pays the difference, less the fee where the wallet is its own', () => {
    const plan = planClaim(ask);
    expect(plan).toMatchObject({
      ok: true,
      value: { due: 2_000_000n, fee: 5_000n, lack: 0n, recipientAfter: 3_995_000n },
    });
    expect(planClaim({ ...ask, isOwn: false, recipient: 0n })).toMatchObject({
      value: { recipientAfter: 2_000_000n },
    });
  });

  test('says what an empty wallet needs for the fee', () => {
    const plan = planClaim({ ...ask, payer: 0n, recipient: 0n });
    expect(plan).toMatchObject({
      value: { lack: 5_000n + RENT, recipientAfter: RENT + 2_000_000n },
    });
  });

  test('is refused when nothing is due, or the account would hold too little', () => {
    expect(planClaim({ ...ask, paid: 3_000_000n })).toMatchObject({
      refusal: { code: 'settlement-nothing-due' },
    });
    const small = planClaim({ ...ask, cumulative: 1_500_000n, isOwn: false, recipient: 0n });
    expect(small).toMatchObject({ refusal: { code: 'rent-minimum' } });
    if (!small.ok) expect(small.refusal.message).toContain('0.00039088 SOL');
  });

  test('finds the page of an index', () => {
    expect(pageOf(1_023)).toEqual({ pageNo: 0, slot: 1_023 });
    expect(pageOf(1_024)).toEqual({ pageNo: 1, slot: 0 });
  });
});

const key = new Uint8Array(32);
const escrow: Escrow = {
  kind: 5,
  version: 1,
  bump: 0,
  vaultBump: 0,
  index: 0,
  pool: key,
  poster: key,
  rentPayer: key,
  nonce: 1n,
  deposited: 10_000_000n,
  pulled: 0n,
  refunded: 0n,
  refundFrom: NOW + 30n * DAY,
  requested: 0n,
};

describe('a deposit', () => {
  const ask = {
    total: 10_000_000n,
    escrow: undefined,
    escrowRent: 2_000_000n,
    balance: 50_000_000n,
    rentMinimum: RENT,
    now: NOW,
  };

  test('opens the escrow and pays the whole price', () => {
    expect(planDeposit(ask)).toEqual({
      ok: true,
      value: { opens: true, amount: 10_000_000n, rent: 2_000_000n, fee: 5_000n, lack: 0n },
    });
    const poor = planDeposit({ ...ask, balance: 0n });
    expect(poor).toMatchObject({ value: { lack: 12_005_000n + RENT } });
  });

  test('goes on where it was cut off', () => {
    const part = { ...escrow, deposited: 4_000_000n };
    expect(planDeposit({ ...ask, escrow: part })).toMatchObject({
      value: { opens: false, amount: 6_000_000n, rent: 0n },
    });
    expect(planDeposit({ ...ask, escrow, balance: 0n })).toMatchObject({
      value: { opens: false, amount: 0n, lack: 0n },
    });
  });

  test('is refused into an escrow that ends too soon', () => {
    for (const over of [
      { ...escrow, requested: NOW },
      { ...escrow, refundFrom: NOW + 6n * DAY },
    ]) {
      expect(planDeposit({ ...ask, escrow: over })).toMatchObject({
        refusal: { code: 'settlement-escrow-over' },
      });
    }
  });
});

describe('the rest of a job’s money', () => {
  const pool = {
    retired: 0,
    finalizedAt: NOW - 60n,
    pending: { state: PENDING.none, challengeEnd: 0n, expiresAt: 0n },
  } as Pool;
  const config = { graceSecs: 7_200n, deadManSecs: 14n * DAY } as Config;
  const world = { escrow, spent: 4_000_000n, pool, config, now: NOW };

  test('is asked for, waited for, taken out, and the escrow closed', () => {
    const asked = viewEscrow(world);
    expect(asked).toMatchObject({ budget: 10_000_000n, spent: 4_000_000n, held: 6_000_000n });
    expect(asked.step).toEqual({ type: 'ask', until: NOW + 7_200n });
    const requested = { ...escrow, requested: NOW, refundFrom: NOW + 7_200n };
    const waits = viewEscrow({ ...world, escrow: requested });
    expect(waits.step).toEqual({ type: 'wait', until: NOW + 7_200n, why: 'grace' });
    expect(waits.refundable).toBe(0n);
    const due = viewEscrow({ ...world, escrow: requested, now: NOW + 7_200n });
    expect(due.step).toEqual({ type: 'refund', amount: 6_000_000n });
    expect(due.refundable).toBe(6_000_000n);
    const paid = { ...requested, refunded: 6_000_000n };
    expect(viewEscrow({ ...world, escrow: paid }).step).toEqual({ type: 'spent' });
    const pulled = { ...paid, pulled: 4_000_000n };
    expect(viewEscrow({ ...world, escrow: pulled }).step).toEqual({ type: 'close' });
  });

  test('waits for a root that verifiers have signed', () => {
    const pending = {
      ...pool.pending,
      state: PENDING.attested,
      challengeEnd: NOW + 10n,
      expiresAt: NOW + 600n,
    };
    const over = { ...world, escrow: { ...escrow, refundFrom: NOW }, pool: { ...pool, pending } };
    expect(viewEscrow(over).step).toEqual({ type: 'wait', until: NOW + 10n, why: 'root' });
    const ended = viewEscrow({ ...over, now: NOW + 10n }).step;
    expect(ended).toEqual({ type: 'finalize' });
    const expired = viewEscrow({ ...over, now: NOW + 601n }).step;
    expect(expired).toMatchObject({ type: 'refund' });
  });

  test('is free when verifiers have long been silent, or the pool is closed', () => {
    const silent = { ...pool, finalizedAt: NOW - 14n * DAY };
    expect(viewEscrow({ ...world, pool: silent }).step.type).toBe('refund');
    expect(viewEscrow({ ...world, pool: { ...pool, retired: 1 } }).step.type).toBe('refund');
  });
});

test('each step of a refund says what it is about, and what there is to press', () => {
  const steps: RefundStep[] = [
    { type: 'ask', until: NOW },
    { type: 'wait', until: NOW, why: 'grace' },
    { type: 'wait', until: NOW, why: 'root' },
    { type: 'finalize' },
    { type: 'refund', amount: 1n },
    { type: 'close' },
    { type: 'spent' },
  ];
  const said = steps.map((step) => describeStep(step));
  expect(new Set(said).size).toBe(steps.length);
  expect(said[1]).toContain('2033');
  expect(steps.filter(({ type }) => nameButton(type) === undefined)).toHaveLength(3);
});
