import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBoundary, MultipartError, readParts } from './multipart.ts';

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(body: Uint8Array, boundary: string, size: number) {
  const parts: { field: string; filename?: string; bytes: Buffer }[] = [];
  for await (const { body: bytes, ...head } of readParts(cut(body, size), boundary)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) chunks.push(chunk);
    parts.push({ ...head, bytes: Buffer.concat(chunks) });
  }
  return parts;
}

describe('multipart', () => {
  it('reads what the platform writes, wherever the network cuts it', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const lineEnds = fc.array(fc.constantFrom('\r', '\n', '-', '--', 'x'), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        bytes,
        lineEnds,
        fc.integer({ min: 1, max: 90 }),
        async (data, tricky, size) => {
          const form = new FormData();
          form.append('model', new Blob([new Uint8Array(data)]), 'net.onnx');
          form.append('inputs', new Blob([tricky.join('')]), 'rows.jsonl');
          form.append('options', '{"name":"ä"}');
          const request = new Request('http://hub', { method: 'POST', body: form });
          const boundary = decodeBoundary(request.headers.get('content-type'));
          if (!boundary.ok) throw new Error(boundary.refusal.message);
          const body = new Uint8Array(await request.arrayBuffer());
          const parts = await readAll(body, boundary.value, size);
          expect(parts.map(({ field, filename }) => [field, filename])).toEqual([
            ['model', 'net.onnx'],
            ['inputs', 'rows.jsonl'],
            ['options', undefined],
          ]);
          expect(parts[0]?.bytes.equals(Buffer.from(data))).toBe(true);
          expect(parts[1]?.bytes.toString()).toBe(tricky.join(''));
          expect(parts[2]?.bytes.toString()).toBe('{"name":"ä"}');
        },
      ),
      { numRuns: 60 },
    );
  });

  it('skips a part that nobody read', async () => {
    const body = Buffer.from(
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nlong\r\n--b\r\nContent-Disposition: form-data; name="c"\r\n\r\nd\r\n--b--\r\n',
    );
    const fields: string[] = [];
    for await (const { field } of readParts(cut(body, 3), 'b')) fields.push(field);
    expect(fields).toEqual(['a', 'c']);
  });

  it.each([
    ['cut off', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf'],
    ['without a name', '--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--'],
    ['without headers', '--b\r\n\r\nx\r\n--b--'],
    ['without boundaries', 'hello'],
    ['with a boundary that runs on', '--bc\r\n\r\n\r\n--bc--'],
    ['with an endless head', `--b\r\n${'x'.repeat(10_000)}\r\n\r\n\r\n--b--`],
  ])('refuses a body %s', async (_, text) => {
    await expect(readAll(Buffer.from(text), 'b', 7)).rejects.toBeInstanceOf(MultipartError);
  });

  it('refuses another content type', () => {
    for (const type of [null, 'application/json', 'multipart/form-data']) {
      expect(decodeBoundary(type).ok).toBe(false);
    }
    const quoted = decodeBoundary('multipart/form-data; charset=utf-8; boundary="a b"');
    expect(quoted).toEqual({ ok: true, value: 'a b' });
  });
});
