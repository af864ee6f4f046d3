import type { Cluster, Signer } from '#client/cluster.ts';
import type { MoneyReader } from '#client/money-reader.ts';
import type { Key } from '#protocol/settlement/layout.ts';
import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import type { Millis } from '#protocol/values/units.ts';
import type { FactCheck } from './fact-check.ts';
import type { LeafFiles } from './leaf-files.ts';
import type { SettlementBook } from './settlement-book.ts';

/** The world of settlement. */
export interface SettlerPorts {
  cluster: Cluster;
  facts: MoneyReader;
  checks: FactCheck;
  files: LeafFiles;
  book: SettlementBook;
  /** Unix milliseconds. */
  now(): number;
  say(level: 'info' | 'warning', text: string): void;
}

/** What a settler needs to know. */
export interface SettlerOptions {
  program: Key;
  config: Key;
  pool: Key;
  /** This verifier's own key signs roots. */
  self: PublicKey;
  sign(bytes: Uint8Array): Uint8Array;
  /** Who pays the fees of transactions. */
  payer: Signer;
  everyMs: Millis;
}

export interface Parts extends SettlerOptions, SettlerPorts {
  /** The pending root that was recomputed last, and how that ended. */
  reviewed: { dataHash: Digest; agrees: boolean } | undefined;
}
