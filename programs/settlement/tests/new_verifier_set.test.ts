import { describe, expect, it } from 'vitest';
import { VerifierSet } from '#protocol/settlement/accounts.ts';
import { Chain, openSigner, type Signer } from './support/chain.ts';
import { addresses, instructions, SETTINGS, TIMELOCK_SECS, World } from './support/world.ts';

const keys = (count: number) =>
  Array.from({ length: count }, (_, at) => openSigner(`new ${at}`).key);

function name(
  world: World,
  setId: number,
  { by, ...given }: { by: Signer; quorum: number; keys: Uint8Array[] },
) {
  const set = addresses.verifierSet(world.config, setId);
  const at = { payer: world.chain.payer.key, admin: by.key, config: world.config, set };
  return world.chain.send([instructions.newVerifierSet(at, given)], [by]).refused;
}

describe('new_verifier_set', () => {
  it('serves at once when it is the first, and after the timelock when not', () => {
    const world = new World();
    expect(world.read(VerifierSet, world.set)).toMatchObject({ setId: 1, quorum: 2, members: 3 });
    expect(world.configState()).toMatchObject({
      setId: 1,
      previousSetId: 0,
      setActiveAt: world.chain.now,
    });
    expect(name(world, 2, { by: world.admin, quorum: 3, keys: keys(4) })).toBeUndefined();
    expect(world.configState()).toMatchObject({
      setId: 2,
      previousSetId: 1,
      setActiveAt: world.chain.now + TIMELOCK_SECS,
    });
  });

  it('refuses a third while the second waits', () => {
    const world = new World();
    name(world, 2, { by: world.admin, quorum: 3, keys: keys(4) });
    world.chain.warp(TIMELOCK_SECS - 1n);
    expect(name(world, 3, { by: world.admin, quorum: 2, keys: keys(3) })).toBe(
      'settlement-set-waiting',
    );
    world.chain.warp(1n);
    expect(name(world, 3, { by: world.admin, quorum: 2, keys: keys(3) })).toBeUndefined();
  });

  it("is the admin's to decide", () => {
    const world = new World();
    const given = { quorum: 2, keys: keys(3) };
    expect(name(world, 2, { by: openSigner('stranger'), ...given })).toBe('settlement-not-admin');
    const at = { payer: world.chain.payer.key, admin: world.admin.key, config: world.config };
    const made = instructions.newVerifierSet(
      { ...at, set: addresses.verifierSet(world.config, 2) },
      given,
    );
    for (const meta of made.accounts) if (meta.key === world.admin.key) meta.signer = false;
    expect(world.chain.send([made]).refused).toBe('settlement-signature-missing');
  });

  it.each([
    [0, 0, 'settlement-set-range'],
    [9, 17, 'settlement-set-range'],
    [4, 3, 'settlement-set-range'],
    [1, 2, 'settlement-set-range'],
    [1, 1, undefined],
    [9, 16, undefined],
  ])('quorum %i of %i: %s', (quorum, members, refused) => {
    expect(name(new World(), 2, { by: new World().admin, quorum, keys: keys(members) })).toBe(
      refused,
    );
  });

  it('refuses a verifier twice, keys that are cut off, and bytes that follow', () => {
    const world = new World();
    const [one = new Uint8Array(), two = new Uint8Array()] = keys(2);
    expect(name(world, 2, { by: world.admin, quorum: 2, keys: [one, two, one] })).toBe(
      'settlement-set-key-twice',
    );
    const set = addresses.verifierSet(world.config, 2);
    const at = { payer: world.chain.payer.key, admin: world.admin.key, config: world.config, set };
    const made = instructions.newVerifierSet(at, { quorum: 1, keys: [one] });
    for (const data of [made.data.slice(0, -1), Uint8Array.of(...made.data, 0)]) {
      expect(world.chain.send([{ ...made, data }], [world.admin]).refused).toBe(
        'settlement-malformed',
      );
    }
  });

  it('belongs to a config that exists', () => {
    const chain = new Chain();
    const admin = openSigner('nobody');
    const config = addresses.config(admin.key);
    const at = {
      payer: chain.payer.key,
      admin: admin.key,
      config,
      set: addresses.verifierSet(config, 1),
    };
    const made = instructions.newVerifierSet(at, { quorum: 1, keys: keys(1) });
    expect(chain.send([made], [admin]).refused).toBe('settlement-account-foreign');
    expect(SETTINGS.clusterTag).toHaveLength(32);
  });
});
