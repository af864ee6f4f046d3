import { describe, expect, it } from 'vitest';
import { Bond } from '#protocol/settlement/accounts.ts';
import { openSigner, type Signer, SOL } from './support/chain.ts';
import {
  addresses,
  instructions,
  must,
  TIMELOCK_SECS,
  UNBOND_SECS,
  World,
} from './support/world.ts';

/** Verifiers with bonds: those that serve, and two that do not. */
function open() {
  const world = new World();
  const retired = openSigner('retired');
  const resting = openSigner('resting');
  for (const { key } of [retired, resting]) world.chain.fund(key, 100n * SOL);
  world.putBonds(3n * SOL, [...world.verifiers, retired, resting]);
  let newest = world.set;
  let before = world.set;
  const made = (by: Signer, at: { config?: Uint8Array; bond?: Uint8Array } = {}) => {
    const sets = { newest, before };
    const of = { verifier: by.key, config: world.config, bond: world.bond(by), ...sets };
    return instructions.unbond({ ...of, ...at });
  };
  const unbond = (by: Signer, at = {}) => world.chain.send([made(by, at)], [by]).refused;
  /** Names the set of this number; it serves after the timelock. */
  const nameSet = (setId: number, members: readonly Signer[]) => {
    const set = addresses.verifierSet(world.config, setId);
    const { config, admin } = world;
    const at = { payer: world.chain.payer.key, admin: admin.key, config, set };
    const given = { quorum: members.length, keys: members.map(({ key }) => key) };
    must(world.chain.send([instructions.newVerifierSet(at, given)], [admin]));
    [before, newest] = [newest, set];
  };
  return { world, verifier: retired, other: resting, made, unbond, nameSet };
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

  it('is not for who serves, nor for who will', () => {
    const { world, verifier, unbond, nameSet } = open();
    const [serving] = world.verifiers as [Signer];
    expect(unbond(serving)).toBe('settlement-bond-locked');
    nameSet(2, [verifier]);
    expect(unbond(verifier)).toBe('settlement-bond-locked');
    // The set before serves until the newest does.
    expect(unbond(serving)).toBe('settlement-bond-locked');
    world.chain.warp(TIMELOCK_SECS);
    expect(unbond(verifier)).toBe('settlement-bond-locked');
    expect(unbond(serving)).toBeUndefined();
    world.chain.warp(UNBOND_SECS - 1n);
    expect(unbond(serving)).toBe('settlement-bond-locked');
    world.chain.warp(1n);
    expect(unbond(serving)).toBeUndefined();
    expect(world.chain.account(world.bond(serving))).toBeUndefined();
  });

  it('cannot be asked for ahead, to sign and be gone in the next transaction', () => {
    const { world, verifier, unbond, nameSet } = open();
    const [one] = world.verifiers as [Signer];
    expect(unbond(verifier)).toBeUndefined();
    world.chain.warp(UNBOND_SECS);
    nameSet(2, [verifier]);
    world.chain.warp(TIMELOCK_SECS);
    // It serves, with a bond that it asked for long ago.
    expect(unbond(verifier)).toBe('settlement-bond-locked');
    nameSet(3, [one]);
    world.chain.warp(TIMELOCK_SECS);
    expect(unbond(verifier)).toBeUndefined();
    expect(world.bondState(verifier).unlockAt).toBe(world.chain.now + UNBOND_SECS);
    world.chain.warp(UNBOND_SECS);
    expect(unbond(verifier)).toBeUndefined();
    expect(world.chain.account(world.bond(verifier))).toBeUndefined();
  });

  it('takes the two newest sets of the config and no others', () => {
    const { world, verifier, made, nameSet } = open();
    const beside = new World({ beside: world });
    nameSet(2, world.verifiers);
    const unrelated = (change: { newest?: Uint8Array; before?: Uint8Array }) => {
      const of = { verifier: verifier.key, config: world.config, bond: world.bond(verifier) };
      const sets = { newest: addresses.verifierSet(world.config, 2), before: world.set };
      return world.chain.send([instructions.unbond({ ...of, ...sets, ...change })], [verifier]);
    };
    expect(unrelated({ newest: world.set }).refused).toBe('settlement-account-unrelated');
    const second = addresses.verifierSet(world.config, 2);
    expect(unrelated({ before: second }).refused).toBe('settlement-account-unrelated');
    expect(unrelated({ before: beside.set }).refused).toBe('settlement-account-unrelated');
    expect(unrelated({ newest: world.config }).refused).toBe('settlement-account-type');
    expect(world.chain.send([made(verifier)], [verifier]).refused).toBeUndefined();
  });

  it('refuses bytes that follow', () => {
    const { world, verifier, made } = open();
    const longer = { ...made(verifier), data: Uint8Array.of(...made(verifier).data, 0) };
    expect(world.chain.send([longer], [verifier]).refused).toBe('settlement-malformed');
  });
});
