import { describe, expect, it } from 'vitest';
import { must, World } from './support/world.ts';

describe('create_page', () => {
  it('makes room for 1,024 contributors, once', () => {
    const world = new World();
    must(world.chain.send([world.createPage(2)]));
    const page = world.pageState(2);
    expect(page).toMatchObject({ pageNo: 2, pool: world.pool, rentPayer: world.chain.payer.key });
    expect(page.claimed.every((amount) => amount === 0n)).toBe(true);
    expect(world.chain.send([world.createPage(2), world.createPage(3)]).refused).toBeDefined();
  });

  it('needs who pays to sign', () => {
    const world = new World();
    const made = world.createPage(1);
    const accounts = made.accounts.map((meta, at) =>
      at === 0 ? { ...meta, key: world.poster.key, signer: false } : meta,
    );
    expect(world.chain.send([{ ...made, accounts }]).refused).toBe('settlement-signature-missing');
  });

  it('stands at the address of its number', () => {
    const world = new World();
    const made = world.createPage(1);
    for (const meta of made.accounts)
      if (meta.key === made.accounts[2]?.key) meta.key = world.page(2);
    expect(world.chain.send([made]).refused).toBe('settlement-address-wrong');
  });
});
