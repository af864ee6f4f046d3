import { bytesToHex } from '#protocol/bytes/digest.ts';
import {
  attestedBytes,
  checkSignatures,
  hashAttestation,
  hashContent,
} from '#protocol/settlement/attestation.ts';
import { U64_MAX } from '#protocol/settlement/layout.ts';
import {
  buildTree,
  EMPTY_KEY,
  hashLeaf,
  proveLeaf,
  type TreeTag,
} from '#protocol/settlement/tree.ts';
import { PROGRAM_ERRORS } from '#protocol/values/program-errors.ts';
import { makeAccounts } from './accounts.ts';
import { makeInstructions } from './instructions.ts';
import { keyOf } from './keys.ts';

/**
 * What the settlement program and the TypeScript beside it have to agree on, as the TypeScript
 * writes it. Bytes are hex, integers of 64 bits decimal strings.
 */
export const makeVectors = () =>
  toPlain({
    madeBy: 'npm run vectors',
    errors: PROGRAM_ERRORS.map(([number, code]) => ({ number, code })),
    accounts: makeAccounts(),
    instructions: makeInstructions(),
    leaves: makeLeaves(),
    trees: makeTrees(),
    attestations: makeAttestations(),
  });

function makeLeaves() {
  const pool = keyOf('pool');
  return [
    { tag: 'claim/v1', pool, index: 0, recipient: keyOf('alice'), cumulative: 1n },
    { tag: 'spend/v1', pool, index: 0, recipient: keyOf('alice'), cumulative: 1n },
    { tag: 'claim/v1', pool: keyOf('other'), index: 0, recipient: keyOf('alice'), cumulative: 1n },
    { tag: 'claim/v1', pool, index: 2 ** 32 - 1, recipient: keyOf('bob'), cumulative: U64_MAX },
    { tag: 'claim/v1', pool, index: 256, recipient: keyOf('bob'), cumulative: 0n },
    // Empty is a leaf without recipient and amount; either alone is not.
    { tag: 'claim/v1', pool, index: 7, recipient: EMPTY_KEY, cumulative: 0n },
    { tag: 'claim/v1', pool, index: 7, recipient: EMPTY_KEY, cumulative: 1n },
  ].map((leaf) => {
    const typed = { ...leaf, tag: leaf.tag as TreeTag };
    return { ...typed, hash: hashLeaf(typed) };
  });
}

/** Trees of every shape up to 9 leaves, some of them empty, with the proof of each leaf. */
function makeTrees() {
  return Array.from({ length: 9 }, (_, at) => {
    const leafCount = at + 1;
    const tag: TreeTag = at % 2 === 0 ? 'claim/v1' : 'spend/v1';
    const pool = keyOf(`pool ${at}`);
    const leaves = Array.from({ length: leafCount }, (_, index) =>
      index % 4 === 3
        ? { recipient: EMPTY_KEY, cumulative: 0n }
        : { recipient: keyOf(`leaf ${index}`), cumulative: (3n ** BigInt(index)) << 8n },
    );
    const recipients = new Uint8Array(leafCount * 32);
    for (const [index, { recipient }] of leaves.entries()) recipients.set(recipient, index * 32);
    const cumulative = BigUint64Array.from(leaves, (leaf) => leaf.cumulative);
    const tree = buildTree({ tag, pool, recipients, cumulative });
    const proofs = leaves.map((leaf, index) => {
      const found = proveLeaf(tree, index);
      if (!found.ok) throw new Error(found.refusal.message);
      return { index, ...leaf, proof: found.value };
    });
    return { tag, pool, leafCount, root: tree.root, total: tree.total, proofs };
  });
}

function makeAttestations() {
  return [1, 2, 5, 16].map((signers) => {
    const content = {
      claimRoot: keyOf('claim root'),
      spendRoot: keyOf('spend root'),
      total: 123_456_789_012n,
      claimLeafCount: 1_000 + signers,
      spendLeafCount: 70_000,
      dataHash: keyOf('data'),
    };
    const place = {
      clusterTag: keyOf('cluster'),
      program: keyOf('program'),
      pool: keyOf('pool'),
      setId: 3,
      period: 2n ** 40n + 1n,
      attempt: BigInt(signers),
      previous: keyOf('previous root'),
    };
    const expiresAt = 1_800_000_000n + BigInt(signers);
    const contentHash = hashContent(content);
    const digest = hashAttestation(place, contentHash, expiresAt);
    const message = attestedBytes(digest);
    const members = Array.from({ length: 16 }, (_, at) => keyOf(`member ${at}`));
    // Every third member from the last on: bits in another order than signatures.
    const places = Array.from({ length: signers }, (_, at) => (15 + 3 * at) % 16);
    const signatures = places.map((place, at) => ({
      key: members[place] ?? EMPTY_KEY,
      signature: Uint8Array.of(...keyOf(`signature ${at}`), ...keyOf(`rest of ${at}`)),
    }));
    return {
      content,
      contentHash,
      place,
      expiresAt,
      digest,
      signed: message,
      members,
      bits: places.reduce((bits, at) => bits | (1 << at), 0),
      precompile: checkSignatures(message, signatures).data,
    };
  });
}

/** As JSON has it. */
function toPlain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return bytesToHex(value);
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, toPlain(each)]));
}
