import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { digestUnits } from '../tensors/unit-bytes.ts';
import type { Digest, LeaseId, Nonce, PublicKey, Signature } from '../values/ids.ts';
import { digest, digestCommitment, digestRecord, hexToBytes } from './digest.ts';
import { type SigningContext, signingBytes, verifySignature } from './signature.ts';

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));

interface Signatures {
  rfc8032: { publicKey: PublicKey; message: string; signature: Signature }[];
  records: {
    context: SigningContext;
    record: Record<string, unknown>;
    signingBytes: string;
    recordDigest: string;
    publicKey: PublicKey;
    signature: Signature;
  }[];
}
const signatures: Signatures = read('signature');
const digests: { text: string; times: number; digest: string }[] = read('sha256');
const commitments: {
  units: number;
  lease: LeaseId;
  device: PublicKey;
  salt: Nonce;
  /** Where the package has taps. */
  taps?: Digest;
  commitment: string;
}[] = read('commitment');

describe('SHA-256', () => {
  it.each(digests)('of $times × "$text"', ({ text, times, digest: expected }) => {
    expect(digest(new TextEncoder().encode(text.repeat(times)))).toBe(expected);
  });

  it.each(commitments)('of a commitment to $units units', ({ units, commitment, ...ids }) => {
    const outputs = Uint8Array.from({ length: units }, (_, unit) => unit % 256);
    expect(digestCommitment({ ...ids, digests: digestUnits(1, outputs) })).toBe(commitment);
    if (ids.taps === undefined) return;
    const taps = digest(
      digestUnits(
        1,
        outputs.map((byte) => 255 - byte),
      ),
    );
    expect(taps).toBe(ids.taps);
  });
});

describe('Ed25519', () => {
  it.each(signatures.rfc8032)(
    'verifies RFC 8032: $message',
    ({ publicKey, message, signature }) => {
      const bytes = hexToBytes(message);
      expect(verifySignature(publicKey, bytes, signature)).toBe(true);
      expect(verifySignature(publicKey, new Uint8Array([...bytes, 0]), signature)).toBe(false);
    },
  );

  it.each(signatures.records)('signs a record under $context', (vector) => {
    const bytes = signingBytes(vector.context, vector.record);
    expect(new TextDecoder().decode(bytes)).toBe(vector.signingBytes);
    expect(digestRecord(vector.record)).toBe(vector.recordDigest);
    expect(verifySignature(vector.publicKey, bytes, vector.signature)).toBe(true);
    const turned = Object.fromEntries(Object.entries(vector.record).toReversed());
    expect(signingBytes(vector.context, turned)).toEqual(bytes);
    const others: SigningContext[] = [
      'hello',
      'welcome',
      'commitment',
      'log-entry',
      'tree-head',
      'verdict',
      'receipt',
    ];
    for (const context of others.filter((other) => other !== vector.context)) {
      const other = signingBytes(context, vector.record);
      expect(verifySignature(vector.publicKey, other, vector.signature)).toBe(false);
    }
  });

  it('answers false, never throws, for keys and signatures that are none', () => {
    const [vector] = signatures.rfc8032;
    if (vector === undefined) throw new Error('no vector');
    const bytes = new Uint8Array();
    expect(verifySignature('zz' as PublicKey, bytes, vector.signature)).toBe(false);
    expect(verifySignature('ff'.repeat(32) as PublicKey, bytes, vector.signature)).toBe(false);
    expect(verifySignature(vector.publicKey, bytes, 'ff'.repeat(64) as Signature)).toBe(false);
    expect(verifySignature(vector.publicKey, bytes, '' as Signature)).toBe(false);
  });
});
