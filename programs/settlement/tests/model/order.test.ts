import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SOL } from '../support/chain.ts';
import { putTokens, tokensOf } from '../support/tokens.ts';
import { must, World } from '../support/world.ts';
import { WORKERS, walletAt } from './actors.ts';

const earned = fc.array(fc.bigInt({ min: 0n, max: SOL }), {
  minLength: WORKERS.length,
  maxLength: WORKERS.length,
});
const drawn = fc.record({
  /** What each worker earns in each of some periods. */
  periods: fc.array(earned, { minLength: 1, maxLength: 4 }),
  /** Which period's leaf is claimed, and whose. */
  claims: fc.array(fc.tuple(fc.nat(), fc.nat({ max: WORKERS.length - 1 })), { maxLength: 16 }),
});

describe.each([false, true])('claims, tokens: %s', (tokens) => {
  it('come to the same in whatever order, from whatever root, and however often', () => {
    fc.assert(
      fc.property(drawn, ({ periods, claims }) => {
        const world = new World({ tokens });
        const held = (owner: Uint8Array) =>
          tokens
            ? tokensOf(world.chain, walletAt(owner, world.mint).key)
            : world.chain.lamports(owner);
        for (const { key } of WORKERS) {
          world.chain.fund(key, SOL);
          if (tokens) putTokens(world.chain, key, 0n);
        }
        const before = WORKERS.map(({ key }) => held(key));
        const escrow = world.fundEscrow(90n * SOL);
        must(world.chain.send([world.createPage()]));
        const sums = WORKERS.map(() => 0n);
        const settled = periods.map((amounts) => {
          for (const [at, amount] of amounts.entries()) sums[at] = (sums[at] ?? 0n) + amount;
          const leaves = WORKERS.map(({ key }, at) => ({
            recipient: key,
            cumulative: sums[at] ?? 0n,
          }));
          const total = sums.reduce((sum, each) => sum + each, 0n);
          const period = world.period(leaves, [{ recipient: escrow, cumulative: total }]);
          world.settle(period);
          world.chain.send([world.pull(period)]);
          return period;
        });
        const newest = WORKERS.map((_, index) => [settled.length - 1, index] as const);
        for (const [which, index] of [...claims, ...newest]) {
          const at = which % settled.length;
          const period = settled[at];
          if (period === undefined) throw new Error('there is a period');
          world.chain.svm.expireBlockhash();
          const { refused } = world.chain.send([world.claim(period, index, BigInt(at + 1))]);
          expect([undefined, 'settlement-nothing-due']).toContain(refused);
        }
        expect(world.pageState().claimed.slice(0, WORKERS.length)).toEqual(sums);
        expect(WORKERS.map(({ key }, at) => held(key) - (before[at] ?? 0n))).toEqual(sums);
        const { claimedTotal, pulledTotal, total } = world.poolState();
        expect([claimedTotal, pulledTotal]).toEqual([total, total]);
      }),
      { numRuns: 8 },
    );
  });
});
