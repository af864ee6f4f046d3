import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeLines } from './text.ts';

async function read(bytes: Uint8Array, cuts: readonly number[]): Promise<string[]> {
  async function* chunks() {
    let at = 0;
    for (const cut of [...cuts].sort((a, b) => a - b)) {
      yield bytes.subarray(at, cut);
      at = cut;
    }
    yield bytes.subarray(at);
  }
  const lines = [];
  for await (const line of decodeLines(chunks())) lines.push(line);
  return lines;
}

it('lines of a file come out whole however it is cut', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '))),
      fc.array(fc.nat(200)),
      async (lines, cuts) => {
        const text = lines.join('\n');
        const bytes = new TextEncoder().encode(text);
        // A mark in front is dropped, as from whole files.
        const wanted = new TextDecoder().decode(bytes).split('\n');
        const inside = cuts.filter((cut) => cut >= 4 && cut <= bytes.length);
        expect(await read(bytes, inside)).toEqual(wanted);
      },
    ),
  ));

it('lines that are not text are refused', async () => {
  const wanted = expect.objectContaining({
    refusal: expect.objectContaining({ code: 'input-format' }),
  });
  await expect(read(new Uint8Array([0x61, 0xff, 0x0a]), [])).rejects.toEqual(wanted);
  await expect(read(new Uint8Array([0x61, 0xc3]), [1])).rejects.toEqual(wanted);
});

it('lines of UTF-16 with its mark are read', async () => {
  const text = Buffer.from('\ufeffone\ntwö', 'utf16le');
  expect(await read(text, [5])).toEqual(['one', 'twö']);
});
