import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instant } from '#protocol/values/units.ts';
import { failPiece, finishPiece, HTTPS, openAssembly, planRequests } from './assembly.ts';

test('pieces without peers come over HTTPS, at most two at a time', () => {
  const assembly = openAssembly(5, instant(0));
  const first = planRequests(assembly, instant(0), []);
  expect(first.map(({ piece, source }) => [piece, source])).toEqual([
    [0, HTTPS],
    [1, HTTPS],
  ]);
  expect(planRequests(assembly, instant(1), [])).toEqual([]);
});

test('nobody waits for peers that have not come: HTTPS is asked at once', () => {
  const assembly = openAssembly(9, instant(0));
  const first = planRequests(assembly, instant(0), []);
  expect(first.map(({ source }) => source)).toEqual([HTTPS, HTTPS]);
  const then = planRequests(assembly, instant(10), ['p']);
  expect(then.map(({ piece, source }) => [piece, source])).toEqual([
    [2, 'p'],
    [3, 'p'],
    [4, 'p'],
  ]);
});

test('connected peers are asked first, and HTTPS after five seconds without a piece', () => {
  const assembly = openAssembly(9, instant(0));
  const sources = (now: number) =>
    planRequests(assembly, instant(now), ['p']).map(({ source }) => source);
  expect(sources(0)).toEqual(['p', 'p', 'p']);
  expect(sources(4_999)).toEqual([]);
  expect(sources(5_000)).toEqual([HTTPS, HTTPS]);
});

test('a peer that lies is not asked again', () => {
  const assembly = openAssembly(3, instant(0));
  const peers = ['p'];
  const [wanted] = planRequests(assembly, instant(0), peers);
  if (wanted === undefined) throw new Error('nothing was asked for');
  expect(failPiece(assembly, wanted, true)).toBe(true);
  expect(planRequests(assembly, instant(1), peers).map(({ source }) => source)).toEqual([HTTPS]);
});

test('every piece arrives once, whatever fails on the way, or HTTPS failed five times running', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), fc.nat(20), (luck, pieces) => {
      const assembly = openAssembly(pieces, instant(0));
      const arrived: number[] = [];
      let alive = true;
      for (let step = 0; alive && assembly.missing.size > 0; step += 1) {
        const now = instant(step * 1_000);
        const peers = step % 3 === 0 ? ['p', 'q'] : ['p'];
        for (const wanted of planRequests(assembly, now, peers)) {
          if (luck[step % Math.max(1, luck.length)] ?? true) {
            arrived.push(wanted.piece);
            finishPiece(assembly, wanted, { now, ms: 10 });
          } else alive = failPiece(assembly, wanted, false) && alive;
        }
        if (step > 2_000) throw new Error('it does not end');
      }
      expect(new Set(arrived).size).toBe(arrived.length);
      if (alive) expect(arrived.length).toBe(pieces);
    }),
  );
});
