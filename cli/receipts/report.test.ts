import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleKey, sampleReceipt } from '#protocol/records/sample-receipt.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { reportReceipts } from './report.ts';

const receipt = sampleReceipt();
const tampered = { ...receipt, runtime: 'onnxruntime-web 1.29.0' };

describe('receipt report', () => {
  it('says what a sound receipt proves and what it does not', () => {
    const { whole, lines } = reportReceipts(JSON.stringify(receipt), receipt.hub);
    expect(whole).toBe(true);
    expect(lines[0]).toMatch(/^receipt 1: ok: units 8 to 11 .*; re-executed: 2 match$/);
    const text = lines.join('\n');
    expect(text).toContain('verdicts on 2 of the 4 unit(s), re-executed with onnxruntime-web');
    expect(text).toContain('That the 2 unit(s) without a verdict are right');
    expect(text).not.toContain('--hub-key');
    expect(reportReceipts(JSON.stringify(receipt)).lines.join()).toContain('--hub-key');
  });

  it('names the field of the one receipt that was changed', () => {
    const { whole, lines } = reportReceipts(JSON.stringify({ receipts: [receipt, tampered] }));
    expect(whole).toBe(false);
    expect(lines.map((line) => line.split(':').slice(0, 2).join(':'))).toEqual([
      'receipt 1: ok',
      'receipt 2: refused',
      expect.stringContaining('runtime'),
      '',
      'A refused receipt proves nothing: ask the hub for it again, and keep both if they differ.',
    ]);
    const head = { ...receipt.head, head: { ...receipt.head.head, size: -1 } };
    expect(reportReceipts(JSON.stringify({ ...receipt, head })).lines[1]).toContain(
      'head.head.size',
    );
  });

  it.each(['', '{"receipts":[]}', '{}', '[', 'null', JSON.stringify(receipt).slice(0, -2)])(
    'refuses what is no receipt: %s',
    (text) => {
      const { whole, lines } = reportReceipts(text);
      expect(whole).toBe(false);
      expect(lines.join('')).toMatch(/\w/);
    },
  );

  it('refuses the file with any bit flipped, unless it still says the same', () => {
    const file = new TextEncoder().encode(JSON.stringify({ receipts: [receipt] }));
    const read = (text: string): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        return undefined;
      }
    };
    fc.assert(
      fc.property(fc.nat({ max: file.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const text = new TextDecoder().decode(file.with(at, (file[at] ?? 0) ^ (1 << bit)));
        const same = isDeepStrictEqual(read(text), { receipts: [receipt] });
        expect(reportReceipts(text).whole).toBe(same);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a sound receipt of another hub', () => {
    const other: PublicKey = sampleKey('another').key;
    expect(reportReceipts(JSON.stringify(receipt), other)).toMatchObject({ whole: false });
  });
});
