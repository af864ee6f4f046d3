import { bytesToHex } from '#protocol/bytes/digest.ts';
import type {
  Bond,
  Config,
  Escrow,
  Page,
  Pool,
  VerifierSet,
} from '#protocol/settlement/accounts.ts';
import { type Key, U64_MAX } from '#protocol/settlement/layout.ts';
import {
  depthOf,
  proveLeaf,
  type Root,
  STEP_BYTES,
  type TreeTag,
} from '#protocol/settlement/tree.ts';
import type { SettlementCode } from '#protocol/values/program-errors.ts';
import type { LeafOf, Period } from '../support/world.ts';

/**
 * What the settlement program should have written down, said a second time: plain objects, no
 * bytes, no hashes. Keys of maps are addresses in hex.
 */
export interface Model {
  now: bigint;
  usesTokens: boolean;
  config: Config;
  pool: Pool;
  sets: Map<number, VerifierSet>;
  escrows: Map<string, Escrow>;
  pages: Map<number, Page>;
  bonds: Map<string, Bond>;
  /** Of every account there is. */
  lamports: Map<string, bigint>;
  /** Of every token account there is. */
  tokens: Map<string, bigint>;
  sums: Sums;
}

/**
 * What went in and out of the pool so far, and what was sent to its accounts without an instruction
 * of its.
 */
export interface Sums {
  deposited: bigint;
  refunded: bigint;
  claimed: bigint;
  fees: bigint;
  /** Beyond rent and ledger, by address; of tokens under `tokens/`. */
  strays: Map<string, bigint>;
}

/** Why the program should say no. `runtime`: another program or the chain itself does. */
export type Code = SettlementCode | 'runtime';

export class Refused extends Error {
  readonly code: Code;
  constructor(code: Code) {
    super(code);
    this.code = code;
  }
}

export function demand(holds: boolean, code: Code): asserts holds {
  if (!holds) throw new Refused(code);
}

export function there<T>(account: T | undefined): T {
  demand(account !== undefined, 'settlement-account-foreign');
  return account;
}

export const add = (a: bigint, b: bigint): bigint => {
  demand(a + b <= U64_MAX, 'settlement-overflow');
  return a + b;
};

export const lamportsOf = (model: Model, key: Key): bigint =>
  model.lamports.get(bytesToHex(key)) ?? 0n;

export function addLamports(model: Model, key: Key, lamports: bigint): void {
  const sum = lamportsOf(model, key) + lamports;
  if (sum === 0n) model.lamports.delete(bytesToHex(key));
  else model.lamports.set(bytesToHex(key), sum);
}

export interface Way {
  from: Key;
  to: Key;
}

export function moveLamports(model: Model, { from, to }: Way, lamports: bigint): void {
  addLamports(model, from, -lamports);
  addLamports(model, to, lamports);
}

export function moveTokens({ tokens }: Model, { from, to }: Way, amount: bigint): void {
  const [source, target] = [bytesToHex(from), bytesToHex(to)];
  tokens.set(source, (tokens.get(source) ?? 0n) - amount);
  tokens.set(target, (tokens.get(target) ?? 0n) + amount);
}

/** What the trees behind roots say: those who made a root know it, the chain does not. */
export class Trees {
  readonly #known = new Map<string, Period>();

  note(period: Period): void {
    this.#known.set(nameOf('claim/v1', period.claims), period);
    this.#known.set(nameOf('spend/v1', period.spends), period);
  }

  of(tag: TreeTag, root: Pick<Root, 'root' | 'leafCount'>): Period | undefined {
    return this.#known.get(nameOf(tag, root));
  }

  leaf(tag: TreeTag, root: Pick<Root, 'root' | 'leafCount'>, index: number): LeafOf {
    const period = this.of(tag, root);
    return (tag === 'claim/v1' ? period?.claimLeaves : period?.spendLeaves)?.[index];
  }

  prove(tag: TreeTag, root: Pick<Root, 'root' | 'leafCount'>, index: number): Uint8Array {
    const period = this.of(tag, root);
    const tree = tag === 'claim/v1' ? period?.claims : period?.spends;
    const proof = tree && proveLeaf(tree, index);
    return proof?.ok ? proof.value : new Uint8Array(depthOf(root.leafCount) * STEP_BYTES);
  }

  /**
   * A leaf is right when it stands in the tree, with its own proof, and the tree has the total that
   * was signed.
   */
  check(tag: TreeTag, shown: Shown, expected: Root): void {
    demand(shown.index < expected.leafCount, 'settlement-index-range');
    const length = depthOf(expected.leafCount) * STEP_BYTES;
    demand(shown.proof.length === length, 'settlement-proof-length');
    const view = new DataView(shown.proof.slice().buffer);
    let sum = shown.cumulative;
    for (let at = 32; at < length; at += STEP_BYTES) sum = add(sum, view.getBigUint64(at, true));
    const leaf = this.leaf(tag, expected, shown.index);
    const isKnown = this.of(tag, expected) !== undefined;
    const isLeaf =
      bytesToHex(leaf?.recipient ?? new Uint8Array(32)) === bytesToHex(shown.recipient) &&
      (leaf?.cumulative ?? 0n) === shown.cumulative;
    const proof = bytesToHex(this.prove(tag, expected, shown.index));
    const isWhole = proof === bytesToHex(shown.proof) && sum === expected.total;
    demand(isKnown && isLeaf && isWhole, 'settlement-proof-wrong');
  }
}

const nameOf = (tag: TreeTag, { root, leafCount }: Pick<Root, 'root' | 'leafCount'>) =>
  `${tag}/${bytesToHex(root)}/${leafCount}`;

/** A leaf as an instruction shows it. */
export interface Shown {
  index: number;
  recipient: Key;
  cumulative: bigint;
  proof: Uint8Array;
}

export const isLive = ({ pool: { pending }, now }: Model): boolean =>
  pending.state !== 0 &&
  now <= pending.expiresAt &&
  (pending.state !== 1 || now <= pending.challengeEnd);
