import { describe, expect, it } from 'vitest';
import { PENDING } from '#protocol/settlement/accounts.ts';
import type { instructionsOf } from '#protocol/settlement/instructions.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { proveLeaf } from '#protocol/settlement/tree.ts';
import { openSigner, type Signer, SOL } from './support/chain.ts';
import { putTokens, tokensOf } from './support/tokens.ts';
import {
  addresses,
  CHALLENGE_SECS,
  DEAD_MAN_SECS,
  GRACE_SECS,
  instructions,
  KINDS,
  type LeafOf,
  must,
  take,
  World,
  type WorldOptions,
} from './support/world.ts';

const worker = openSigner('worker').key;
/** Well before the dead man's time. */
const DEADLINE_SECS = 5n * 86_400n;
type RefundAt = Parameters<ReturnType<typeof instructionsOf>['refund']>[0];

/** Two escrows of 10 SOL, the first of which the test looks at. */
function open(options: WorldOptions = {}, deadlineSecs = DEADLINE_SECS) {
  const world = new World(options);
  const deadline = world.chain.now + deadlineSecs;
  const fund = (nonce: bigint): Uint8Array => {
    const opened = world.openEscrow(nonce, world.poster, deadline);
    must(world.chain.send([opened, world.deposit(10n * SOL, nonce)], [world.poster]));
    return world.escrow(nonce);
  };
  const escrow = fund(0n);
  const other = fund(1n);
  const periodOf = (first: LeafOf | bigint, second = 0n) => {
    const leaf = typeof first === 'bigint' ? { recipient: escrow, cumulative: first } : first;
    const total = (leaf?.cumulative ?? 0n) + second;
    return world.period(
      [{ recipient: worker, cumulative: total }],
      [leaf, { recipient: other, cumulative: second }],
    );
  };
  const wallet = world.wallet(world.poster.key).key;
  /** Money of the poster outside of escrows. */
  const owned = () =>
    world.usesTokens ? tokensOf(world.chain, wallet) : world.chain.lamports(world.poster.key);
  const refusal = (...made: Instruction[]) => world.chain.send(made).refused;
  /** Lets time pass to the deadline. */
  const end = () => world.chain.warp(world.escrowState(escrow).refundFrom - world.chain.now);
  return { world, escrow, other, fund, periodOf, wallet, owned, refusal, end };
}

