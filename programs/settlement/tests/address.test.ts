import { expect, it } from 'vitest';
import { utf8ToBytes } from '#protocol/bytes/digest.ts';
import { Page, VerifierSet } from '#protocol/settlement/accounts.ts';
import { deriveAddress } from '#protocol/settlement/addresses.ts';
import { encode, u32, u64 } from '#protocol/settlement/layout.ts';
import { PROGRAM_ID, type Signer, SOL } from './support/chain.ts';
import { KINDS, must, World } from './support/world.ts';

it.each(KINDS)('every account holds the bump of its address, %o', (kind) => {
  const world = new World(kind);
  const verifier = world.verifiers[0] as Signer;
  world.putBonds(SOL, [verifier]);
  const escrow = world.fundEscrow(SOL, 3n);
  must(world.chain.send([world.createPage(2)]));
  const bumpOf = (name: string, ...seeds: Uint8Array[]) =>
    deriveAddress(PROGRAM_ID, [utf8ToBytes(name), ...seeds]).bump;
  const { config, pool } = world;
  expect(world.configState().bump).toBe(bumpOf('cfg', world.admin.key));
  expect(world.read(VerifierSet, world.set).bump).toBe(bumpOf('vset', config, encode(u32, 1)));
  expect(world.bondState(verifier).bump).toBe(bumpOf('bond', config, verifier.key));
  expect(world.poolState().bump).toBe(bumpOf('pool', config, world.mint));
  const seeds = [pool, world.poster.key, encode(u64, 3n)];
  expect(world.escrowState(escrow).bump).toBe(bumpOf('esc', ...seeds));
  expect(world.pageState(2)).toMatchObject({
    bump: bumpOf('page', pool, encode(u32, 2)),
    pageNo: 2,
    pool,
    rentPayer: world.chain.payer.key,
  });
  if (kind.tokens) {
    expect(world.poolState().vaultBump).toBe(bumpOf('vault', pool));
    expect(world.escrowState(escrow).vaultBump).toBe(bumpOf('vault', escrow));
  }
});

it('pays only what an account lacks', () => {
  const world = new World();
  world.chain.fund(world.page(), 5_000_000n);
  const before = world.chain.lamports(world.chain.payer.key);
  must(world.chain.send([world.createPage()]));
  expect(world.chain.lamports(world.page())).toBe(world.chain.rent(Page.bytes));
  const paid = world.chain.rent(Page.bytes) - 5_000_000n + 5_000n;
  expect(world.chain.lamports(world.chain.payer.key)).toBe(before - paid);
  world.chain.fund(world.page(1), SOL);
  must(world.chain.send([world.createPage(1)]));
  expect(world.chain.lamports(world.page(1))).toBe(SOL);
});
