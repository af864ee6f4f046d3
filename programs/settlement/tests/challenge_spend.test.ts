import { describe, expect, it } from 'vitest';
import { PENDING } from '#protocol/settlement/accounts.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { EMPTY_KEY, proveLeaf } from '#protocol/settlement/tree.ts';
import { openSigner, SOL } from './support/chain.ts';
import {
  CHALLENGE_SECS,
  DEADLINE_SECS,
  instructions,
  KINDS,
  type LeafOf,
  must,
  type Period,
  SETTINGS,
  take,
  World,
  type WorldOptions,
} from './support/world.ts';

const worker = openSigner('worker').key;
const challenger = openSigner('challenger').key;
const BOND = 4n * SOL;

interface Change {
  nonce?: bigint;
  recipient?: Uint8Array;
  cumulative?: bigint;
  escrow?: Uint8Array;
  treasury?: Uint8Array;
  bonds?: Uint8Array[];
}

/** Two escrows of 10 SOL each; 2 SOL of the first are spent, final and pulled. */
function open(options: WorldOptions = {}) {
  const world = new World(options);
  world.putBonds(BOND);
  world.chain.fund(challenger, SOL);
  const escrows = [world.fundEscrow(10n * SOL), world.fundEscrow(10n * SOL, 1n)] as const;
  const periodOf = (...leaves: LeafOf[]) => {
    const cumulative = leaves.reduce((sum, leaf) => sum + (leaf?.cumulative ?? 0n), 0n);
    return world.period([{ recipient: worker, cumulative }], leaves);
  };
  const spent = (first: bigint, second: bigint) =>
    periodOf(
      { recipient: escrows[0], cumulative: first },
      { recipient: escrows[1], cumulative: second },
    );
  const last = spent(2n * SOL, 0n);
  world.settle(last);
  must(world.chain.send([world.pull(last)]));
  const challenge = (pending: Period, change: Change = {}): Instruction => {
    const { nonce = 0n } = change;
    const leaf = pending.spendLeaves[Number(nonce)] ?? { recipient: EMPTY_KEY, cumulative: 0n };
    const { config, pool, set } = world;
    return instructions.challengeSpend(
      {
        config,
        pool,
        set,
        challenger,
        treasury: change.treasury ?? SETTINGS.treasury,
        bonds: change.bonds ?? world.verifiers.slice(0, 2).map(world.bond),
        escrow: change.escrow ?? world.escrow(nonce),
      },
      {
        recipient: change.recipient ?? leaf.recipient,
        cumulative: change.cumulative ?? leaf.cumulative,
      },
      take(proveLeaf(pending.spends, Number(nonce))),
    );
  };
  const refusal = (made: Instruction) => world.chain.send([made]).refused;
  const amounts = () => world.verifiers.map((each) => world.bondState(each).amount);
  return { world, escrows, periodOf, spent, challenge, refusal, amounts };
}

