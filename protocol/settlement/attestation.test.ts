import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../bytes/digest.ts';
import { PROGRAMS } from './addresses.ts';
import { attestedBytes, checkSignatures, hashAttestation, hashContent } from './attestation.ts';
import { U64_MAX } from './layout.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const long = fc.bigInt({ min: 0n, max: U64_MAX });
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const content = fc.record({
  claimRoot: key,
  spendRoot: key,
  total: long,
  claimLeafCount: word,
  spendLeafCount: word,
  dataHash: key,
});
const place = fc.record({
  clusterTag: key,
  program: key,
  pool: key,
  setId: word,
  period: long,
  attempt: long,
  previous: key,
});

/** The same but for one field, whose last bit is turned. */
function turn<T extends object>(value: T, field: keyof T): T {
  const before = value[field];
  if (typeof before === 'bigint') return { ...value, [field]: before ^ 1n };
  if (typeof before === 'number')
    return { ...value, [field]: before % 2 === 0 ? before + 1 : before - 1 };
  const bytes = (before as Uint8Array).slice();
  bytes[31] = (bytes[31] ?? 0) ^ 1;
  return { ...value, [field]: bytes };
}

describe('what verifiers sign', () => {
  it('is about every field of the content, and of where and when it counts', () => {
    fc.assert(
      fc.property(content, place, long, (what, where, expiresAt) => {
        const digest = (of = what, at = where, until = expiresAt) =>
          bytesToHex(hashAttestation(at, hashContent(of), until));
        const others = [
          ...Object.keys(what).map((field) => digest(turn(what, field as keyof typeof what))),
          ...Object.keys(where).map((field) =>
            digest(what, turn(where, field as keyof typeof where)),
          ),
          digest(what, where, expiresAt ^ 1n),
        ];
        expect(new Set([digest(), ...others]).size).toBe(15);
      }),
    );
  });

  it('begins with what no other thing they sign begins with', () => {
    fc.assert(
      fc.property(key, (digest) => {
        const bytes = attestedBytes(digest);
        expect(bytes).toHaveLength(56);
        expect(new TextDecoder().decode(bytes.subarray(0, 24))).toBe('pocketgrid/settlement@1\n');
        expect(bytes.subarray(24)).toEqual(digest);
      }),
    );
  });
});

describe('the check of signatures', () => {
  it('points at keys, signatures and message within itself', () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 16 }), key, (secrets, digest) => {
        const message = attestedBytes(digest);
        const signatures = secrets.map((secret) => ({
          key: ed25519.getPublicKey(secret),
          signature: ed25519.sign(message, secret),
        }));
        const { program, accounts, data } = checkSignatures(message, signatures);
        expect([program, accounts, data[0], data[1]]).toEqual([
          PROGRAMS.ed25519,
          [],
          secrets.length,
          0,
        ]);
        const view = new DataView(data.buffer, data.byteOffset);
        for (const [place, { key, signature }] of signatures.entries()) {
          const words = Array.from({ length: 7 }, (_, at) =>
            view.getUint16(2 + place * 14 + at * 2, true),
          );
          const [signatureAt = 0, , keyAt = 0, , messageAt = 0, bytes = 0] = words;
          expect([words[1], words[3], words[6]]).toEqual([0xffff, 0xffff, 0xffff]);
          expect(data.slice(signatureAt, signatureAt + 64)).toEqual(signature);
          expect(data.slice(keyAt, keyAt + 32)).toEqual(key);
          expect(data.slice(messageAt, messageAt + bytes)).toEqual(message);
          expect(ed25519.verify(signature, data.slice(messageAt), key)).toBe(true);
        }
      }),
      { numRuns: 15 },
    );
  });
});
