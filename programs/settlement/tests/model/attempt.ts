import { bytesToHex } from '#protocol/bytes/digest.ts';
import type { Escrow } from '#protocol/settlement/accounts.ts';
import type { Tokens } from '#protocol/settlement/instructions.ts';
import type { Key } from '#protocol/settlement/layout.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import type { Signer } from '../support/chain.ts';
import type { World } from '../support/world.ts';
import { escrowAt, NONCES, POSTERS, vaultAt, walletAt } from './actors.ts';
import type { Draw } from './draw.ts';
import {
  addLamports,
  demand,
  lamportsOf,
  type Model,
  moveLamports,
  moveTokens,
  type Trees,
  type Way,
} from './model.ts';

/** What a command is made from. */
export interface Setting {
  world: World;
  model: Model;
  trees: Trees;
  draw: Draw;
  /** Whether verifiers may sign what cannot be. */
  cheats: boolean;
}

/** One instruction, with what must stand before it, and the rule that says what becomes of it. */
export interface Attempt {
  made: Instruction[];
  signers: readonly Signer[];
  /** Throws `Refused` and changes nothing, or does to the model what the program does. */
  rule: () => void;
}

export type Aim = (setting: Setting) => Attempt;

/** Some escrow's place; one that is free, mostly. */
export function drawEscrow({ world, model, draw }: Setting) {
  const places = POSTERS.flatMap((poster) =>
    NONCES.map((nonce) => {
      const { key, bump } = escrowAt(world.pool, poster.key, nonce);
      return { poster, nonce, escrow: key, bump };
    }),
  );
  const free = places.filter(({ escrow }) => !model.escrows.has(bytesToHex(escrow)));
  return draw.pick(free.length === 0 || draw.once(4) ? places : free);
}

/** An escrow that is there, mostly. */
export function drawOpened(setting: Setting) {
  const drawn = drawEscrow(setting);
  const { model, draw } = setting;
  if (model.escrows.size === 0 || draw.once(10)) return drawn;
  const escrow = draw.pick([...model.escrows.values()]);
  const poster = POSTERS.find(({ key }) => bytesToHex(key) === bytesToHex(escrow.poster));
  if (poster === undefined) return drawn;
  const { key, bump } = escrowAt(escrow.pool, escrow.poster, escrow.nonce);
  return { poster, nonce: escrow.nonce, escrow: key, bump };
}

export const escrowOf = (model: Model, key: Key): Escrow | undefined =>
  model.escrows.get(bytesToHex(key));

/** Token accounts of a movement, in a pool of tokens. */
export const tokensBetween = ({ world }: Setting, from: Key, to: Key): Tokens | undefined =>
  world.tokens(from, to);

export const walletOf = ({ world }: Setting, owner: Key) =>
  world.usesTokens ? walletAt(owner, world.mint) : { key: EMPTY_KEY, bump: 0 };

/** An account comes to be: its payer adds what is missing to what lies there already. */
export function create(
  { world, model }: Setting,
  account: { key: Key; bytes: number },
  payer: Key,
): void {
  const rent = world.chain.rent(account.bytes);
  const before = lamportsOf(model, account.key);
  if (before < rent) moveLamports(model, { from: payer, to: account.key }, rent - before);
  else model.sums.strays.set(bytesToHex(account.key), before - rent);
}

/** An account of ours goes, with all that is in it. */
export function close(model: Model, key: Key, heir: Key): void {
  const all = lamportsOf(model, key);
  addLamports(model, key, -all);
  addLamports(model, heir, all);
  model.sums.strays.delete(bytesToHex(key));
}

/**
 * Money out of the pool's or an escrow's keeping; `wallet` is the token account it goes to in a
 * pool of tokens.
 */
export function payOut(
  { model }: Setting,
  { from, to, wallet }: Way & { wallet: Key },
  amount: bigint,
): void {
  if (!model.usesTokens) return moveLamports(model, { from, to }, amount);
  demand(model.tokens.has(bytesToHex(wallet)), 'settlement-token-account');
  const vault = vaultAt(from).key;
  demand((model.tokens.get(bytesToHex(vault)) ?? 0n) >= amount, 'runtime');
  moveTokens(model, { from: vault, to: wallet }, amount);
}

/** A wallet may be empty or hold what an account without data must; not something between. */
export function spendable({ world, model }: Setting, wallet: Key, lamports: bigint): void {
  const left = lamportsOf(model, wallet) - lamports;
  demand(left === 0n || left >= world.chain.rent(0), 'runtime');
}
