import { describe, expect, it } from 'vitest';
import { Bond } from '#protocol/settlement/accounts.ts';
import { openSigner, type Signer, SOL } from './support/chain.ts';
import { instructions, must, UNBOND_SECS, World } from './support/world.ts';

function open() {
  const world = new World();
  world.putBonds(3n * SOL);
  const [verifier, other] = world.verifiers as [Signer, Signer];
  const made = (by: Signer, at: { config?: Uint8Array; bond?: Uint8Array } = {}) =>
    instructions.unbond({ verifier: by.key, config: world.config, bond: world.bond(by), ...at });
  const unbond = (by: Signer, at = {}) => world.chain.send([made(by, at)], [by]).refused;
  return { world, verifier, other, made, unbond };
}

describe('unbond', () => {
  it('asks first; after the time is over it gives bond and rent back', () => {
    const { world, verifier, unbond } = open();
    const before = world.chain.lamports(verifier.key);
    expect(unbond(verifier)).toBeUndefined();
    const unlockAt = world.chain.now + UNBOND_SECS;
    expect(world.bondState(verifier)).toMatchObject({ amount: 3n * SOL, unlockAt });
    expect(world.chain.lamports(verifier.key)).toBe(before);
    world.chain.warp(UNBOND_SECS - 1n);
    expect(unbond(verifier)).toBe('settlement-bond-locked');
    // To ask again does not begin anew.
    expect(world.bondState(verifier).unlockAt).toBe(unlockAt);
    world.chain.warp(1n);
    expect(unbond(verifier)).toBeUndefined();
    const rent = world.chain.rent(Bond.bytes);
    expect(world.chain.lamports(verifier.key)).toBe(before + 3n * SOL + rent);
    expect(world.chain.account(world.bond(verifier))).toBeUndefined();
    expect(unbond(verifier)).toBe('settlement-account-foreign');
  });

  it('can be put up again, from nothing, in the transaction that took it', () => {
    const { world, verifier, made, unbond } = open();
    expect(unbond(verifier)).toBeUndefined();
    world.chain.warp(UNBOND_SECS);
    const at = { verifier: verifier.key, config: world.config, bond: world.bond(verifier) };
    must(world.chain.send([made(verifier), instructions.bond(at, { lamports: 5n })], [verifier]));
    expect(world.bondState(verifier)).toMatchObject({ amount: 5n, unlockAt: 0n });
  });

  it('needs the signature of the verifier whose bond it is, under this very config', () => {
    const { world, verifier, other, made, unbond } = open();
    const unsigned = made(verifier);
    for (const meta of unsigned.accounts) meta.signer = false;
    expect(world.chain.send([unsigned]).refused).toBe('settlement-signature-missing');
    expect(unbond(verifier, { bond: world.bond(other) })).toBe('settlement-not-verifier');
    expect(unbond(openSigner('stranger'), { bond: world.bond(other) })).toBe(
      'settlement-not-verifier',
    );
    const beside = new World({ beside: world });
    expect(unbond(verifier, { config: beside.config })).toBe('settlement-account-unrelated');
    expect(unbond(verifier, { config: world.pool })).toBe('settlement-account-type');
    expect(world.bondState(verifier).unlockAt).toBe(0n);
  });

  it('refuses bytes that follow', () => {
    const { world, verifier, made } = open();
    const longer = { ...made(verifier), data: Uint8Array.of(...made(verifier).data, 0) };
    expect(world.chain.send([longer], [verifier]).refused).toBe('settlement-malformed');
  });
});