describe.each(KINDS)('refund, %o', (kind) => {
  it('gives back at the deadline what no final tree says is spent, once', () => {
    const { world, escrow, periodOf, owned, refusal } = open(kind);
    const period = periodOf(3n * SOL, SOL);
    world.settle(period);
    const before = owned();
    world.chain.warp(DEADLINE_SECS - CHALLENGE_SECS - 1n);
    expect(refusal(world.refund(period))).toBe('settlement-refund-early');
    world.chain.warp(1n);
    expect(refusal(world.refund(period))).toBeUndefined();
    expect(owned()).toBe(before + 7n * SOL);
    expect(world.escrowState(escrow)).toMatchObject({ refunded: 7n * SOL, pulled: 0n });
    expect(world.heldBy(escrow)).toBe(3n * SOL);
    expect(refusal(world.refund(period))).toBe('settlement-nothing-to-refund');
    // What is spent is still there to be pulled.
    expect(refusal(world.pull(period))).toBeUndefined();
    expect(world.heldBy(escrow)).toBe(0n);
    expect(refusal(world.refund(period))).toBe('settlement-nothing-to-refund');
  });

  it('counts what was pulled already once', () => {
    const { world, escrow, periodOf, owned, refusal, end } = open(kind);
    const period = periodOf(3n * SOL);
    world.settle(period);
    must(world.chain.send([world.pull(period)]));
    end();
    const before = owned();
    expect(refusal(world.refund(period))).toBeUndefined();
    expect(owned()).toBe(before + 7n * SOL);
    expect(world.heldBy(escrow)).toBe(0n);
  });

  it('counts what was pulled although a later tree says less', () => {
    const { world, escrow, periodOf, owned, refusal, end } = open(kind);
    const period = periodOf(3n * SOL);
    world.settle(period);
    must(world.chain.send([world.pull(period)]));
    // Fraud that nobody challenged.
    const lower = periodOf(2n * SOL, SOL);
    world.settle(lower);
    end();
    const before = owned();
    expect(refusal(world.refund(lower))).toBeUndefined();
    expect(owned()).toBe(before + 7n * SOL);
    expect(world.heldBy(escrow)).toBe(0n);
  });

  it('comes at the end of the grace time when the poster asked for it', () => {
    const { world, periodOf, owned, refusal } = open(kind);
    const period = periodOf(SOL);
    world.settle(period);
    must(world.chain.send([world.requestRefund()], [world.poster]));
    world.chain.warp(GRACE_SECS - 1n);
    expect(refusal(world.refund(period))).toBe('settlement-refund-early');
    world.chain.warp(1n);
    const before = owned();
    expect(refusal(world.refund(period))).toBeUndefined();
    expect(owned()).toBe(before + 9n * SOL);
    // The other escrow did not ask.
    expect(refusal(world.refund(period, 1n))).toBe('settlement-refund-early');
  });

  it("comes when no root was final for the dead man's time, less what is final", () => {
    const { world, escrow, periodOf, owned, refusal } = open(kind, 10n * DEAD_MAN_SECS);
    const period = periodOf(4n * SOL);
    world.settle(period);
    world.chain.warp(DEAD_MAN_SECS - 1n);
    expect(refusal(world.refund(period))).toBe('settlement-refund-early');
    world.chain.warp(1n);
    const before = owned();
    expect(refusal(world.refund(period))).toBeUndefined();
    expect(owned()).toBe(before + 6n * SOL);
    expect(world.heldBy(escrow)).toBe(4n * SOL);
    world.chain.warp(DEAD_MAN_SECS - 1n);
    expect(refusal(world.refund(period))).toBe('settlement-nothing-to-refund');
    // Whoever held the proofs had that long to pull; where they are lost, all comes back.
    world.chain.warp(1n);
    const lost = world.refund(undefined);
    expect(refusal(lost)).toBeUndefined();
    expect(owned()).toBe(before + 10n * SOL);
    expect(world.heldBy(escrow)).toBe(0n);
    expect(refusal(world.pull(period))).toBe('settlement-escrow-short');
  });

  it('needs no proof before the first tree, nor for an escrow that is not in it', () => {
    const { world, fund, periodOf, owned, refusal, end } = open(kind);
    const late = fund(2n);
    const before = owned();
    world.settle(periodOf(SOL, SOL));
    end();
    expect(world.escrowState(late).index).toBe(2);
    expect(refusal(world.refund(undefined, 2n))).toBeUndefined();
    expect(owned()).toBe(before + 10n * SOL);
    const fresh = open(kind);
    fresh.end();
    const had = fresh.owned();
    expect(fresh.refusal(fresh.world.refund(undefined))).toBeUndefined();
    expect(fresh.owned()).toBe(had + 10n * SOL);
  });

  it('takes a leaf that is empty, or names another, for nothing spent', () => {
    for (const leaf of [undefined, { recipient: worker, cumulative: 2n * SOL }]) {
      const { world, periodOf, owned, refusal, end } = open(kind);
      const period = periodOf(leaf, SOL);
      world.settle(period);
      end();
      const before = owned();
      expect(refusal(world.refund(period))).toBeUndefined();
      expect(owned()).toBe(before + 10n * SOL);
    }
  });

  it('waits for a root that a quorum has attested, until that is final or has expired', () => {
    const { world, escrow, periodOf, owned, refusal, end } = open(kind);
    const first = periodOf(SOL);
    world.settle(first);
    end();
    const second = periodOf(5n * SOL);
    must(world.chain.send(world.propose(second)));
    expect(refusal(world.refund(first))).toBe('settlement-root-pending');
    world.chain.warp(CHALLENGE_SECS);
    const before = owned();
    // The old tree counts no more the moment the new one is final, in the same transaction too.
    expect(refusal(world.finalize(), world.refund(first))).toBe('settlement-proof-wrong');
    expect(refusal(world.finalize(), world.refund(second))).toBeUndefined();
    expect(owned()).toBe(before + 5n * SOL);
    expect(world.heldBy(escrow)).toBe(5n * SOL);
  });

  it('does not wait for one that is collecting, or has expired', () => {
    const { world, periodOf, refusal, end } = open(kind);
    const first = periodOf(SOL);
    world.settle(first);
    end();
    const next = periodOf(2n * SOL);
    must(world.chain.send(world.propose(next, [world.warpToTurn(0)])));
    expect(world.poolState().pending.state).toBe(PENDING.collecting);
    expect(refusal(world.refund(first))).toBeUndefined();
    must(world.chain.send(world.propose(next)));
    expect(refusal(world.refund(first, 1n))).toBe('settlement-root-pending');
    world.chain.warp(GRACE_SECS);
    expect(refusal(world.refund(first, 1n))).toBe('settlement-root-pending');
    world.chain.warp(1n);
    expect(refusal(world.refund(first, 1n))).toBeUndefined();
  });

  it('gives all that was not pulled at once in a retired pool', () => {
    const { world, escrow, owned, refusal } = open(kind);
    must(world.chain.send([world.retire()], [world.admin]));
    const before = owned();
    expect(refusal(world.refund(undefined))).toBeUndefined();
    expect(owned()).toBe(before + 10n * SOL);
    expect(world.heldBy(escrow)).toBe(0n);
  });

  it('is open while paused', () => {
    const { world, periodOf, refusal, end } = open(kind);
    const period = periodOf(SOL);
    world.settle(period);
    const at = { guardian: world.guardian.key, config: world.config };
    must(world.chain.send([instructions.pause(at, { paused: 1 })], [world.guardian]));
    end();
    expect(refusal(world.refund(period))).toBeUndefined();
  });

  it('refuses a leaf that is not in the last spends tree', () => {
    const { world, escrow, periodOf, wallet, refusal, end } = open(kind);
    const period = periodOf(3n * SOL, SOL);
    world.settle(period);
    end();
    const { config, pool, poster } = world;
    const proof = take(proveLeaf(period.spends, 0));
    const walletBump = world.usesTokens ? world.wallet(poster.key).bump : 0;
    const by = (recipient: Uint8Array, cumulative: bigint, steps = proof) =>
      refusal(
        instructions.refund(
          {
            config,
            pool,
            escrow,
            poster: poster.key,
            tokens: world.tokens(addresses.vault(escrow), wallet),
          },
          { walletBump, recipient, cumulative },
          steps,
        ),
      );
    expect(by(escrow, 2n * SOL)).toBe('settlement-proof-wrong');
    expect(by(worker, 3n * SOL)).toBe('settlement-proof-wrong');
    expect(by(new Uint8Array(32), 0n)).toBe('settlement-proof-wrong');
    expect(by(escrow, 3n * SOL, proof.slice(0, -1))).toBe('settlement-proof-length');
    expect(by(escrow, 3n * SOL, take(proveLeaf(period.spends, 1)))).toBe('settlement-proof-wrong');
    expect(by(escrow, 3n * SOL, new Uint8Array())).toBe('settlement-proof-length');
    expect(by(escrow, 3n * SOL)).toBeUndefined();
  });
});

