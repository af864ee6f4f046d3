import { createHash } from 'node:crypto';
import type { Content } from '#protocol/settlement/attestation.ts';
import {
  checkGrowth,
  type LeafCounts,
  type MoneyFacts,
  makeLeafFile,
  totalOf,
} from '#protocol/settlement/epoch-leaves.ts';
import type { Key } from '#protocol/settlement/layout.ts';
import {
  buildTrees,
  contentOf,
  decodeLeafFile,
  encodeLeafFile,
  type LeafFile,
  type Trees,
} from '#protocol/settlement/leaf-file.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { type Instant, instant } from '#protocol/values/units.ts';
import { hashFile } from './leaf-files.ts';

/** An epoch that may be signed: its file, its trees and what they come to. */
export interface MadeEpoch {
  bytes: Uint8Array;
  file: LeafFile;
  trees: Trees;
  content: Content;
}

export interface Wanted {
  facts: MoneyFacts;
  epoch: bigint;
  through: Instant;
  least: LeafCounts;
  pool: Key;
  /** The last final file; undefined before the first epoch. */
  last: LeafFile | undefined;
}

/** SHA-256 by the platform: a tree hashes twice as often as it has leaves. */
const hash = (data: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(data).digest());

/** The leaves of an epoch; refuses those that take back what was final. */
export function makeLeaves({ facts, epoch, through, least, last }: Wanted): Result<LeafFile> {
  const file = makeLeafFile(facts, { epoch, through, least });
  const grows = last === undefined ? accept(true) : checkGrowth(last, file);
  return grows.ok ? accept(file) : grows;
}

/** An epoch of the facts, trees and all. */
export function makeEpoch(wanted: Wanted): Result<MadeEpoch> {
  const file = makeLeaves(wanted);
  return file.ok ? makeTrees(file.value, wanted.pool) : file;
}

export const makeTrees = (file: LeafFile, pool: Key): Result<MadeEpoch> =>
  describeEpoch(encodeLeafFile(file), file, pool);

/** An epoch of a file that is there already. */
export function readEpoch(bytes: Uint8Array, pool: Key): Result<MadeEpoch> {
  const file = decodeLeafFile(bytes);
  return file.ok ? describeEpoch(bytes, file.value, pool) : file;
}

function describeEpoch(bytes: Uint8Array, file: LeafFile, pool: Key): Result<MadeEpoch> {
  const trees = buildTrees(file, pool, hash);
  const content = contentOf(bytes, trees);
  return content.ok ? { ok: true, value: { bytes, file, trees, content: content.value } } : content;
}

/** Whether the facts come to the same file: byte for byte, by its hash. */
export function checkEpoch(made: MadeEpoch, dataHash: Digest): Result<true> {
  const own = hashFile(made.bytes);
  if (own === dataHash) return { ok: true, value: true };
  const message = `the facts come to ${own} and the pending root says ${dataHash}: it is not signed; npm run audit shows where they differ`;
  return refuse('leaves-conflict', message);
}

/** The latest moment through which no more than `cap` is added: what a pool takes in one epoch. */
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
