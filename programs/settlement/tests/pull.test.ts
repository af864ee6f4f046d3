import { describe, expect, it } from 'vitest';
import { Escrow, Pool } from '#protocol/settlement/accounts.ts';
import { openSigner, SOL } from './support/chain.ts';
import { tokensOf } from './support/tokens.ts';
import { addresses, instructions, must, World } from './support/world.ts';

const worker = openSigner('worker').key;

function open(tokens: boolean, amounts: [bigint, bigint] = [2n * SOL, 3n * SOL]) {
  const world = new World({ tokens });
  const escrows = [world.fundEscrow(10n * SOL), world.fundEscrow(10n * SOL, 1n)] as const;
  const periodOf = ([first, second]: [bigint, bigint]) =>
    world.period(
      [{ recipient: worker, cumulative: first + second }],
      [
        { recipient: escrows[0], cumulative: first },
        { recipient: escrows[1], cumulative: second },
      ],
    );
  const period = periodOf(amounts);
  world.settle(period);
  const held = (key: Uint8Array, bytes: number) =>
    tokens
      ? tokensOf(world.chain, addresses.vault(key))
      : world.chain.lamports(key) - world.chain.rent(bytes);
  return { world, escrows, period, periodOf, held };
}

describe.each([false, true])('pull, tokens: %s', (tokens) => {
  it('moves what was spent, once, and later only what came to it', () => {
    const { world, escrows, period, periodOf, held } = open(tokens);
    must(world.chain.send([world.pull(period)]));
    expect(held(world.pool, Pool.bytes)).toBe(2n * SOL);
    expect(held(escrows[0], Escrow.bytes)).toBe(8n * SOL);
    expect(world.escrowState(escrows[0]).pulled).toBe(2n * SOL);
    expect(world.poolState().pulledTotal).toBe(2n * SOL);
    expect(world.chain.send([world.pull(period), world.createPage()]).refused).toBe(
      'settlement-nothing-due',
    );
    must(world.chain.send([world.pull(period, 1n)]));
    const next = periodOf([2n * SOL, 7n * SOL]);
    world.settle(next);
    must(world.chain.send([world.pull(next, 1n)]));
    expect(world.poolState().pulledTotal).toBe(9n * SOL);
    expect(held(escrows[1], Escrow.bytes)).toBe(3n * SOL);
    expect(world.chain.send([world.pull(next)]).refused).toBe('settlement-nothing-due');
  });

  it('cannot take more than the escrow holds', () => {
    const { world, period } = open(tokens, [10n * SOL + 1n, 0n]);
    expect(world.chain.send([world.pull(period)]).refused).toBe('settlement-escrow-short');
  });

  it('refuses less than was pulled before', () => {
    const { world, period, periodOf } = open(tokens);
    must(world.chain.send([world.pull(period)]));
    const lower = periodOf([SOL, 4n * SOL]);
    world.settle(lower);
    expect(world.chain.send([world.pull(lower)]).refused).toBe('settlement-nothing-due');
    // What fell at one escrow has risen at the other, so it would be pulled twice.
    expect(world.chain.send([world.pull(lower, 1n)]).refused).toBe('settlement-total-falls');
  });

  it("refuses another amount, another escrow's proof, and a proof of another length", () => {
    const { world, escrows, period } = open(tokens);
    const { pool } = world;
    const made = world.pull(period);
    const proof = made.data.slice(9);
    const by = (escrow: Uint8Array, cumulative: bigint, steps: Uint8Array) =>
      world.chain.send([
        instructions.pull(
          { pool, escrow, tokens: world.tokens(addresses.vault(escrow), world.vault) },
          { cumulative },
          steps,
        ),
      ]).refused;
    expect(by(escrows[0], 2n * SOL + 1n, proof)).toBe('settlement-proof-wrong');
    expect(by(escrows[1], 2n * SOL, proof)).toBe('settlement-proof-wrong');
    expect(by(escrows[0], 2n * SOL, proof.slice(1))).toBe('settlement-proof-length');
    expect(by(escrows[0], 2n * SOL, new Uint8Array([...proof, ...proof]))).toBe(
      'settlement-proof-length',
    );
    const late = world.fundEscrow(SOL, 2n);
    expect(by(late, 0n, proof)).toBe('settlement-index-range');
  });
});

describe('pull', () => {
  it('moves tokens between these two vaults only', () => {
    const { world, escrows, period } = open(true);
    const { pool } = world;
    const proof = world.pull(period).data.slice(9);
    const by = (from: Uint8Array, to: Uint8Array) =>
      world.chain.send([
        instructions.pull(
          { pool, escrow: escrows[0], tokens: world.tokens(from, to) },
          { cumulative: 2n * SOL },
          proof,
        ),
      ]).refused;
    const vault = addresses.vault(escrows[0]);
    const other = addresses.vault(escrows[1]);
    expect(by(other, world.vault)).toBe('settlement-token-account');
    expect(by(vault, other)).toBe('settlement-token-account');
    expect(by(vault, vault)).toBe('settlement-token-account');
    const made = world.pull(period);
    const changed = (place: number, key: Uint8Array) => {
      const accounts = made.accounts.map((meta, at) => (at === place ? { ...meta, key } : meta));
      return world.chain.send([{ ...made, accounts }]).refused;
    };
    expect(changed(4, worker)).toBe('settlement-account-unrelated');
    expect(changed(5, worker)).toBe('settlement-program-wrong');
    expect(by(vault, world.vault)).toBeUndefined();
  });
});
