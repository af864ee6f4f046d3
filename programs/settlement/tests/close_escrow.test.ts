import { describe, expect, it } from 'vitest';
import { Escrow } from '#protocol/settlement/accounts.ts';
import { openSigner, SOL } from './support/chain.ts';
import { TOKEN_BYTES, tokensOf } from './support/tokens.ts';
import {
  addresses,
  DEADLINE_SECS,
  GRACE_SECS,
  instructions,
  KINDS,
  must,
  World,
  type WorldOptions,
} from './support/world.ts';

const worker = openSigner('worker').key;

function open(options: WorldOptions = {}) {
  const world = new World(options);
  const escrow = world.fundEscrow(10n * SOL);
  const close = (change: Partial<Record<'pool' | 'rentPayer' | 'vault', Uint8Array>> = {}) => {
    const vault = world.usesTokens ? addresses.vault(escrow) : undefined;
    const { pool, poster } = world;
    const at = { poster: poster.key, pool, escrow, rentPayer: world.chain.payer.key, vault };
    return instructions.closeEscrow({ ...at, ...change });
  };
  const refusal = (made = close()) => world.chain.send([made], [world.poster]).refused;
  /** At the deadline, everything back to the poster. */
  const empty = () => {
    world.chain.warp(DEADLINE_SECS);
    must(world.chain.send([world.refund(undefined)]));
  };
  return { world, escrow, close, refusal, empty };
}

describe.each(KINDS)('close_escrow, %o', (kind) => {
  it('gives the rent back to who paid it, once the escrow is empty', () => {
    const { world, escrow, refusal, empty } = open(kind);
    expect(refusal()).toBe('settlement-escrow-not-empty');
    empty();
    const { chain } = world;
    const before = chain.lamports(chain.payer.key);
    const outcome = must(chain.send([world.closeEscrow()], [world.poster]));
    const rent = chain.rent(Escrow.bytes) + (kind.tokens ? chain.rent(TOKEN_BYTES) : 0n);
    expect(outcome.refused).toBeUndefined();
    // Two signatures.
    expect(chain.lamports(chain.payer.key)).toBe(before + rent - 10_000n);
    expect(chain.account(escrow)).toBeUndefined();
    expect(chain.account(addresses.vault(escrow))).toBeUndefined();
    expect(refusal()).toBe('settlement-account-foreign');
  });

  it('waits until what is final is pulled', () => {
    const { world, escrow, refusal } = open(kind);
    const period = world.period(
      [{ recipient: worker, cumulative: 4n * SOL }],
      [{ recipient: escrow, cumulative: 4n * SOL }],
    );
    world.settle(period);
    must(world.chain.send([world.requestRefund()], [world.poster]));
    world.chain.warp(GRACE_SECS);
    must(world.chain.send([world.refund(period)]));
    expect(refusal()).toBe('settlement-escrow-not-empty');
    must(world.chain.send([world.pull(period)]));
    expect(refusal()).toBeUndefined();
  });

  it('leaves nothing that comes to life again: a new one of its name has another index', () => {
    const { world, escrow, close, empty } = open(kind);
    empty();
    must(world.chain.send([close(), world.openEscrow()], [world.poster]));
    expect(world.escrowState(escrow)).toMatchObject({
      index: 1,
      deposited: 0n,
      refunded: 0n,
      pulled: 0n,
      requested: 0n,
    });
  });

  it('also closes one that was never paid into', () => {
    const { world } = open(kind);
    must(world.chain.send([world.openEscrow(1n), world.closeEscrow(1n)], [world.poster]));
    expect(world.chain.account(world.escrow(1n))).toBeUndefined();
  });

  it("is the poster's, with its signature, for who paid the rent", () => {
    const { world, escrow, close, refusal, empty } = open(kind);
    empty();
    const unsigned = close();
    for (const meta of unsigned.accounts) meta.signer = false;
    expect(world.chain.send([unsigned]).refused).toBe('settlement-signature-missing');
    const stranger = openSigner('stranger');
    const foreign = close();
    for (const meta of foreign.accounts) if (meta.key === world.poster.key) meta.key = stranger.key;
    expect(world.chain.send([foreign], [stranger]).refused).toBe('settlement-not-poster');
    expect(refusal(close({ rentPayer: world.poster.key }))).toBe('settlement-recipient-wrong');
    const beside = new World({ beside: world });
    expect(refusal(close({ pool: beside.pool }))).toBe('settlement-account-unrelated');
    const longer = { ...close(), data: Uint8Array.of(...close().data, 0) };
    expect(refusal(longer)).toBe('settlement-malformed');
    expect(world.escrowState(escrow).refunded).toBe(10n * SOL);
  });
});

describe('close_escrow', () => {
  it('gives lamports that nobody deposited to who paid the rent', () => {
    const { world, escrow, refusal, empty } = open();
    empty();
    world.chain.fund(escrow, 3n * SOL);
    const before = world.chain.lamports(world.chain.payer.key);
    expect(refusal()).toBeUndefined();
    const rent = world.chain.rent(Escrow.bytes);
    expect(world.chain.lamports(world.chain.payer.key)).toBe(before + rent + 3n * SOL - 10_000n);
  });

  it("closes this escrow's vault, no other account that obeys the escrow", () => {
    const { world, escrow, close, refusal, empty } = open({ tokens: true });
    empty();
    // Anyone can open a token account that obeys the escrow.
    const mine = world.chain.account(addresses.vault(escrow));
    if (mine === undefined) throw new Error('no vault');
    const decoy = openSigner('a decoy of the vault').key;
    world.chain.put(decoy, mine);
    expect(refusal(close({ vault: decoy }))).toBe('settlement-token-account');
    const made = close();
    expect(refusal({ ...made, accounts: made.accounts.slice(0, 4) })).toBe(
      'settlement-accounts-missing',
    );
    expect(refusal({ ...made, accounts: made.accounts.slice(0, 3) })).toBe(
      'settlement-accounts-missing',
    );
    const other = made.accounts.map((meta, at) => (at === 5 ? { ...meta, key: worker } : meta));
    expect(refusal({ ...made, accounts: other })).toBe('settlement-program-wrong');
    expect(refusal()).toBeUndefined();
    expect(tokensOf(world.chain, addresses.vault(escrow))).toBe(0n);
  });
});
