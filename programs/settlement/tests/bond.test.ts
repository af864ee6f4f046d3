import { describe, expect, it } from 'vitest';
import { Bond } from '#protocol/settlement/accounts.ts';
import { U64_MAX } from '#protocol/settlement/layout.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { openSigner, type Signer, SOL } from './support/chain.ts';
import { instructions, must, World } from './support/world.ts';

function open() {
  const world = new World();
  const [verifier, other] = world.verifiers as [Signer, Signer];
  const bond = (
    by: Signer,
    lamports: bigint,
    at: { config?: Uint8Array; bond?: Uint8Array } = {},
  ) =>
    instructions.bond(
      { verifier: by.key, config: world.config, bond: world.bond(by), ...at },
      { lamports },
    );
  const refusal = (made: Instruction, by: Signer) => world.chain.send([made], [by]).refused;
  return { world, verifier, other, bond, refusal };
}

describe('bond', () => {
  it('puts lamports up beside the rent, and adds to them', () => {
    const { world, verifier, bond, refusal } = open();
    const before = world.chain.lamports(verifier.key);
    expect(refusal(bond(verifier, 3n * SOL), verifier)).toBeUndefined();
    expect(refusal(bond(verifier, SOL), verifier)).toBeUndefined();
    expect(world.bondState(verifier)).toMatchObject({
      config: world.config,
      verifier: verifier.key,
      amount: 4n * SOL,
      unlockAt: 0n,
    });
    const rent = world.chain.rent(Bond.bytes);
    expect(world.chain.lamports(world.bond(verifier))).toBe(4n * SOL + rent);
    expect(world.chain.lamports(verifier.key)).toBe(before - 4n * SOL - rent);
  });

  it('is not asked back any more when it is added to', () => {
    const { world, bond, refusal } = open();
    const verifier = openSigner('out of service');
    world.chain.fund(verifier.key, 100n * SOL);
    world.putBonds(SOL, [verifier]);
    const at = { verifier: verifier.key, config: world.config, bond: world.bond(verifier) };
    must(
      world.chain.send(
        [instructions.unbond({ ...at, newest: world.set, before: world.set })],
        [verifier],
      ),
    );
    expect(world.bondState(verifier).unlockAt).toBeGreaterThan(0n);
    expect(refusal(bond(verifier, 1n), verifier)).toBeUndefined();
    expect(world.bondState(verifier).unlockAt).toBe(0n);
  });

  it('refuses nothing, more than there is, sums beyond 64 bits and bytes that follow', () => {
    const { verifier, bond, refusal } = open();
    expect(refusal(bond(verifier, 0n), verifier)).toBe('settlement-amount-zero');
    expect(refusal(bond(verifier, SOL), verifier)).toBeUndefined();
    expect(refusal(bond(verifier, 1_000n * SOL), verifier)).toBeDefined();
    expect(refusal(bond(verifier, U64_MAX), verifier)).toBe('settlement-overflow');
    const made = bond(verifier, 1n);
    expect(refusal({ ...made, data: Uint8Array.of(...made.data, 0) }, verifier)).toBe(
      'settlement-malformed',
    );
    expect(refusal({ ...made, accounts: made.accounts.slice(0, 3) }, verifier)).toBe(
      'settlement-accounts-missing',
    );
  });

  it("needs the verifier's signature, before it has a bond and after", () => {
    const { world, verifier, bond } = open();
    const unsigned = () => {
      const made = bond(verifier, SOL);
      for (const meta of made.accounts) meta.signer = false;
      return world.chain.send([made]).refused;
    };
    expect(unsigned()).toBe('settlement-signature-missing');
    world.putBonds(SOL, [verifier]);
    expect(unsigned()).toBe('settlement-signature-missing');
  });

  it('goes to the own bond under a config of ours', () => {
    const { world, verifier, other, bond, refusal } = open();
    expect(refusal(bond(verifier, SOL, { bond: world.bond(other) }), verifier)).toBe(
      'settlement-address-wrong',
    );
    world.putBonds(SOL, [other]);
    expect(refusal(bond(verifier, SOL, { bond: world.bond(other) }), verifier)).toBe(
      'settlement-not-verifier',
    );
    expect(refusal(bond(verifier, SOL, { config: other.key }), verifier)).toBe(
      'settlement-account-foreign',
    );
    expect(refusal(bond(verifier, SOL, { config: world.pool }), verifier)).toBe(
      'settlement-account-type',
    );
    world.putBonds(SOL, [verifier]);
    const beside = new World({ beside: world });
    expect(refusal(bond(verifier, SOL, { config: beside.config }), verifier)).toBe(
      'settlement-account-unrelated',
    );
  });
});