describe('refund', () => {
  const changed = (world: World, change: Partial<RefundAt>) => {
    const { config, pool, poster } = world;
    const escrow = world.escrow();
    const wallet = world.wallet(poster.key);
    const tokens = world.tokens(addresses.vault(escrow), wallet.key);
    const at = { config, pool, escrow, poster: poster.key, tokens, ...change };
    const data = { walletBump: wallet.bump, recipient: new Uint8Array(32), cumulative: 0n };
    return world.chain.send([instructions.refund(at, data, new Uint8Array())]).refused;
  };

  it('goes to the poster, of an escrow of this pool under this config', () => {
    const { world, end } = open();
    end();
    const beside = new World({ beside: world });
    expect(changed(world, { poster: worker })).toBe('settlement-not-poster');
    expect(changed(world, { config: beside.config })).toBe('settlement-account-unrelated');
    expect(changed(world, { config: beside.config, pool: beside.pool })).toBe(
      'settlement-account-unrelated',
    );
    expect(changed(world, { escrow: world.pool })).toBe('settlement-account-type');
    expect(changed(world, {})).toBeUndefined();
  });

  it("moves tokens from this escrow's vault to the poster's own associated account", () => {
    const { world, escrow, other, wallet, end } = open({ tokens: true });
    end();
    const vault = addresses.vault(escrow);
    const stranger = putTokens(world.chain, worker, 0n);
    const by = (from: Uint8Array, to: Uint8Array) =>
      changed(world, { tokens: world.tokens(from, to) });
    expect(by(addresses.vault(other), wallet)).toBe('settlement-token-account');
    expect(by(world.vault, wallet)).toBe('settlement-token-account');
    expect(by(vault, stranger)).toBe('settlement-token-account');
    expect(by(vault, vault)).toBe('settlement-token-account');
    expect(changed(world, { tokens: undefined })).toBe('settlement-accounts-missing');
    expect(by(vault, wallet)).toBeUndefined();
  });

  it('pays one poster never out of the escrow of another', () => {
    const { world, escrow, end } = open();
    const second: Signer = openSigner('second poster');
    world.chain.fund(second.key, 100n * SOL);
    must(
      world.chain.send([world.openEscrow(0n, second), world.deposit(SOL, 0n, second)], [second]),
    );
    end();
    expect(changed(world, { escrow: world.escrow(0n, second) })).toBe('settlement-not-poster');
    expect(changed(world, {})).toBeUndefined();
    expect(world.heldBy(escrow)).toBe(0n);
    expect(world.heldBy(world.escrow(0n, second))).toBe(SOL);
  });
});
