import fc from 'fast-check';
import { expect, it } from 'vitest';
import { REFUSAL_CODES, type Result } from '../values/refusal.ts';

/**
 * What every decoder of bytes must pass: random bytes, and samples that were cut, lengthened or had
 * bytes changed, are answered with a value or a refusal from the closed list, never by an
 * exception.
 */
export function describeDecoder(
  name: string,
  decode: (bytes: Uint8Array) => Result<unknown>,
  samples: readonly Uint8Array[],
) {
  const checkAnswer = (bytes: Uint8Array) => {
    const result = decode(bytes);
    if (result.ok) return;
    expect(REFUSAL_CODES).toContain(result.refusal.code);
    expect(result.refusal.message.length).toBeGreaterThan(10);
  };

  it(`${name}: random bytes never throw`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), checkAnswer), { numRuns: 300 });
  });

  it(`${name}: damaged samples never throw`, () => {
    fc.assert(fc.property(damaged(samples), checkAnswer), { numRuns: 600 });
  });

  it(`${name}: every cut of a sample is answered`, () => {
    const [sample = new Uint8Array()] = samples;
    for (let end = 0; end < Math.min(sample.length, 2000); end += 1) {
      checkAnswer(sample.subarray(0, end));
    }
  });
}

type Change = { at: number; byte: number };

function damaged(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  // Heads decide what is read, so half of the changes fall into the first 200 bytes.
  const at = fc.oneof(fc.nat(199), fc.nat(1_000_000));
  const change = fc.record({
    at,
    byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff)),
  });
  return fc
    .record({
      sample: fc.constantFrom(...samples),
      changes: fc.array(change, { minLength: 1, maxLength: 6 }),
      cut: fc.option(fc.nat(1_000_000)),
      tail: fc.uint8Array({ maxLength: 4 }),
    })
    .map(({ sample, changes, cut, tail }) => {
      const kept = cut === null ? sample : sample.subarray(0, cut % (sample.length + 1));
      const bytes = new Uint8Array([...kept, ...tail]);
      for (const { at: place, byte } of changes as Change[]) {
        if (bytes.length > 0) bytes[place % bytes.length] = byte;
      }
      return bytes;
    });
}
