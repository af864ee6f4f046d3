import { expect, it } from 'vitest';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { openSigner } from './support/chain.ts';
import { MINT } from './support/tokens.ts';
import { addresses, instructions, SETTINGS, World } from './support/world.ts';

const fresh = openSigner('an admin to be');

/** Instructions without a proof at their end, each as it would be taken. */
function open() {
  const world = new World();
  const { config, pool, guardian } = world;
  const payer = world.chain.payer.key;
  const [checked, proposed] = world.propose(world.period([], []), world.verifiers) as [
    Instruction,
    Instruction,
  ];
  const made: Record<string, Instruction[]> = {
    init_config: [
      instructions.initConfig(
        { payer, admin: fresh.key, config: addresses.config(fresh.key) },
        SETTINGS,
      ),
    ],
    create_pool: [
      instructions.createPool(
        { payer, admin: world.admin.key, config, pool: addresses.pool(config, MINT) },
        { periodCap: 1n },
      ),
    ],
    open_escrow: [world.openEscrow()],
    deposit: [world.openEscrow(), world.deposit(1n)],
    create_page: [world.createPage()],
    pause: [instructions.pause({ guardian: guardian.key, config }, { paused: 1 })],
    propose_root: [checked, proposed],
    veto: [checked, proposed, instructions.veto({ guardian: guardian.key, config, pool })],
    finalize_root: [world.finalize()],
  };
  const send = (all: Instruction[]) =>
    world.chain.send(all, [world.poster, world.admin, guardian, fresh]).refused;
  return { made, send };
}

it.each(Object.keys(open().made))('%s takes its data to the byte', (name) => {
  const { made, send } = open();
  const all = made[name] ?? [];
  const last = all.at(-1) as Instruction;
  const changed = (data: Uint8Array) => send([...all.slice(0, -1), { ...last, data }]);
  expect(changed(Uint8Array.of(...last.data, 0))).toBe('settlement-malformed');
  if (last.data.length > 1) expect(changed(last.data.slice(0, -1))).toBe('settlement-malformed');
  expect(changed(new Uint8Array())).toBe('settlement-malformed');
  expect(changed(Uint8Array.of(23))).toBe('settlement-instruction-unknown');
});

it('takes 32 accounts at most', () => {
  const world = new World();
  const made = world.createPage();
  const many = Array.from({ length: 29 }, () => ({
    key: world.pool,
    signer: false,
    writable: false,
  }));
  const send = (accounts: Instruction['accounts']) =>
    world.chain.send([{ ...made, accounts }]).refused;
  expect(send([...made.accounts, ...many])).toBe('settlement-accounts-missing');
  expect(send(made.accounts)).toBeUndefined();
});
