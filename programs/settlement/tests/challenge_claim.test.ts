import { describe, expect, it } from 'vitest';
import { PENDING } from '#protocol/settlement/accounts.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { EMPTY_KEY, proveLeaf } from '#protocol/settlement/tree.ts';
import { openSigner, SOL } from './support/chain.ts';
import {
  addresses,
  GRACE_SECS,
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

const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => openSigner(name).key) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const challenger = openSigner('challenger').key;
const BOND = 10n * SOL + 1n;
const FINAL: LeafOf[] = [
  { recipient: alice, cumulative: SOL },
  { recipient: bob, cumulative: 2n * SOL },
  undefined,
];

/** What a test changes of a right challenge. */
interface Change {
  index?: number;
  final?: Period;
  set?: Uint8Array;
  treasury?: Uint8Array;
  bonds?: Uint8Array[];
  pool?: Uint8Array;
}

/** One final period, and what follows it as a test likes. */
function open(options: WorldOptions = {}) {
  const world = new World(options);
  world.putBonds(BOND);
  world.chain.fund(challenger, SOL);
  const escrow = world.fundEscrow(50n * SOL);
  const periodOf = (leaves: LeafOf[]) => {
    const cumulative = leaves.reduce((sum, leaf) => sum + (leaf?.cumulative ?? 0n), 0n);
    return world.period(leaves, [{ recipient: escrow, cumulative }]);
  };
  const last = periodOf(FINAL);
  world.settle(last);
  const challenge = (pending: Period, change: Change = {}): Instruction => {
    const index = change.index ?? 0;
    const final = change.final ?? last;
    const leafOf = ({ claimLeaves }: Period) =>
      claimLeaves[index] ?? { recipient: EMPTY_KEY, cumulative: 0n };
    return instructions.challengeClaim(
      {
        config: world.config,
        pool: change.pool ?? world.pool,
        set: change.set ?? world.set,
        challenger,
        treasury: change.treasury ?? SETTINGS.treasury,
        bonds: change.bonds ?? world.verifiers.slice(0, 2).map(world.bond),
      },
      {
        index,
        pendingRecipient: leafOf(pending).recipient,
        pendingCumulative: leafOf(pending).cumulative,
        finalRecipient: leafOf(final).recipient,
        finalCumulative: leafOf(final).cumulative,
      },
      {
        pending: take(proveLeaf(pending.claims, index)),
        final: take(proveLeaf(final.claims, index)),
      },
    );
  };
  const refusal = (...made: Instruction[]) => world.chain.send(made).refused;
  return { world, periodOf, last, challenge, refusal };
}

const LOWER: LeafOf[] = [
  { recipient: alice, cumulative: SOL - 1n },
  { recipient: bob, cumulative: 3n * SOL },
  undefined,
];
const TAKEN: LeafOf[] = [
  { recipient: carol, cumulative: 9n * SOL },
  { recipient: bob, cumulative: 3n * SOL },
  undefined,
];

describe.each(KINDS)('challenge_claim, %o', (kind) => {
  it.each([
    ['lower', LOWER],
    ["somebody else's", TAKEN],
  ])(
    'shows that a leaf is %s: the root is gone, and so are the bonds of its signers',
    (_, leaves) => {
      const { world, periodOf, challenge, refusal } = open(kind);
      const pending = periodOf(leaves);
      must(world.chain.send(world.propose(pending)));
      const held = (keys: Uint8Array[]) => keys.map((key) => world.chain.lamports(key));
      const heirs = [challenger, SETTINGS.treasury];
      const bonds = world.verifiers.map(world.bond);
      const before = { heirs: held(heirs), bonds: held(bonds) };
      expect(refusal(challenge(pending))).toBeUndefined();
      expect(world.poolState()).toMatchObject({
        period: 1n,
        attempt: 1n,
        pending: { state: PENDING.none, signers: 0 },
      });
      expect(world.verifiers.map((each) => world.bondState(each).amount)).toEqual([0n, 0n, BOND]);
      const grown = held(heirs).map((lamports, at) => lamports - (before.heirs[at] ?? 0n));
      // Two bonds; of each the odd lamport is the treasury's.
      expect(grown).toEqual([10n * SOL, 10n * SOL + 2n]);
      const lost = held(bonds).map((lamports, at) => (before.bonds[at] ?? 0n) - lamports);
      expect(lost).toEqual([BOND, BOND, 0n]);
      expect(refusal(challenge(pending))).toBe('settlement-nothing-pending');
      // Signatures under the old attempt count no more; an honest root goes on.
      must(world.chain.send(world.propose(periodOf(FINAL))));
    },
  );
});

