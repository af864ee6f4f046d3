import { expect, test } from 'vitest';
import type { Receipt, VerdictKind } from '#protocol/records/records.ts';
import {
  addReceipts,
  decodeUnit,
  firstChoice,
  nextReceiptUnit,
  viewReceipt,
} from './receipt-view.ts';

const receipt = (
  firstUnit: number,
  unitCount: number,
  verdicts: readonly [number, VerdictKind][] = [],
): Receipt =>
  ({
    shard: {
      lease: `lease ${firstUnit}`,
      firstUnit,
      unitCount,
      device: 'abcdef0123456789',
      provider: 'wasm',
    },
    verdicts: verdicts.map(([unit, kind]) => ({ verdict: { unit, kind } })),
  }) as unknown as Receipt;

test('a receipt in words: the worst of its verdicts, units counted once', () => {
  expect(viewReceipt(receipt(0, 1))).toEqual({
    title: 'Unit 0',
    by: 'device abcdef01 on wasm',
    checks: { kind: 'none', text: 'none re-executed' },
  });
  const judged = receipt(1_000, 64, [
    [1_003, 'match'],
    [1_003, 'inconclusive'],
    [1_060, 'match'],
  ]);
  expect(viewReceipt(judged)).toMatchObject({
    title: 'Units 1,000 to 1,063',
    checks: { kind: 'inconclusive', text: '2 units re-executed' },
  });
});

test('a judged unit is offered first, and only units of the receipt are taken', () => {
  const judged = receipt(8, 4, [[10, 'match']]);
  expect(firstChoice(judged)).toBe(10);
  expect(firstChoice(receipt(8, 4))).toBe(8);
  expect(decodeUnit(judged, ' 11 ')).toEqual({ ok: true, value: 11 });
  for (const text of ['7', '12', '', '9.5', 'x', '-8']) {
    expect(decodeUnit(judged, text)).toMatchObject({ refusal: { code: 'range-invalid' } });
  }
});

test('pages follow one another, and a receipt that reaches over a page is listed once', () => {
  const page = [receipt(0, 4), receipt(4, 4)];
  expect(nextReceiptUnit(page, 2)).toBe(8);
  expect(nextReceiptUnit(page, 3)).toBeUndefined();
  expect(nextReceiptUnit([], 2)).toBeUndefined();
  expect(addReceipts(page, [receipt(4, 4), receipt(8, 1)])).toHaveLength(3);
});
