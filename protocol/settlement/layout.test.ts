import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Bond,
  Config,
  decodeAccount,
  Escrow,
  findRoot,
  Page,
  Pool,
  ROOTS,
  VERSION,
  VerifierSet,
} from './accounts.ts';
import {
  decode,
  encode,
  key,
  type Layout,
  list,
  reserved,
  struct,
  U64_MAX,
  u8,
  u16,
  u32,
  u64,
} from './layout.ts';

const Sample = struct({
  a: u8,
  gap: reserved(3),
  b: u16,
  c: u32,
  d: u64,
  e: key,
  f: list(struct({ g: u64, h: u8 }), 3),
});
const word = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const long = fc.oneof(fc.bigInt({ min: 0n, max: U64_MAX }), fc.constantFrom(0n, 1n, U64_MAX));
const item = fc.record({ g: long, h: word(8) });
const sample = fc.record({
  a: word(8),
  b: word(16),
  c: word(32),
  d: long,
  e: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  f: fc.array(item, { minLength: 3, maxLength: 3 }),
});

describe('a layout', () => {
  it('gives back what was written, and is as wide as its fields', () => {
    expect(Sample.bytes).toBe(1 + 3 + 2 + 4 + 8 + 32 + 3 * 9);
    fc.assert(
      fc.property(sample, (value) => {
        expect(decode(Sample, encode(Sample, value), 'a sample')).toEqual({ ok: true, value });
      }),
    );
  });

  it('writes what was read, but for what says nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: Sample.bytes, maxLength: Sample.bytes }), (bytes) => {
        const read = decode(Sample, bytes, 'a sample');
        if (!read.ok) throw new Error(read.refusal.message);
        const plain = bytes.map((byte, at) => (at >= 1 && at < 4 ? 0 : byte));
        expect(encode(Sample, read.value)).toEqual(plain);
      }),
    );
  });

  it('reads from within other bytes', () => {
    fc.assert(
      fc.property(sample, fc.nat({ max: 9 }), (value, before) => {
        const all = new Uint8Array(before + Sample.bytes + 5).fill(0xee);
        all.set(encode(Sample, value), before);
        const part = all.subarray(before, before + Sample.bytes);
        expect(decode(Sample, part, 'a sample')).toEqual({ ok: true, value });
      }),
    );
  });

  it('refuses bytes too few or too many', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        fc.pre(bytes.length !== Sample.bytes);
        expect(decode(Sample, bytes, 'a sample')).toMatchObject({
          refusal: { code: 'settlement-malformed' },
        });
      }),
    );
  });

  it.each([
    ['u8', u8, 256],
    ['u16', u16, 65_536],
    ['u32', u32, 2 ** 32],
    ['u8', u8, -1],
    ['u16', u16, 1.5],
    ['u32', u32, Number.NaN],
    ['u64', u64, -1n],
    ['u64', u64, U64_MAX + 1n],
    ['key', key, new Uint8Array(31)],
    ['list', list(u8, 2), [1, 2, 3]],
  ])('writes no %s that does not fit: %o', (_, layout, value) => {
    expect(() => encode(layout as Layout<unknown>, value)).toThrow(RangeError);
  });
});

describe('the account decoder', () => {
  const layouts = [Config, VerifierSet, Bond, Pool, Escrow, Page] as Layout<{
    kind: number;
    version: number;
  }>[];

  it('takes each type at its own number, version and length alone', () => {
    for (const [place, layout] of layouts.entries()) {
      const data = new Uint8Array(layout.bytes);
      data[0] = place + 1;
      data[1] = VERSION;
      expect(decodeAccount(layout, data).ok).toBe(true);
      for (let kind = 0; kind < 256; kind += 1) {
        data[0] = kind;
        expect(decodeAccount(layout, data).ok).toBe(kind === place + 1);
      }
      data[0] = place + 1;
      data[1] = VERSION + 1;
      expect(decodeAccount(layout, data).ok).toBe(false);
      data[1] = VERSION;
      for (const other of [data.slice(1), Uint8Array.of(...data, 0), new Uint8Array()]) {
        expect(decodeAccount(layout, other).ok).toBe(false);
      }
    }
  });

  it('finds a root by its period, in its place of the ring', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 2n ** 40n }),
        fc.bigInt({ min: 0n, max: 20n }),
        (last, back) => {
          const read = decodeAccount(
            Pool,
            Uint8Array.from({ length: Pool.bytes }, (_, at) => [4, VERSION][at] ?? 0),
          );
          if (!read.ok) throw new Error(read.refusal.message);
          const pool = read.value;
          for (let period = last; period > 0n && period > last - BigInt(ROOTS); period -= 1n) {
            const root = pool.roots[Number(period % BigInt(ROOTS))];
            if (root !== undefined) root.period = period;
          }
          const wanted = last - back;
          const isThere = wanted > 0n && back < BigInt(ROOTS);
          expect(findRoot(pool, wanted).ok).toBe(isThere);
          expect(findRoot(pool, last + 1n).ok).toBe(false);
        },
      ),
    );
  });
});