describe('challenge_claim', () => {
  it('shows nothing of what honest verifiers sign', () => {
    const { world, periodOf, challenge, refusal } = open();
    const pending = periodOf([
      { recipient: alice, cumulative: SOL },
      { recipient: bob, cumulative: 5n * SOL },
      { recipient: carol, cumulative: SOL },
    ]);
    must(world.chain.send(world.propose(pending)));
    // The same, more, and a leaf that was empty.
    for (const index of [0, 1, 2])
      expect(refusal(challenge(pending, { index }))).toBe('settlement-no-fraud');
    expect(world.poolState().pending.state).toBe(PENDING.attested);
  });

  it("takes a leaf without a recipient, or without an amount, for somebody's", () => {
    const world = new World();
    const escrow = world.fundEscrow(50n * SOL);
    const periodOf = (leaves: LeafOf[], cumulative: bigint) =>
      world.period(leaves, [{ recipient: escrow, cumulative }]);
    const last = periodOf(
      [
        { recipient: EMPTY_KEY, cumulative: SOL },
        { recipient: bob, cumulative: 0n },
      ],
      SOL,
    );
    world.settle(last);
    for (const index of [0, 1]) {
      const leaves = last.claimLeaves.map((leaf, at) =>
        at === index ? { recipient: carol, cumulative: SOL } : leaf,
      );
      const pending = periodOf(leaves, index === 0 ? SOL : 2n * SOL);
      must(world.chain.send(world.propose(pending)));
      const { config, pool, set } = world;
      const made = instructions.challengeClaim(
        {
          config,
          pool,
          set,
          challenger,
          treasury: SETTINGS.treasury,
          bonds: world.verifiers.slice(0, 2).map(world.bond),
        },
        {
          index,
          pendingRecipient: carol,
          pendingCumulative: SOL,
          finalRecipient: last.claimLeaves[index]?.recipient ?? EMPTY_KEY,
          finalCumulative: last.claimLeaves[index]?.cumulative ?? 0n,
        },
        {
          pending: take(proveLeaf(pending.claims, index)),
          final: take(proveLeaf(last.claims, index)),
        },
      );
      must(world.chain.send([made]));
    }
    expect(world.poolState().attempt).toBe(2n);
  });

  it('needs a final period and leaves of both trees', () => {
    const { world, periodOf, last, challenge, refusal } = open();
    const pending = periodOf([...LOWER, { recipient: carol, cumulative: SOL }]);
    expect(refusal(challenge(pending))).toBe('settlement-nothing-pending');
    must(world.chain.send(world.propose(pending)));
    const other = periodOf(TAKEN.concat(undefined));
    expect(refusal(challenge(other))).toBe('settlement-proof-wrong');
    const earlier = periodOf([{ recipient: alice, cumulative: 9n * SOL }, undefined, undefined]);
    expect(refusal(challenge(pending, { final: earlier }))).toBe('settlement-proof-wrong');
    const grown = periodOf([...FINAL, undefined]);
    expect(refusal(challenge(pending, { index: 3, final: grown }))).toBe('settlement-index-range');
    const made = challenge(pending);
    expect(refusal({ ...made, data: made.data.slice(0, -1) })).toBe('settlement-proof-length');
    expect(refusal({ ...made, data: made.data.slice(0, 90) })).toBe('settlement-malformed');
    expect(refusal({ ...made, accounts: made.accounts.slice(0, 4) })).toBe(
      'settlement-accounts-missing',
    );
    expect(refusal(challenge(pending, { final: last }))).toBeUndefined();
  });

  it('cannot be made of the first period', () => {
    const world = new World();
    const escrow = world.fundEscrow(50n * SOL);
    const period = world.period(
      [{ recipient: alice, cumulative: SOL }],
      [{ recipient: escrow, cumulative: SOL }],
    );
    must(world.chain.send(world.propose(period)));
    const bonds = world.verifiers.slice(0, 2).map(world.bond);
    const { config, pool, set } = world;
    const made = instructions.challengeClaim(
      { config, pool, set, challenger, treasury: SETTINGS.treasury, bonds },
      {
        index: 0,
        pendingRecipient: alice,
        pendingCumulative: SOL,
        finalRecipient: bob,
        finalCumulative: SOL,
      },
      { pending: new Uint8Array(), final: new Uint8Array() },
    );
    expect(world.chain.send([made]).refused).toBe('settlement-index-range');
  });

  it('takes the bonds of all signers, in the order of the set, and of nobody else', () => {
    const { world, periodOf, challenge, refusal } = open();
    const pending = periodOf(LOWER);
    must(world.chain.send(world.propose(pending)));
    const [first, second, third] = world.verifiers.map(world.bond) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const by = (...bonds: Uint8Array[]) => refusal(challenge(pending, { bonds }));
    expect(by()).toBe('settlement-bonds-missing');
    expect(by(first)).toBe('settlement-bonds-missing');
    expect(by(second, first)).toBe('settlement-bonds-missing');
    expect(by(first, third)).toBe('settlement-bonds-missing');
    expect(by(first, openSigner('nobody').key)).toBe('settlement-bonds-missing');
    expect(by(first, world.config)).toBe('settlement-account-type');
    const beside = new World({ beside: world });
    beside.putBonds(SOL);
    expect(by(...beside.verifiers.slice(0, 2).map(beside.bond))).toBe(
      'settlement-account-unrelated',
    );
    expect(world.verifiers.map((each) => world.bondState(each).amount)).toEqual([BOND, BOND, BOND]);
    expect(by(first, second)).toBeUndefined();
  });

  it('is no less possible where a signer has no bond', () => {
    const world = new World();
    world.putBonds(BOND, world.verifiers.slice(1, 2));
    const escrow = world.fundEscrow(50n * SOL);
    const periodOf = (leaves: LeafOf[], cumulative: bigint) =>
      world.period(leaves, [{ recipient: escrow, cumulative }]);
    const last = periodOf([{ recipient: alice, cumulative: SOL }], SOL);
    world.settle(last);
    const pending = periodOf([{ recipient: bob, cumulative: SOL }], SOL);
    must(world.chain.send(world.propose(pending)));
    const bonds = world.verifiers.slice(0, 2).map(world.bond);
    const { config, pool, set } = world;
    const made = instructions.challengeClaim(
      { config, pool, set, challenger, treasury: SETTINGS.treasury, bonds },
      {
        index: 0,
        pendingRecipient: bob,
        pendingCumulative: SOL,
        finalRecipient: alice,
        finalCumulative: SOL,
      },
      { pending: new Uint8Array(), final: new Uint8Array() },
    );
    must(world.chain.send([made]));
    expect(world.poolState().pending.state).toBe(PENDING.none);
    expect(world.chain.lamports(challenger)).toBe(BOND / 2n);
    expect(world.verifiers.slice(1, 2).map(world.bondState)).toMatchObject([{ amount: 0n }]);
  });

  it('pays half to the treasury of the config, under the set that signed', () => {
    const { world, periodOf, challenge, refusal } = open();
    const pending = periodOf(LOWER);
    const set = addresses.verifierSet(world.config, 2);
    const at = { payer: world.chain.payer.key, admin: world.admin.key, config: world.config, set };
    const keys = world.verifiers.map(({ key }) => key);
    must(world.chain.send([instructions.newVerifierSet(at, { quorum: 2, keys })], [world.admin]));
    must(world.chain.send(world.propose(pending)));
    expect(refusal(challenge(pending, { treasury: challenger }))).toBe(
      'settlement-recipient-wrong',
    );
    expect(refusal(challenge(pending, { set }))).toBe('settlement-account-unrelated');
    const beside = new World({ beside: world });
    expect(refusal(challenge(pending, { set: beside.set }))).toBe('settlement-account-unrelated');
    expect(refusal(challenge(pending, { pool: beside.pool }))).toBe('settlement-account-unrelated');
    expect(refusal(challenge(pending))).toBeUndefined();
  });

  it('also meets a root that is still collecting, and one that has expired', () => {
    const { world, periodOf, challenge, refusal } = open();
    const pending = periodOf(LOWER);
    must(world.chain.send(world.propose(pending, [world.warpToTurn(2)])));
    expect(world.poolState().pending.state).toBe(PENDING.collecting);
    const bonds = world.verifiers.slice(2, 3).map(world.bond);
    expect(refusal(challenge(pending, { bonds }))).toBeUndefined();
    must(world.chain.send(world.propose(pending)));
    world.chain.warp(GRACE_SECS + 1n);
    expect(refusal(challenge(pending))).toBeUndefined();
    expect(world.verifiers.map((each) => world.bondState(each).amount)).toEqual([0n, 0n, 0n]);
    expect(world.poolState().attempt).toBe(2n);
  });
});
