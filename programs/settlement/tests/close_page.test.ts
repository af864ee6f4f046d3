import { describe, expect, it } from 'vitest';
import { Page } from '#protocol/settlement/accounts.ts';
import { openSigner, SOL } from './support/chain.ts';
import { instructions, KINDS, must, World, type WorldOptions } from './support/world.ts';

function open(options: WorldOptions = {}) {
  const world = new World(options);
  must(world.chain.send([world.createPage()]));
  const close = (change: Partial<Record<'pool' | 'page' | 'rentPayer', Uint8Array>> = {}) => {
    const at = { pool: world.pool, page: world.page(), rentPayer: world.chain.payer.key };
    return instructions.closePage({ ...at, ...change });
  };
  const refusal = (made = close()) => world.chain.send([made]).refused;
  const retire = () => must(world.chain.send([world.retire()], [world.admin]));
  return { world, close, refusal, retire };
}

describe.each(KINDS)('close_page, %o', (kind) => {
  it('gives the rent of a retired pool back to who paid it, and no page comes after', () => {
    const { world, refusal, retire } = open(kind);
    expect(refusal()).toBe('settlement-pool-owes');
    retire();
    const { chain } = world;
    const before = chain.lamports(chain.payer.key);
    expect(refusal()).toBeUndefined();
    expect(chain.lamports(chain.payer.key)).toBe(before + chain.rent(Page.bytes) - 5_000n);
    expect(chain.account(world.page())).toBeUndefined();
    expect(refusal()).toBe('settlement-account-foreign');
    expect(refusal(world.createPage())).toBe('settlement-pool-retired');
  });
});

describe('close_page', () => {
  it('takes a page of this pool and who paid for it', () => {
    const { world, close, refusal, retire } = open();
    retire();
    const beside = new World({ beside: world });
    must(world.chain.send([beside.createPage()]));
    must(world.chain.send([beside.retire()], [beside.admin]));
    expect(refusal(close({ page: beside.page() }))).toBe('settlement-page-wrong');
    expect(refusal(close({ pool: beside.pool }))).toBe('settlement-page-wrong');
    const stranger = openSigner('stranger').key;
    world.chain.fund(stranger, SOL);
    expect(refusal(close({ rentPayer: stranger }))).toBe('settlement-recipient-wrong');
    expect(refusal(close({ page: world.pool }))).toBe('settlement-account-type');
    const longer = { ...close(), data: Uint8Array.of(...close().data, 0) };
    expect(refusal(longer)).toBe('settlement-malformed');
    expect(refusal({ ...close(), accounts: close().accounts.slice(1) })).toBe(
      'settlement-accounts-missing',
    );
    expect(refusal()).toBeUndefined();
  });
});
