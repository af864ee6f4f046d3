import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseSource, type Goodput, type InputSource, notePart } from './goodput.ts';

const PART = 4 * 1024 * 1024;

/** Fetches parts from sources of these speeds, in bytes per ms; the share that came over HTTPS. */
function fetchParts(speeds: Record<InputSource, number>, parts: number): number {
  const goodput: Goodput = { parts: 0 };
  let https = 0;
  for (let part = 0; part < parts; part += 1) {
    const source = chooseSource(goodput, true);
    if (source === 'https') https += 1;
    const speed = speeds[source];
    notePart(goodput, source, { bytes: speed === 0 ? 0 : PART, ms: PART / (speed || 1) });
  }
  return https / parts;
}

test('a fetch without an open peer is over HTTPS', () => {
  expect(chooseSource({ parts: 0 }, false)).toBe('https');
});

test('peers come first, and stay where HTTPS is hardly faster', () => {
  expect(chooseSource({ parts: 0 }, true)).toBe('peers');
  expect(fetchParts({ peers: 100, https: 110 }, 640)).toBeLessThan(0.05);
});

test('the clearly faster source brings nearly everything', () => {
  const speed = fc.double({ min: 1, max: 10_000, noNaN: true });
  fc.assert(
    fc.property(speed, fc.double({ min: 1.3, max: 50, noNaN: true }), (slow, times) => {
      expect(fetchParts({ peers: slow, https: slow * times }, 640)).toBeGreaterThan(0.95);
      expect(fetchParts({ peers: slow * times, https: slow }, 640)).toBeLessThan(0.05);
    }),
  );
});

test('a source that failed is left, and found again when it is back', () => {
  const goodput: Goodput = { parts: 0 };
  notePart(goodput, 'peers', { bytes: 0, ms: 5_000 });
  notePart(goodput, 'https', { bytes: PART, ms: 1_000 });
  expect(chooseSource(goodput, true)).toBe('https');
  const seen = new Set<InputSource>();
  for (let part = 0; part < 64; part += 1) {
    const source = chooseSource(goodput, true);
    seen.add(source);
    notePart(goodput, source, { bytes: PART, ms: source === 'peers' ? 10 : 1_000 });
  }
  expect(seen).toEqual(new Set(['https', 'peers']));
  expect(chooseSource({ ...goodput, parts: 0 }, true)).toBe('peers');
});
