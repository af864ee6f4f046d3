import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Nonce } from '../values/ids.ts';
import { sha256 } from './digest.ts';
import { isPuzzleSolved, solvePuzzle } from './puzzle.ts';

const nonces = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex') as Nonce);

describe('puzzle', () => {
  it('is solved by an answer that was searched for, and asks for so many zero bits', () => {
    fc.assert(
      fc.property(nonces, fc.integer({ min: 1, max: 9 }), (nonce, bits) => {
        const answer = solvePuzzle({ nonce, bits }, { first: 0, tries: 100_000 });
        if (answer === undefined) throw new Error('no answer');
        expect(isPuzzleSolved({ nonce, bits }, answer)).toBe(true);
        const count = Buffer.alloc(8);
        count.writeBigUInt64LE(BigInt(answer));
        const hashed = sha256(Buffer.concat([Buffer.from(nonce, 'hex'), count]));
        const text = [...hashed].map((byte) => byte.toString(2).padStart(8, '0')).join('');
        expect(text.slice(0, bits)).toBe('0'.repeat(bits));
        for (let other = 0; other < answer; other += 1) {
          expect(isPuzzleSolved({ nonce, bits }, other)).toBe(false);
        }
      }),
      { seed: 12, numRuns: 50 },
    );
  });

  it('is searched through in parts', () => {
    const puzzle = { nonce: 'ab'.repeat(32) as Nonce, bits: 8 };
    const answer = solvePuzzle(puzzle, { first: 0, tries: 10_000 }) ?? 0;
    expect(answer).toBeGreaterThan(1);
    expect(solvePuzzle(puzzle, { first: 0, tries: answer })).toBeUndefined();
    expect(solvePuzzle(puzzle, { first: answer, tries: 1 })).toBe(answer);
  });
});
