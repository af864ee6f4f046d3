import { concatBytes, sha256, utf8ToBytes } from '../bytes/digest.ts';
import { accept, type Result, refuse } from '../values/refusal.ts';
import { type Instant, instant } from '../values/units.ts';
import type { Content } from './attestation.ts';
import { decode, encode, isSameKey, KEY_BYTES, type Key, struct, u32, u64 } from './layout.ts';
import { buildTree, type Hash, type Tree, type TreeTag } from './tree.ts';

/**
 * Both trees of one period, whole: who has it can prove any leaf. Its SHA-256 is the `dataHash` that
 * verifiers sign.
 *
 * ```text
 * 'pocketgrid/leaves@1\n' | u64 period | u64 through, in ms | u32 claims | u32 spends claims: 32
 * recipient each, then u64 cumulative each | spends: 32 escrow each, then u64 cumulative each
 * ```
 */
export interface LeafFile {
  period: bigint;
  /** Facts up to this moment count. */
  through: Instant;
  claims: LeafTable;
  spends: LeafTable;
}

/** Leaves by index: 32 bytes of recipient and an amount each; zeros for an empty one. */
export interface LeafTable {
  recipients: Uint8Array;
  cumulative: BigUint64Array;
}

/** Leaves of one tree. */
export const LEAVES_MAX = 2 ** 20;
const PREFIX = utf8ToBytes('pocketgrid/leaves@1\n');
const Head = struct({ period: u64, through: u64, claims: u32, spends: u32 });
const HEAD_BYTES = PREFIX.length + Head.bytes;
const LEAF_BYTES = KEY_BYTES + 8;
/** Length of the longest leaf file, bytes. */
export const LEAF_FILE_BYTES_MAX = HEAD_BYTES + 2 * LEAVES_MAX * LEAF_BYTES;

/** A table with a leaf for each of `count` indexes; those not among `leaves` stay empty. */
export function fillTable(
  count: number,
  leaves: Iterable<{ index: number; recipient: Key; cumulative: bigint }>,
): LeafTable {
  const table = {
    recipients: new Uint8Array(count * KEY_BYTES),
    cumulative: new BigUint64Array(count),
  };
  for (const { index, recipient, cumulative } of leaves) {
    if (index >= count) throw new RangeError(`leaf ${index} is beyond a table of ${count}`);
    table.recipients.set(recipient, index * KEY_BYTES);
    table.cumulative[index] = cumulative;
  }
  return table;
}

/** One leaf: its recipient, and what it has in all, lamports. */
export const leafAt = ({ recipients, cumulative }: LeafTable, index: number) => ({
  recipient: recipients.slice(index * KEY_BYTES, (index + 1) * KEY_BYTES),
  cumulative: cumulative[index] ?? 0n,
});

/** Every index at which two tables have another leaf, with both leaves. */
export function* compareTables(one: LeafTable, other: LeafTable) {
  const count = Math.max(one.cumulative.length, other.cumulative.length);
  for (let index = 0; index < count; index += 1) {
    const [a, b] = [leafAt(one, index), leafAt(other, index)];
    if (a.cumulative !== b.cumulative || !isSameKey(a.recipient, b.recipient)) {
      yield { index, one: a, other: b };
    }
  }
}

/** Writes both tables as they are drawn above. */
export function encodeLeafFile({ period, through, claims, spends }: LeafFile): Uint8Array {
  const head = encode(Head, {
    period,
    through: BigInt(through),
    claims: claims.cumulative.length,
    spends: spends.cumulative.length,
  });
  return concatBytes(PREFIX, head, encodeTable(claims), encodeTable(spends));
}

/** Reads both tables; refuses bytes that no encoder writes. */
export function decodeLeafFile(bytes: Uint8Array): Result<LeafFile> {
  const isOurs = PREFIX.every((byte, at) => bytes[at] === byte);
  if (bytes.length < HEAD_BYTES || !isOurs) {
    return refuse('settlement-malformed', 'this is no file of leaves: it begins otherwise');
  }
  const head = decode(Head, bytes.subarray(PREFIX.length, HEAD_BYTES), 'a head');
  if (!head.ok) return head;
  const { period, through, claims, spends } = head.value;
  const length = HEAD_BYTES + (claims + spends) * LEAF_BYTES;
  if (claims > LEAVES_MAX || spends > LEAVES_MAX || bytes.length !== length) {
    const message = `expected ${length} bytes for ${claims} claims and ${spends} spends, at most ${LEAVES_MAX} of each; got ${bytes.length}`;
    return refuse('settlement-malformed', message);
  }
  if (through > BigInt(Number.MAX_SAFE_INTEGER)) {
    return refuse('settlement-malformed', 'the file ends at no moment that there is');
  }
  const middle = HEAD_BYTES + claims * LEAF_BYTES;
  return accept({
    period,
    through: instant(Number(through)),
    claims: decodeTable(bytes.subarray(HEAD_BYTES, middle), claims),
    spends: decodeTable(bytes.subarray(middle), spends),
  });
}

/** The trees over both tables. */
export interface Trees {
  claims: Tree;
  spends: Tree;
}

/** Throws a `RangeError` when a total exceeds 64 bits. */
export const buildTrees = ({ claims, spends }: LeafFile, pool: Key, hash?: Hash): Trees => {
  const build = (tag: TreeTag, table: LeafTable) => buildTree({ tag, pool, ...table }, hash);
  return { claims: build('claim/v1', claims), spends: build('spend/v1', spends) };
};

/** What verifiers sign of a file. Refuses one whose two sides differ. */
export function contentOf(file: Uint8Array, { claims, spends }: Trees): Result<Content> {
  if (claims.total !== spends.total) {
    const message = `${claims.total} lamports are earned and ${spends.total} spent: both sides must be the same`;
    return refuse('settlement-malformed', message);
  }
  return accept({
    claimRoot: claims.root,
    spendRoot: spends.root,
    total: claims.total,
    claimLeafCount: claims.leafCount,
    spendLeafCount: spends.leafCount,
    dataHash: sha256(file),
  });
}

function encodeTable({ recipients, cumulative }: LeafTable): Uint8Array {
  const bytes = new Uint8Array(recipients.length + cumulative.length * 8);
  bytes.set(recipients);
  const view = new DataView(bytes.buffer, recipients.length);
  for (const [index, amount] of cumulative.entries()) view.setBigUint64(index * 8, amount, true);
  return bytes;
}

function decodeTable(bytes: Uint8Array, count: number): LeafTable {
  const view = new DataView(bytes.buffer, bytes.byteOffset + count * KEY_BYTES);
  const cumulative = BigUint64Array.from({ length: count }, (_, index) =>
    view.getBigUint64(index * 8, true),
  );
  return { recipients: bytes.slice(0, count * KEY_BYTES), cumulative };
}
