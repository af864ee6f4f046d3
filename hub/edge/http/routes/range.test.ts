import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRange } from '../range.ts';

describe('range header', () => {
  it.each([
    [null, { type: 'whole' }],
    ['bytes=0-0', { type: 'part', offset: 0, length: 1 }],
    ['bytes=2-', { type: 'part', offset: 2, length: 8 }],
    ['bytes=-3', { type: 'part', offset: 7, length: 3 }],
    ['bytes=-99', { type: 'part', offset: 0, length: 10 }],
    ['bytes=5-99', { type: 'part', offset: 5, length: 5 }],
    ['bytes=10-', { type: 'unsatisfiable' }],
    ['bytes=-0', { type: 'unsatisfiable' }],
    ['bytes=5-4', { type: 'whole' }],
    ['bytes=0-1,3-4', { type: 'whole' }],
    ['bytes=-', { type: 'whole' }],
    ['items=0-1', { type: 'whole' }],
    ['bytes=99999999999999999999-', { type: 'whole' }],
  ])('%s', (header, range) => expect(decodeRange(header, 10)).toEqual(range));

  it('never leaves the body', () => {
    const position = fc.option(fc.nat({ max: 3000 }));
    fc.assert(
      fc.property(position, position, fc.integer({ min: 1, max: 2000 }), (a, b, size) => {
        const range = decodeRange(`bytes=${a ?? ''}-${b ?? ''}`, size);
        if (range.type !== 'part') return;
        expect(range.length).toBeGreaterThan(0);
        expect(range.offset + range.length).toBeLessThanOrEqual(size);
      }),
    );
  });
});
