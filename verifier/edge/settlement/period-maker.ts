import { createHash } from 'node:crypto';
import type { Content } from '#protocol/settlement/attestation.ts';
import type { Key } from '#protocol/settlement/layout.ts';
import {
  buildTrees,
  contentOf,
  decodeLeafFile,
  encodeLeafFile,
  type LeafFile,
  type Trees,
} from '#protocol/settlement/leaf-file.ts';
import {
  checkGrowth,
  type LeafCounts,
  type MoneyFacts,
  makeLeafFile,
  totalOf,
} from '#protocol/settlement/period-leaves.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { type Instant, instant } from '#protocol/values/units.ts';
import { hashFile } from './leaf-files.ts';

/** A period that may be signed: its file, its trees and what they come to. */
export interface MadePeriod {
  bytes: Uint8Array;
  file: LeafFile;
  trees: Trees;
  content: Content;
}

export interface Wanted {
  facts: MoneyFacts;
  period: bigint;
  through: Instant;
  least: LeafCounts;
  pool: Key;
  /** The last final file; undefined before the first period. */
  last: LeafFile | undefined;
}

/** SHA-256 by the platform: a tree hashes twice as often as it has leaves. */
const hash = (data: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(data).digest());

/** The leaves of a period; refuses those that take back what was final. */
export function makeLeaves({ facts, period, through, least, last }: Wanted): Result<LeafFile> {
  const file = makeLeafFile(facts, { period, through, least });
  const grows = last === undefined ? accept(true) : checkGrowth(last, file);
  return grows.ok ? accept(file) : grows;
}

/** A period of the facts, trees and all. */
export function makePeriod(wanted: Wanted): Result<MadePeriod> {
  const file = makeLeaves(wanted);
  return file.ok ? makeTrees(file.value, wanted.pool) : file;
}

export const makeTrees = (file: LeafFile, pool: Key): Result<MadePeriod> =>
  describePeriod(encodeLeafFile(file), file, pool);

/** A period of a file that is there already. */
export function readPeriod(bytes: Uint8Array, pool: Key): Result<MadePeriod> {
  const file = decodeLeafFile(bytes);
  return file.ok ? describePeriod(bytes, file.value, pool) : file;
}

function describePeriod(bytes: Uint8Array, file: LeafFile, pool: Key): Result<MadePeriod> {
  const trees = buildTrees(file, pool, hash);
  const content = contentOf(bytes, trees);
  return content.ok ? { ok: true, value: { bytes, file, trees, content: content.value } } : content;
}

/** Whether the facts come to the same file: byte for byte, by its hash. */
export function checkPeriod(made: MadePeriod, dataHash: Digest): Result<true> {
  const own = hashFile(made.bytes);
  if (own === dataHash) return { ok: true, value: true };
  const message = `the facts come to ${own} and the pending root says ${dataHash}: it is not signed; npm run audit shows where they differ`;
  return refuse('leaves-conflict', message);
}

/** The latest moment through which no more than `cap` is added: what a pool takes in one period. */
export function throughWithin(wanted: Wanted, cap: bigint): Instant {
  const before = wanted.last === undefined ? 0n : totalOf(wanted.last.claims);
  const added = (through: number): bigint => {
    const at = { ...wanted, through: instant(through) };
    return totalOf(makeLeafFile(at.facts, at).claims) - before;
  };
  let [fits, beyond] = [wanted.last?.through ?? 0, Math.floor(wanted.through)];
  while (beyond - fits > 1) {
    const middle = Math.floor((fits + beyond) / 2);
    if (added(middle) <= cap) fits = middle;
    else beyond = middle;
  }
  return instant(fits);
}
