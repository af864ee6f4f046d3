import { describe, expect, it } from 'vitest';
import { openSigner } from './support/chain.ts';
import { addresses, DEADLINE_SECS, instructions, must, World } from './support/world.ts';

describe.each([false, true])('open_escrow, tokens: %s', (tokens) => {
  it('numbers escrows in the order they come', () => {
    const world = new World({ tokens });
    must(world.chain.send([world.openEscrow(7n), world.openEscrow(3n)], [world.poster]));
    expect(world.escrowState(world.escrow(7n))).toMatchObject({
      index: 0,
      nonce: 7n,
      poster: world.poster.key,
      pool: world.pool,
      rentPayer: world.chain.payer.key,
      deposited: 0n,
      refundFrom: world.chain.now + DEADLINE_SECS,
      requested: 0n,
    });
    expect(world.escrowState(world.escrow(3n)).index).toBe(1);
    expect(world.poolState().escrowCount).toBe(2);
    expect(world.chain.send([world.openEscrow(3n)], [world.poster]).refused).toBeDefined();
  });

  it('refuses a deadline that has passed', () => {
    const world = new World({ tokens });
    const late = world.openEscrow(0n, world.poster, world.chain.now);
    expect(world.chain.send([late], [world.poster]).refused).toBe('settlement-escrow-over');
  });

  it('needs the poster to sign, and the accounts that belong to it', () => {
    const world = new World({ tokens });
    const unsigned = world.openEscrow();
    for (const meta of unsigned.accounts) if (meta.key === world.poster.key) meta.signer = false;
    expect(world.chain.send([unsigned]).refused).toBe('settlement-signature-missing');
    const stranger = openSigner('stranger');
    const foreign = world.openEscrow();
    for (const meta of foreign.accounts) if (meta.key === world.poster.key) meta.key = stranger.key;
    expect(world.chain.send([foreign], [stranger]).refused).toBe('settlement-address-wrong');
  });

  it('refuses while paused', () => {
    const world = new World({ tokens });
    const at = { guardian: world.guardian.key, config: world.config };
    must(world.chain.send([instructions.pause(at, { paused: 1 })], [world.guardian]));
    expect(world.chain.send([world.openEscrow()], [world.poster]).refused).toBe(
      'settlement-paused',
    );
  });
});

describe('open_escrow', () => {
  it('takes the vault for the mint of the pool only', () => {
    const world = new World({ tokens: true });
    const other = openSigner('another mint').key;
    const mint = world.chain.account(world.mint);
    if (mint !== undefined) world.chain.put(other, mint);
    const escrow = world.escrow();
    const { config, pool } = world;
    const at = { payer: world.chain.payer.key, poster: world.poster.key, config, pool, escrow };
    const data = { nonce: 0n, deadline: world.chain.now + 1n };
    const made = { vault: addresses.vault(escrow), mint: other };
    const swapped = instructions.openEscrow({ ...at, made }, data);
    expect(world.chain.send([swapped], [world.poster]).refused).toBe(
      'settlement-account-unrelated',
    );
    const none = instructions.openEscrow(at, data);
    expect(world.chain.send([none], [world.poster]).refused).toBe('settlement-accounts-missing');
  });
});
