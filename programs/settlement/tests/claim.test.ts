import { describe, expect, it } from 'vitest';
import { PAGE_SLOTS, Pool } from '#protocol/settlement/accounts.ts';
import { associatedAccount } from '#protocol/settlement/addresses.ts';
import { U64_MAX } from '#protocol/settlement/layout.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { openSigner, SOL } from './support/chain.ts';
import { putTokens, tokensOf } from './support/tokens.ts';
import {
  addresses,
  CHALLENGE_SECS,
  instructions,
  must,
  type Period,
  World,
} from './support/world.ts';

const workers = Array.from({ length: 3 }, (_, at) => openSigner(`worker ${at}`).key);
const [alice, bob, carol] = workers as [Uint8Array, Uint8Array, Uint8Array];

function open(tokens: boolean) {
  const world = new World({ tokens });
  const escrow = world.fundEscrow(50n * SOL);
  const periodOf = (...amounts: bigint[]) =>
    world.period(
      amounts.map((cumulative, at) => ({ recipient: workers[at] ?? alice, cumulative })),
      [{ recipient: escrow, cumulative: amounts.reduce((sum, each) => sum + each, 0n) }],
    );
  const settle = (period: Period) => {
    world.settle(period);
    must(world.chain.send([world.pull(period)]));
  };
  if (tokens) for (const worker of workers) putTokens(world.chain, worker, 0n);
  must(world.chain.send([world.createPage()]));
  const paid = (worker: Uint8Array) =>
    tokens
      ? tokensOf(world.chain, associatedAccount(worker, world.mint).key)
      : world.chain.lamports(worker);
  const refusal = (...made: Instruction[]) => world.chain.send(made).refused;
  return { world, escrow, periodOf, settle, paid, refusal };
}

