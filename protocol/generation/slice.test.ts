import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unitBytes } from '../tensors/tensor.ts';
import {
  packSlice,
  packWritten,
  readSlice,
  readWritten,
  SLICE_OUTPUTS,
  SLICE_TOKENS_MAX,
  sliceInputs,
  TOP_LOGITS,
} from './slice.ts';

const CONTEXT = 300;
const token = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const f32 = fc.float({ noNaN: true });

const slices = fc.record({
  ids: fc.array(token, { minLength: 1, maxLength: CONTEXT - SLICE_TOKENS_MAX }),
  limit: fc.integer({ min: 1, max: SLICE_TOKENS_MAX }),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  temperature: fc.float({ min: 0, max: 2, noNaN: true }),
  topP: fc.float({ min: Math.fround(0.01), max: 1, noNaN: true }),
  topK: fc.nat(1_000),
});

it('a slice comes out of its bytes as it went in', () => {
  fc.assert(
    fc.property(slices, (slice) => {
      const bytes = packSlice(slice, CONTEXT);
      expect(bytes.length).toBe(unitBytes(sliceInputs(CONTEXT)));
      expect(readSlice(bytes, CONTEXT)).toEqual(slice);
    }),
  );
});

it('what was written comes out of its bytes as it went in', () => {
  const tops = fc.array(token, { minLength: TOP_LOGITS, maxLength: TOP_LOGITS });
  const logits = fc.array(f32, { minLength: TOP_LOGITS, maxLength: TOP_LOGITS });
  const written = fc.array(fc.tuple(token, tops, logits, f32), { maxLength: SLICE_TOKENS_MAX });
  fc.assert(
    fc.property(written, fc.constantFrom('limit', 'stop'), (each, end) => {
      const slice = {
        tokens: each.map(([id]) => id),
        end,
        topIds: each.map(([, ids]) => ids),
        topLogits: each.map(([, , of]) => of),
        logSums: each.map(([, , , sum]) => sum),
      };
      expect(readWritten(packWritten(slice))).toEqual(slice);
    }),
    { numRuns: 30 },
  );
});

it('any bytes are read as a slice or refused, and as what was written', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  fc.assert(
    fc.property(bytes(unitBytes(sliceInputs(4))), (unit) => {
      try {
        expect(readSlice(unit, 4).ids.length).toBeLessThan(4);
      } catch (error) {
        expect(String(error)).toMatch(/no slice of a text/);
      }
    }),
  );
  fc.assert(
    fc.property(bytes(unitBytes(SLICE_OUTPUTS)), (unit) => {
      expect(readWritten(unit).tokens.length).toBeLessThanOrEqual(SLICE_TOKENS_MAX);
    }),
    { numRuns: 20 },
  );
});

it('a text that does not fit with what is to come is refused', () => {
  const slice = { ids: [1, 2, 3], limit: 2, seed: 0, temperature: 0, topP: 1, topK: 0 };
  expect(packSlice(slice, 5).length).toBe(unitBytes(sliceInputs(5)));
  expect(() => packSlice(slice, 4)).toThrow(/3 tokens with 2 to come does not fit the 4/);
  expect(() => packSlice({ ...slice, ids: [] }, 4)).toThrow(/a text of 0 tokens/);
});
