import { describe, expect, it } from 'vitest';
import { openSigner, type Signer, SOL } from './support/chain.ts';
import { DEADLINE_SECS, GRACE_SECS, instructions, must, World } from './support/world.ts';

function open() {
  const world = new World();
  const escrow = world.fundEscrow(5n * SOL);
  const request = (change: Partial<Record<'config' | 'pool' | 'escrow', Uint8Array>> = {}) => {
    const { config, pool, poster } = world;
    return instructions.requestRefund({ poster: poster.key, config, pool, escrow, ...change });
  };
  const refusal = (made = request(), by: Signer = world.poster) =>
    world.chain.send([made], [by]).refused;
  return { world, escrow, request, refusal };
}

describe('request_refund', () => {
  it('brings the refund forward to the end of the grace time', () => {
    const { world, escrow, refusal } = open();
    world.chain.warp(60n);
    expect(refusal()).toBeUndefined();
    const { now } = world.chain;
    expect(world.escrowState(escrow)).toMatchObject({
      requested: now,
      refundFrom: now + GRACE_SECS,
      deposited: 5n * SOL,
      refunded: 0n,
    });
  });

  it('never puts it off beyond the deadline', () => {
    const { world, escrow, refusal } = open();
    const deadline = world.escrowState(escrow).refundFrom;
    world.chain.warp(DEADLINE_SECS - GRACE_SECS + 1n);
    expect(refusal()).toBeUndefined();
    expect(world.escrowState(escrow).refundFrom).toBe(deadline);
  });

  it('is made once, and does not begin anew', () => {
    const { world, escrow, refusal } = open();
    expect(refusal()).toBeUndefined();
    const { refundFrom } = world.escrowState(escrow);
    world.chain.warp(1n);
    expect(refusal()).toBe('settlement-escrow-over');
    expect(world.escrowState(escrow).refundFrom).toBe(refundFrom);
  });

  it('is open while paused: nobody is locked in', () => {
    const { world, refusal } = open();
    const at = { guardian: world.guardian.key, config: world.config };
    must(world.chain.send([instructions.pause(at, { paused: 1 })], [world.guardian]));
    expect(refusal()).toBeUndefined();
  });

  it("is the poster's alone, with its signature", () => {
    const { world, escrow, request, refusal } = open();
    const unsigned = request();
    for (const meta of unsigned.accounts) meta.signer = false;
    expect(world.chain.send([unsigned]).refused).toBe('settlement-signature-missing');
    const stranger = openSigner('stranger');
    const { config, pool } = world;
    const foreign = instructions.requestRefund({ poster: stranger.key, config, pool, escrow });
    expect(refusal(foreign, stranger)).toBe('settlement-not-poster');
  });

  it('takes config, pool and escrow that belong together, and no byte more', () => {
    const { world, request, refusal } = open();
    const beside = new World({ beside: world });
    expect(refusal(request({ config: beside.config }))).toBe('settlement-account-unrelated');
    expect(refusal(request({ pool: beside.pool, config: beside.config }))).toBe(
      'settlement-account-unrelated',
    );
    expect(refusal(request({ escrow: world.pool }))).toBe('settlement-account-type');
    const made = request();
    expect(refusal({ ...made, data: Uint8Array.of(...made.data, 0) })).toBe('settlement-malformed');
    expect(refusal({ ...made, accounts: made.accounts.slice(1) })).toBe(
      'settlement-accounts-missing',
    );
  });
});
