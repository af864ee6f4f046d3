import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packStatements, unpackStatements } from './packing.ts';

/** Bytes that are a view into a larger buffer. */
const bytes = fc
  .tuple(fc.uint8Array(), fc.nat({ max: 4 }))
  .map(([whole, start]) => whole.subarray(Math.min(start, whole.length)));
const value = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.constant(null), bytes);
const sql = fc.constantFrom('insert', 'delete', '');
const statement = fc.oneof(sql, fc.record({ sql, args: fc.array(value) }));

it('packed statements come back from another thread as they were', () => {
  fc.assert(
    fc.property(fc.array(statement), (statements) => {
      const packed = packStatements(statements);
      const sent = structuredClone(packed, { transfer: [packed.bytes.buffer] });
      expect([...unpackStatements(sent)]).toEqual(statements);
    }),
  );
});
