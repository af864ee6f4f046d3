import { describe, expect, it } from 'vitest';
import { openSigner, SOL } from './support/chain.ts';
import { putTokens } from './support/tokens.ts';
import {
  GRACE_SECS,
  instructions,
  KINDS,
  must,
  World,
  type WorldOptions,
} from './support/world.ts';

const worker = openSigner('worker').key;

function open(options: WorldOptions = {}) {
  const world = new World(options);
  if (world.usesTokens) putTokens(world.chain, worker, 0n);
  const escrow = world.fundEscrow(10n * SOL);
  must(world.chain.send([world.createPage()]));
  const period = world.period(
    [{ recipient: worker, cumulative: SOL }],
    [{ recipient: escrow, cumulative: SOL }],
  );
  const refusal = (made = world.retire(), by = world.admin) =>
    world.chain.send([made], [by]).refused;
  return { world, period, refusal };
}

describe.each(KINDS)('retire_pool, %o', (kind) => {
  it('ends a pool when all that is final is pulled and claimed, not before', () => {
    const { world, period, refusal } = open(kind);
    must(world.chain.send(world.propose(period)));
    expect(refusal()).toBe('settlement-root-pending');
    world.chain.warp(GRACE_SECS);
    expect(refusal()).toBe('settlement-root-pending');
    must(world.chain.send([world.finalize()]));
    expect(refusal()).toBe('settlement-pool-owes');
    must(world.chain.send([world.pull(period)]));
    expect(refusal()).toBe('settlement-pool-owes');
    must(world.chain.send([world.claim(period, 0)]));
    expect(refusal()).toBeUndefined();
    expect(world.poolState().retired).toBe(1);
  });

  it('takes no new money and no new roots afterwards', () => {
    const { world, period, refusal } = open(kind);
    expect(refusal()).toBeUndefined();
    const refused = (...made: Parameters<typeof world.chain.send>) =>
      world.chain.send(...made).refused;
    expect(refused([world.deposit(SOL)], [world.poster])).toBe('settlement-pool-retired');
    expect(refused([world.openEscrow(1n)], [world.poster])).toBe('settlement-pool-retired');
    expect(refused([world.createPage(1)])).toBe('settlement-pool-retired');
    expect(refused(world.propose(period))).toBe('settlement-pool-retired');
  });
});

describe('retire_pool', () => {
  it('does not wait for a root that has expired', () => {
    const { world, period, refusal } = open();
    must(world.chain.send(world.propose(period)));
    world.chain.warp(GRACE_SECS + 1n);
    expect(refusal()).toBeUndefined();
    expect(world.chain.send([world.finalize()]).refused).toBe('settlement-attestation-expired');
  });

  it("is the admin's, with its signature, under the config of the pool", () => {
    const { world, refusal } = open();
    const { admin, config, pool, guardian } = world;
    const unsigned = world.retire();
    for (const meta of unsigned.accounts) meta.signer = false;
    expect(world.chain.send([unsigned]).refused).toBe('settlement-signature-missing');
    expect(refusal(instructions.retirePool({ admin: guardian.key, config, pool }), guardian)).toBe(
      'settlement-not-admin',
    );
    const beside = new World({ beside: world });
    expect(
      refusal(
        instructions.retirePool({ admin: beside.admin.key, config: beside.config, pool }),
        beside.admin,
      ),
    ).toBe('settlement-account-unrelated');
    const made = world.retire();
    expect(refusal({ ...made, data: Uint8Array.of(...made.data, 0) })).toBe('settlement-malformed');
    expect(refusal({ ...made, accounts: made.accounts.slice(1) })).toBe(
      'settlement-accounts-missing',
    );
    expect(admin.key).not.toEqual(beside.admin.key);
    expect(world.poolState().retired).toBe(0);
  });
});
