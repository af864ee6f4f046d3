import { describe, expect, it } from 'vitest';
import { findRoot, PENDING } from '#protocol/settlement/accounts.ts';
import { openSigner, SOL } from './support/chain.ts';
import { CHALLENGE_SECS, GRACE_SECS, instructions, must, World } from './support/world.ts';

const worker = openSigner('worker').key;

function open() {
  const world = new World();
  const escrow = world.fundEscrow(50n * SOL);
  const periodOf = (amount: bigint) =>
    world.period(
      [{ recipient: worker, cumulative: amount }],
      [{ recipient: escrow, cumulative: amount }],
    );
  return { world, periodOf };
}

describe('finalize_root', () => {
  it('makes a root claimable when its window has ended, not before', () => {
    const { world, periodOf } = open();
    const period = periodOf(SOL);
    expect(world.chain.send([world.finalize()]).refused).toBe('settlement-nothing-pending');
    must(world.chain.send(world.propose(period)));
    world.chain.warp(CHALLENGE_SECS - 1n);
    expect(world.chain.send([world.finalize()]).refused).toBe('settlement-window-open');
    world.chain.warp(1n);
    must(world.chain.send([world.finalize()]));
    const pool = world.poolState();
    expect(pool).toMatchObject({
      period: 1n,
      total: SOL,
      spendRoot: period.content.spendRoot,
      spendLeafCount: 1,
      finalizedAt: world.chain.now,
    });
    expect(pool.pending).toMatchObject({ state: PENDING.none, signers: 0 });
    const { claimRoot, dataHash } = period.content;
    expect(findRoot(pool, 1n)).toMatchObject({
      value: { claimRoot, dataHash, leafCount: 1, total: SOL },
    });
    expect(world.chain.send([world.finalize(), world.createPage()]).refused).toBe(
      'settlement-nothing-pending',
    );
  });

  it('refuses one that has expired', () => {
    const { world, periodOf } = open();
    must(world.chain.send(world.propose(periodOf(SOL))));
    world.chain.warp(GRACE_SECS + 1n);
    expect(world.chain.send([world.finalize()]).refused).toBe('settlement-attestation-expired');
  });

  it('refuses while paused', () => {
    const { world, periodOf } = open();
    must(world.chain.send(world.propose(periodOf(SOL))));
    world.chain.warp(CHALLENGE_SECS);
    const at = { guardian: world.guardian.key, config: world.config };
    must(world.chain.send([instructions.pause(at, { paused: 1 })], [world.guardian]));
    expect(world.chain.send([world.finalize()]).refused).toBe('settlement-paused');
  });

  it('keeps eight', () => {
    const { world, periodOf } = open();
    for (let each = 1n; each <= 9n; each += 1n) world.settle(periodOf(each * SOL));
    const pool = world.poolState();
    expect(findRoot(pool, 1n)).toMatchObject({
      ok: false,
      refusal: { code: 'settlement-root-unknown' },
    });
    for (let each = 2n; each <= 9n; each += 1n)
      expect(findRoot(pool, each)).toMatchObject({ value: { total: each * SOL } });
  });
});
