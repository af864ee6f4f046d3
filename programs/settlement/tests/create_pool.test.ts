import { describe, expect, it } from 'vitest';
import { PROGRAMS } from '#protocol/settlement/addresses.ts';
import { openSigner } from './support/chain.ts';
import { MINT, putMint, tokensOf } from './support/tokens.ts';
import { addresses, EPOCH_CAP, instructions, must, World } from './support/world.ts';

describe('create_pool', () => {
  it('opens one for SOL', () => {
    const world = new World();
    expect(world.poolState()).toMatchObject({
      period: 0n,
      periodCap: EPOCH_CAP,
      finalizedAt: world.chain.now,
      retired: 0,
      mint: new Uint8Array(32),
    });
  });

  it('opens one for a token, with a vault that only the pool can open', () => {
    const world = new World({ tokens: true });
    expect(world.poolState()).toMatchObject({ mint: MINT, decimals: 6 });
    const vault = world.chain.account(world.vault);
    expect(vault?.owner).toEqual(PROGRAMS.token);
    expect(vault?.data.slice(32, 64)).toEqual(world.pool);
    expect(tokensOf(world.chain, world.vault)).toBe(0n);
  });

  const create = (world: World, change: { admin?: string; mint?: Uint8Array; cap?: bigint }) => {
    const admin = change.admin === undefined ? world.admin : openSigner(change.admin);
    const mint = change.mint ?? MINT;
    const pool = addresses.pool(world.config, mint);
    const made = { vault: addresses.vault(pool), mint };
    const at = { payer: world.chain.payer.key, admin: admin.key, config: world.config, pool, made };
    const instruction = instructions.createPool(at, { periodCap: change.cap ?? 1n });
    return world.chain.send([instruction], [admin]).refused;
  };

  it('refuses another admin, a cap of nothing and a mint of another program', () => {
    const world = new World();
    putMint(world.chain);
    expect(create(world, { admin: 'stranger' })).toBe('settlement-not-admin');
    expect(create(world, { cap: 0n })).toBe('settlement-setting-range');
    const real = world.chain.account(MINT);
    if (real === undefined) throw new Error('no mint');
    const [foreign, long] = [openSigner('a mint elsewhere').key, openSigner('no mint').key];
    world.chain.put(foreign, { ...real, owner: world.config });
    world.chain.put(long, { ...real, data: new Uint8Array(165) });
    for (const mint of [world.config, foreign, long])
      expect(create(world, { mint })).toBe('settlement-program-wrong');
    expect(create(world, {})).toBeUndefined();
    expect(create(world, {})).toBeDefined();
  });

  it('needs the admin to sign and the token program to be itself', () => {
    const world = new World();
    putMint(world.chain);
    const pool = addresses.pool(world.config, MINT);
    const at = { payer: world.chain.payer.key, admin: world.admin.key, config: world.config, pool };
    const make = () =>
      instructions.createPool(
        { ...at, made: { vault: addresses.vault(pool), mint: MINT } },
        { periodCap: 1n },
      );
    const unsigned = make();
    for (const meta of unsigned.accounts) if (meta.key === world.admin.key) meta.signer = false;
    expect(world.chain.send([unsigned]).refused).toBe('settlement-signature-missing');
    const other = make();
    other.accounts = other.accounts.map((meta) =>
      meta.key === PROGRAMS.token ? { ...meta, key: PROGRAMS.system } : meta,
    );
    expect(world.chain.send([other], [world.admin]).refused).toBe('settlement-program-wrong');
    const short = make();
    short.accounts = short.accounts.slice(0, -1);
    expect(world.chain.send([short], [world.admin]).refused).toBe('settlement-accounts-missing');
    must(world.chain.send([make()], [world.admin]));
  });
});
