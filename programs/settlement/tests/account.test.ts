import { expect, it } from 'vitest';
import { Escrow } from '#protocol/settlement/accounts.ts';
import { isSameKey } from '#protocol/settlement/layout.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { openSigner, PROGRAM_ID, SOL } from './support/chain.ts';
import { instructions, must, SETTINGS, World } from './support/world.ts';

const worker = openSigner('worker').key;

/**
 * One instruction of each kind that names a config or a pool beside another account, all of one
 * world.
 */
function open() {
  const world = new World();
  const escrow = world.fundEscrow(10n * SOL);
  const period = world.period(
    [{ recipient: worker, cumulative: SOL }],
    [{ recipient: escrow, cumulative: SOL }],
  );
  return { world, escrow, period };
}

const swap = (made: Instruction, old: Uint8Array, now: Uint8Array): Instruction => ({
  ...made,
  accounts: made.accounts.map((meta) => (isSameKey(meta.key, old) ? { ...meta, key: now } : meta)),
});

it('an account has the type, version and size that the instruction takes, and is ours', () => {
  const { world, escrow } = open();
  const real = world.chain.account(escrow);
  if (real === undefined) throw new Error('no escrow');
  const forged = openSigner('a forged escrow').key;
  const refusal = (change: Partial<typeof real>) => {
    world.chain.put(forged, { ...real, ...change });
    return world.chain.send([swap(world.deposit(1n), escrow, forged)], [world.poster]).refused;
  };
  const turned = (at: number) => {
    const data = real.data.slice();
    data[at] = (data[at] ?? 0) + 1;
    return data;
  };
  // Only the program makes accounts of its own: these cannot be, and are refused all the same.
  expect(refusal({ owner: worker })).toBe('settlement-account-foreign');
  expect(refusal({ data: turned(0) })).toBe('settlement-account-type');
  expect(refusal({ data: turned(1) })).toBe('settlement-account-type');
  expect(refusal({ data: real.data.slice(0, -8) })).toBe('settlement-account-type');
  expect(refusal({ data: Uint8Array.of(...real.data, ...new Uint8Array(8)) })).toBe(
    'settlement-account-type',
  );
  expect(real).toMatchObject({ owner: PROGRAM_ID, data: { length: Escrow.bytes } });
});

it('config, pool, set and escrow belong together, whatever the instruction', () => {
  const { world, period } = open();
  const beside = new World({ beside: world });
  const far = beside.fundEscrow(10n * SOL);
  const refusal = (...made: Instruction[]) =>
    world.chain.send(made, [world.poster, world.admin, beside.admin]).refused;
  const [checked, proposed] = world.propose(period) as [Instruction, Instruction];
  const { config, pool, set } = world;
  const unrelated = 'settlement-account-unrelated';
  expect(refusal(swap(world.openEscrow(5n), config, beside.config))).toBe(unrelated);
  expect(refusal(swap(world.deposit(1n), config, beside.config))).toBe(unrelated);
  const deposit = { depositor: world.poster.key, config, pool, escrow: far, tokens: undefined };
  expect(refusal(instructions.deposit(deposit, { amount: 1n }))).toBe(unrelated);
  expect(refusal(checked, swap(proposed, config, beside.config))).toBe(unrelated);
  expect(refusal(checked, swap(proposed, set, beside.set))).toBe(unrelated);
  must(world.chain.send([checked, proposed]));
  expect(refusal(swap(world.finalize(), config, beside.config))).toBe(unrelated);
  const veto = instructions.veto({ guardian: beside.admin.key, config: beside.config, pool });
  expect(refusal(veto)).toBe(unrelated);
  world.chain.warp(SETTINGS.challengeSecs);
  must(world.chain.send([world.finalize()]));
  expect(
    refusal(instructions.pull({ pool, escrow: far }, { cumulative: SOL }, new Uint8Array())),
  ).toBe(unrelated);
});
