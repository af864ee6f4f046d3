import { Rent } from 'litesvm';
import { expect, it } from 'vitest';
import { Config } from '#protocol/settlement/accounts.ts';
import { Chain, openSigner, SOL, START_SECS } from './support/chain.ts';
import { addresses, instructions, SETTINGS, World } from './support/world.ts';

const admin = openSigner('admin');
const config = addresses.config(admin.key);

/** What an account of the program came to hold where rent has this price. */
function heldAt(lamportsPerByte: bigint, years: number) {
  const chain = new Chain();
  // At the highest price the payer's own account must hold 140,000 SOL.
  chain.fund(chain.payer.key, 1_000_000n * SOL);
  chain.svm.setRent(new Rent(lamportsPerByte, years, 50));
  const at = { payer: chain.payer.key, admin: admin.key, config };
  const { refused } = chain.send([instructions.initConfig(at, SETTINGS)], [admin]);
  return refused ?? chain.lamports(config);
}

it('reads the price of rent, in either way a cluster states it', () => {
  const bytes = BigInt(128 + Config.bytes);
  expect(heldAt(6_960n, 1)).toBe(6_960n * bytes);
  expect(heldAt(696n, 1)).toBe(696n * bytes);
  expect(heldAt(3_480n, 2)).toBe(6_960n * bytes);
  expect(heldAt(3_480n, 3)).toBe('settlement-rent-unreadable');
  // No price that multiplied by an account's bytes could be more than 64 bits.
  expect(heldAt(1n << 40n, 1)).toBe('settlement-rent-unreadable');
});

it('reads no clock from before 1970', () => {
  const world = new World();
  world.chain.warp(-START_SECS - 1n);
  expect(world.chain.send([world.openEscrow()], [world.poster]).refused).toBe(
    'settlement-clock-unreadable',
  );
});