describe.each(KINDS)('challenge_spend, %o', (kind) => {
  it.each([
    ['more than was paid in', 10n * SOL + 1n, 0n],
    ['less than was pulled', 2n * SOL - 1n, SOL],
  ])('shows that an escrow spent %s', (_, first, second) => {
    const { world, spent, challenge, refusal, amounts } = open(kind);
    const pending = spent(first, second);
    must(world.chain.send(world.propose(pending)));
    expect(refusal(challenge(pending))).toBeUndefined();
    expect(amounts()).toEqual([0n, 0n, BOND]);
    expect(world.chain.lamports(challenger)).toBe(SOL + BOND);
    expect(world.chain.lamports(SETTINGS.treasury)).toBe(SOL + BOND);
    expect(world.poolState()).toMatchObject({
      period: 1n,
      attempt: 1n,
      pending: { state: PENDING.none, signers: 0 },
    });
    expect(refusal(challenge(pending))).toBe('settlement-nothing-pending');
  });

  it("shows another recipient's money at the index of an escrow", () => {
    const { world, escrows, periodOf, challenge, refusal, amounts } = open(kind);
    const pending = periodOf(
      { recipient: escrows[0], cumulative: 2n * SOL },
      { recipient: worker, cumulative: 1n },
    );
    must(world.chain.send(world.propose(pending)));
    expect(refusal(challenge(pending))).toBe('settlement-no-fraud');
    expect(refusal(challenge(pending, { nonce: 1n }))).toBeUndefined();
    expect(amounts()).toEqual([0n, 0n, BOND]);
  });

  it('shows nothing of what honest verifiers sign', () => {
    const { world, escrows, spent, periodOf, challenge, refusal, amounts } = open(kind);
    const pending = spent(2n * SOL, 10n * SOL);
    must(world.chain.send(world.propose(pending)));
    expect(refusal(challenge(pending))).toBe('settlement-no-fraud');
    expect(refusal(challenge(pending, { nonce: 1n }))).toBe('settlement-no-fraud');
    // An empty leaf, and one of nobody's nothing.
    world.chain.warp(CHALLENGE_SECS);
    must(world.chain.send([world.finalize()]));
    world.fundEscrow(SOL, 2n);
    const next = periodOf(
      { recipient: escrows[0], cumulative: 2n * SOL },
      { recipient: escrows[1], cumulative: 10n * SOL },
      undefined,
    );
    must(world.chain.send(world.propose(next)));
    expect(refusal(challenge(next, { nonce: 2n }))).toBe('settlement-no-fraud');
    expect(amounts()).toEqual([BOND, BOND, BOND]);
  });

  it('throws out what a refund has overtaken, and nobody loses a bond', () => {
    const { world, spent, challenge, refusal, amounts } = open(kind);
    world.chain.warp(DEADLINE_SECS - 60n);
    // Signed before the deadline, brought after it, with the refund in between.
    const late = spent(2n * SOL, 3n * SOL);
    const signed = world.propose(late);
    world.chain.warp(60n);
    const second = world.refund(spent(2n * SOL, 0n), 1n);
    must(world.chain.send([second]));
    must(world.chain.send(signed));
    expect(world.poolState().pending.state).toBe(PENDING.attested);
    expect(refusal(challenge(late))).toBe('settlement-no-fraud');
    expect(refusal(challenge(late, { nonce: 1n }))).toBeUndefined();
    expect(amounts()).toEqual([BOND, BOND, BOND]);
    expect(world.poolState()).toMatchObject({ attempt: 1n, pending: { state: PENDING.none } });
    // What was never paid in stays fraud, refund or not.
    const wrong = spent(2n * SOL, 10n * SOL + 1n);
    must(world.chain.send(world.propose(wrong)));
    expect(refusal(challenge(wrong, { nonce: 1n }))).toBeUndefined();
    expect(amounts()).toEqual([0n, 0n, BOND]);
  });
});

describe('challenge_spend', () => {
  it('needs the leaf at the index of this escrow of this pool', () => {
    const { world, escrows, spent, challenge, refusal } = open();
    const pending = spent(11n * SOL, 0n);
    expect(refusal(challenge(pending))).toBe('settlement-nothing-pending');
    must(world.chain.send(world.propose(pending)));
    expect(refusal(challenge(pending, { cumulative: 12n * SOL }))).toBe('settlement-proof-wrong');
    expect(refusal(challenge(pending, { recipient: worker }))).toBe('settlement-proof-wrong');
    expect(refusal(challenge(pending, { escrow: escrows[1] }))).toBe('settlement-proof-wrong');
    expect(refusal(challenge(pending, { escrow: world.fundEscrow(SOL, 2n) }))).toBe(
      'settlement-index-range',
    );
    expect(refusal(challenge(pending, { escrow: worker }))).toBe('settlement-account-foreign');
    const beside = new World({ beside: world });
    expect(refusal(challenge(pending, { escrow: beside.fundEscrow(SOL) }))).toBe(
      'settlement-account-unrelated',
    );
    const made = challenge(pending);
    expect(refusal({ ...made, data: Uint8Array.of(...made.data, 0) })).toBe(
      'settlement-proof-length',
    );
    expect(refusal({ ...made, accounts: made.accounts.slice(0, 5) })).toBe(
      'settlement-accounts-missing',
    );
    expect(refusal(made)).toBeUndefined();
  });

  it('pays the treasury and takes the bonds of all who signed', () => {
    const { world, spent, challenge, refusal, amounts } = open();
    const pending = spent(11n * SOL, 0n);
    must(world.chain.send(world.propose(pending)));
    expect(refusal(challenge(pending, { treasury: challenger }))).toBe(
      'settlement-recipient-wrong',
    );
    expect(
      refusal(challenge(pending, { bonds: world.verifiers.slice(0, 1).map(world.bond) })),
    ).toBe('settlement-bonds-missing');
    expect(amounts()).toEqual([BOND, BOND, BOND]);
  });
});