describe.each([false, true])('claim, tokens: %s', (tokens) => {
  it('pays once, and later the difference', () => {
    const { world, periodOf, settle, paid, refusal } = open(tokens);
    const first = periodOf(SOL, 2n * SOL, 3n * SOL);
    settle(first);
    expect(refusal(world.claim(first, 1))).toBeUndefined();
    expect(paid(bob)).toBe(2n * SOL);
    expect(world.pageState().claimed.slice(0, 3)).toEqual([0n, 2n * SOL, 0n]);
    expect(world.poolState().claimedTotal).toBe(2n * SOL);
    expect(refusal(world.claim(first, 1), world.createPage(9))).toBe('settlement-nothing-due');
    const second = periodOf(SOL, 5n * SOL, 3n * SOL);
    settle(second);
    expect(refusal(world.claim(first, 1, 1n))).toBe('settlement-nothing-due');
    expect(refusal(world.claim(second, 1))).toBeUndefined();
    expect(paid(bob)).toBe(5n * SOL);
    expect(refusal(world.claim(first, 1, 1n), world.createPage(8))).toBe('settlement-nothing-due');
    // An older root pays what it says, and the newer one the rest: whatever the order.
    expect(refusal(world.claim(first, 2, 1n))).toBeUndefined();
    expect(paid(carol)).toBe(3n * SOL);
    expect(refusal(world.claim(second, 2))).toBe('settlement-nothing-due');
  });

  it('refuses a leaf that is not in the root: amount, recipient, index, tag', () => {
    const { world, periodOf, settle, refusal } = open(tokens);
    const period = periodOf(SOL, 2n * SOL, 3n * SOL);
    settle(period);
    const changed = (
      change: Partial<{ index: number; cumulative: bigint; recipient: Uint8Array }>,
    ) => {
      const index = change.index ?? 1;
      const recipient = change.recipient ?? bob;
      const wallet = world.wallet(recipient);
      const at = {
        pool: world.pool,
        page: world.page(),
        recipient,
        tokens: world.tokens(world.vault, wallet.key),
      };
      const proof = world.claim(period, 1).data.slice(22);
      const data = {
        period: 1n,
        index,
        cumulative: change.cumulative ?? 2n * SOL,
        walletBump: tokens ? wallet.bump : 0,
      };
      return refusal(instructions.claim(at, data, proof));
    };
    expect(changed({ cumulative: 2n * SOL + 1n })).toBe('settlement-proof-wrong');
    expect(changed({ cumulative: U64_MAX })).toBe('settlement-overflow');
    expect(changed({ recipient: alice })).toBe('settlement-proof-wrong');
    expect(changed({ index: 0 })).toBe('settlement-proof-wrong');
    expect(changed({ index: 3 })).toBe('settlement-index-range');
    const spends = { ...period, claims: period.spends };
    expect(refusal(world.claim(spends, 0))).toBe('settlement-proof-length');
    expect(changed({})).toBeUndefined();
  });

  it('refuses a proof that any bit of was turned, and one of another length', () => {
    const { world, periodOf, settle, refusal } = open(tokens);
    const period = periodOf(SOL, 2n * SOL, 3n * SOL);
    settle(period);
    const made = world.claim(period, 1);
    for (let at = 22; at < made.data.length; at += 1) {
      const data = made.data.slice();
      data[at] = (data[at] ?? 0) ^ (1 << (at % 8));
      expect(['settlement-proof-wrong', 'settlement-overflow']).toContain(
        refusal({ ...made, data }),
      );
    }
    expect(refusal({ ...made, data: made.data.slice(0, -40) })).toBe('settlement-proof-length');
    expect(
      refusal({ ...made, data: Uint8Array.of(...made.data, ...made.data.slice(22, 62)) }),
    ).toBe('settlement-proof-length');
    expect(refusal({ ...made, data: made.data.slice(0, 21) })).toBe('settlement-malformed');
  });

  it('never takes an inner node for a leaf', () => {
    const { world, periodOf, settle, refusal } = open(tokens);
    const period = periodOf(SOL, 2n * SOL, 3n * SOL);
    settle(period);
    // The first inner node stands for leaves 0 and 1: shown as a leaf it is one step short.
    const proof = world.claim(period, 0).data.slice(62);
    const at = {
      pool: world.pool,
      page: world.page(),
      recipient: alice,
      tokens: world.tokens(world.vault, world.wallet(alice).key),
    };
    expect(
      refusal(
        instructions.claim(
          at,
          { period: 1n, index: 0, cumulative: 3n * SOL, walletBump: 0 },
          proof,
        ),
      ),
    ).toBe('settlement-proof-length');
  });

  it('refuses a period that is not final, or not any more', () => {
    const { world, periodOf, settle, refusal } = open(tokens);
    const period = periodOf(SOL);
    expect(refusal(world.claim(period, 0, 0n))).toBe('settlement-root-unknown');
    expect(refusal(world.claim(period, 0, 1n))).toBe('settlement-root-unknown');
    for (let each = 1n; each <= 8n; each += 1n) settle(periodOf(each * SOL));
    settle(periodOf(9n * SOL));
    expect(refusal(world.claim(period, 0, 1n))).toBe('settlement-root-unknown');
    expect(refusal(world.claim(period, 0, 17n))).toBe('settlement-root-unknown');
    expect(refusal(world.claim(periodOf(2n * SOL), 0, 2n))).toBeUndefined();
  });

  it('pays no more than was pulled', () => {
    const { world, periodOf, refusal } = open(tokens);
    const period = periodOf(SOL, 2n * SOL);
    world.settle(period);
    expect(refusal(world.claim(period, 0))).toBe('settlement-not-pulled');
    must(world.chain.send([world.pull(period)]));
    expect(refusal(world.claim(period, 0), world.claim(period, 1))).toBeUndefined();
  });

  it('takes the page of this pool and of these leaves', () => {
    const { world, periodOf, settle, refusal } = open(tokens);
    must(world.chain.send([world.createPage(1)]));
    const period = periodOf(SOL);
    settle(period);
    const made = world.claim(period, 0);
    const beside = new World({ beside: world });
    must(world.chain.send([beside.createPage()]));
    for (const key of [world.page(1), beside.page()]) {
      const accounts = made.accounts.map((meta, at) => (at === 1 ? { ...meta, key } : meta));
      expect(refusal({ ...made, accounts })).toBe('settlement-page-wrong');
    }
  });

  it('is over in a retired pool', () => {
    const { world, periodOf, settle, refusal } = open(tokens);
    const period = periodOf(SOL);
    settle(period);
    must(world.chain.send([world.claim(period, 0)]));
    const { admin, config, pool } = world;
    must(world.chain.send([instructions.retirePool({ admin: admin.key, config, pool })], [admin]));
    expect(refusal(world.claim(period, 0), world.finalize())).toBe('settlement-pool-retired');
  });

  it('leaves nobody with a root whose sum is larger than its total', () => {
    const { world, periodOf, refusal } = open(tokens);
    // Verifiers who sign a total below what their tree adds up to.
    const period = periodOf(SOL, 2n * SOL);
    const short = { content: { ...period.content, total: 2n * SOL } };
    must(world.chain.send(world.propose(short)));
    world.chain.warp(CHALLENGE_SECS);
    must(world.chain.send([world.finalize()]));
    expect(refusal(world.claim(period, 0))).toBe('settlement-proof-wrong');
    expect(refusal(world.claim(period, 1))).toBe('settlement-proof-wrong');
  });
});

