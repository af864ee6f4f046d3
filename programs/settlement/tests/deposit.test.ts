import { describe, expect, it } from 'vitest';
import { U64_MAX } from '#protocol/settlement/layout.ts';
import { openSigner, SOL } from './support/chain.ts';
import { putTokens } from './support/tokens.ts';
import { addresses, DEADLINE_SECS, instructions, must, World } from './support/world.ts';

describe.each([false, true])('deposit, tokens: %s', (tokens) => {
  it('adds up, whoever pays', () => {
    const world = new World({ tokens });
    const escrow = world.fundEscrow(5n * SOL);
    const sponsor = openSigner('sponsor');
    world.chain.fund(sponsor.key, 10n * SOL);
    if (tokens) putTokens(world.chain, sponsor.key, 10n * SOL);
    const { config, pool } = world;
    const from = world.wallet(sponsor.key).key;
    const at = {
      depositor: sponsor.key,
      config,
      pool,
      escrow,
      tokens: world.tokens(from, addresses.vault(escrow)),
    };
    must(world.chain.send([instructions.deposit(at, { amount: SOL })], [sponsor]));
    expect(world.escrowState(escrow).deposited).toBe(6n * SOL);
    expect(world.heldBy(escrow)).toBe(6n * SOL);
  });

  it('refuses nothing, more than there is, and sums beyond 64 bits', () => {
    const world = new World({ tokens });
    world.fundEscrow(SOL);
    expect(world.chain.send([world.deposit(0n)], [world.poster]).refused).toBe(
      'settlement-amount-zero',
    );
    expect(world.chain.send([world.deposit(10n ** 15n)], [world.poster]).refused).toBeDefined();
    expect(world.chain.send([world.deposit(U64_MAX)], [world.poster]).refused).toBe(
      'settlement-overflow',
    );
    expect(world.escrowState(world.escrow()).deposited).toBe(SOL);
  });

  it('refuses once the deadline has come, or a refund was asked for', () => {
    const world = new World({ tokens });
    const escrow = world.fundEscrow(SOL);
    world.chain.warp(DEADLINE_SECS - 1n);
    must(world.chain.send([world.deposit(1n)], [world.poster]));
    world.chain.warp(1n);
    expect(world.chain.send([world.deposit(2n)], [world.poster]).refused).toBe(
      'settlement-escrow-over',
    );
    const second = world.fundEscrow(SOL, 1n);
    const { config, pool } = world;
    must(
      world.chain.send(
        [instructions.requestRefund({ poster: world.poster.key, config, pool, escrow: second })],
        [world.poster],
      ),
    );
    expect(world.chain.send([world.deposit(1n, 1n)], [world.poster]).refused).toBe(
      'settlement-escrow-over',
    );
    expect(escrow).not.toEqual(second);
  });

  it('refuses while paused, and without the signature of who pays', () => {
    const world = new World({ tokens });
    world.fundEscrow(SOL);
    const unsigned = world.deposit(1n);
    for (const meta of unsigned.accounts) if (meta.key === world.poster.key) meta.signer = false;
    expect(world.chain.send([unsigned]).refused).toBe('settlement-signature-missing');
    const at = { guardian: world.guardian.key, config: world.config };
    must(world.chain.send([instructions.pause(at, { paused: 1 })], [world.guardian]));
    expect(world.chain.send([world.deposit(3n)], [world.poster]).refused).toBe('settlement-paused');
  });
});

describe('deposit', () => {
  it('goes into the vault of this very escrow', () => {
    const world = new World({ tokens: true });
    const escrow = world.fundEscrow(SOL);
    const other = world.fundEscrow(SOL, 1n);
    const { config, pool } = world;
    const from = world.wallet(world.poster.key).key;
    for (const to of [addresses.vault(other), world.vault, from]) {
      const at = {
        depositor: world.poster.key,
        config,
        pool,
        escrow,
        tokens: world.tokens(from, to),
      };
      const made = instructions.deposit(at, { amount: 1n });
      expect(world.chain.send([made], [world.poster]).refused).toBe('settlement-token-account');
    }
  });
});