describe('claim', () => {
  it('pays thousands from many pages', () => {
    const world = new World();
    const escrow = world.fundEscrow(50n * SOL);
    const count = PAGE_SLOTS * 2 + 1;
    const amount = SOL / 1000n;
    const leaves = Array.from({ length: count }, () => ({ recipient: alice, cumulative: amount }));
    const period = world.period(leaves, [
      { recipient: escrow, cumulative: amount * BigInt(count) },
    ]);
    world.settle(period);
    must(world.chain.send([world.pull(period), world.createPage(1), world.createPage(2)]));
    for (const index of [PAGE_SLOTS, 2 * PAGE_SLOTS - 1, 2 * PAGE_SLOTS])
      must(world.chain.send([world.claim(period, index)]));
    expect(world.chain.lamports(alice)).toBe(3n * amount);
    expect(world.pageState(1).claimed[1023]).toBe(amount);
  });

  it('leaves the pool its rent', () => {
    const { world, periodOf, settle } = open(false);
    const period = periodOf(SOL, SOL, SOL);
    settle(period);
    for (const index of [0, 1, 2]) must(world.chain.send([world.claim(period, index)]));
    expect(world.chain.lamports(world.pool)).toBe(world.chain.rent(Pool.bytes));
  });

  it('says so when the amount is below what a new wallet must hold', () => {
    const { world, periodOf, settle, refusal } = open(false);
    const period = periodOf(500_000n, SOL);
    settle(period);
    expect(refusal(world.claim(period, 0))).toMatch(/InsufficientFundsForRent/);
  });

  it("pays tokens into the wallet's own associated account only", () => {
    const { world, periodOf, settle, refusal } = open(true);
    const period = periodOf(SOL, 2n * SOL);
    settle(period);
    const wallet = world.wallet(alice);
    const proof = world.claim(period, 0).data.slice(22);
    const by = (from: Uint8Array, to: Uint8Array, bump = wallet.bump) => {
      const at = {
        pool: world.pool,
        page: world.page(),
        recipient: alice,
        tokens: world.tokens(from, to),
      };
      return refusal(
        instructions.claim(at, { period: 1n, index: 0, cumulative: SOL, walletBump: bump }, proof),
      );
    };
    expect(by(world.vault, world.wallet(bob).key)).toBe('settlement-token-account');
    // Another bump derives another address, or one that a key could own, so none.
    const others = Array.from({ length: 8 }, (_, at) =>
      by(world.vault, wallet.key, wallet.bump - 1 - at),
    );
    expect(new Set(others)).toEqual(
      new Set(['settlement-token-account', 'settlement-address-wrong']),
    );
    expect(by(addresses.vault(world.escrow()), wallet.key)).toBe('settlement-token-account');
    // The account is where it should be, but the wallet has given it away.
    const mine = world.chain.account(wallet.key);
    if (mine === undefined) throw new Error('no account');
    const given = mine.data.slice();
    given.set(bob, 32);
    for (const data of [given, mine.data.slice(0, -1)]) {
      world.chain.put(wallet.key, { ...mine, data });
      expect(by(world.vault, wallet.key)).toBe('settlement-token-account');
    }
    world.chain.put(wallet.key, mine);
    expect(by(world.vault, wallet.key)).toBeUndefined();
  });
});
