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

  it('a form as .NET sends it is read, with names that nobody quoted', async () => {
    const head = 'Content-Disposition: form-data; name=';
    const body =
      `--b0\r\n${head}model; filename=m.onnx; filename*=utf-8''m.onnx\r\n\r\n\x08\x08\r\n` +
      `--b0\r\n${head}inputs; filename*=utf-8''%C3%A4.jsonl\r\n\r\n[1,2,3]\n\r\n` +
      `--b0\r\n${head}options\r\n\r\n{"name":"dotnet"}\r\n--b0--\r\n`;
    for (const size of [1, 7, 1_000]) {
      const parts = await readAll(Buffer.from(body), 'b0', size);
      const seen = parts.map(({ field, filename, bytes }) => [field, filename, `${bytes}`]);
      expect(seen).toEqual([
        ['model', 'm.onnx', '\x08\x08'],
        ['inputs', 'ä.jsonl', '[1,2,3]\n'],
        ['options', undefined, '{"name":"dotnet"}'],
      ]);
    }
  });

  it.each([
    ['quotes in a name, as curl writes them', 'name="a"; filename="x\\"y.npy"', 'a', 'x"y.npy'],
    ['a path of Windows', 'name="a"; filename="C:\\new\\x.npy"', 'a', 'C:\\new\\x.npy'],
    [
      'a name in both codings, as .NET',
      `name=a; filename="=?utf-8?B?w6Q=?="; filename*=utf-8''%C3%A4`,
      'a',
      'ä',
    ],
    ['a name in Latin-1', `name="a"; filename*=iso-8859-1''%E4.npy`, 'a', 'ä.npy'],
    ['a numbered field, as PHP', 'name="inputs[]"; filename="x"', 'inputs', 'x'],
    ['a numbered field, as axios', 'name="inputs[12]"; filename="x"', 'inputs', 'x'],
    ['other cases, spaces and folds', 'NAME = "a";\r\n filename="b c"', 'a', 'b c'],
    ['the file before the field', 'filename="x;name=y"; name="a"', 'a', 'x;name=y'],
    [
      'an emoji as it is',
      `name="a"; filename="${Buffer.from('🙂.png').toString('latin1')}"`,
      'a',
      '🙂.png',
    ],
  ])('reads %s', async (...[, parameters, field, filename]) => {
    const body = `--b\r\ncontent-type: x/y\r\ncontent-DISPOSITION: form-data; ${parameters}\r\n\r\nz\r\n--b--`;
    for (const size of [1, 1_000]) {
      const parts = await readAll(Buffer.from(body, 'latin1'), 'b', size);
      expect(parts).toEqual([{ field, filename, bytes: Buffer.from('z') }]);
    }
  });

  it('refuses a part that is coded, and says how', async () => {
    const head = 'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64';
    const body = Buffer.from(`--b\r\n${head}\r\n\r\neA==\r\n--b--`);
    await expect(readAll(body, 'b', 9)).rejects.toThrow(/base64; send its bytes/);
  });

  it('the reader skips what stands around the parts', async () => {
    const part = 'Content-Disposition: form-data; name="a"\r\n\r\nx\r\n';
    const body = Buffer.from(`before\r\n--b\r\n${part}--b--\r\nafter ${'y'.repeat(200_000)}`);
    for (const size of [5, 1_000_000]) {
      const parts = await readAll(body, 'b', size);
      expect(parts.map(({ field, bytes }) => [field, `${bytes}`])).toEqual([['a', 'x']]);
    }
  });

  it('a reader that stops early leaves the sender alone', async () => {
    let returned = false;
    const bytes = Buffer.from(
      `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${'x'.repeat(2_000_000)}`,
    );
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => {
        const chunks = cut(bytes, 10_000);
        return {
          next: () => chunks.next(),
          async return() {
            returned = true;
            return { done: true, value: undefined };
          },
        };
      },
    };
    for await (const { body } of readParts(source, 'b')) {
      for await (const _ of body) break;
      break;
    }
    expect(returned).toBe(false);
  });

  it('a slow reader holds up the sender', async () => {
    let sent = 0;
    async function* send() {
      yield Buffer.from('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n');
      for (; sent < 400; sent += 1) yield new Uint8Array(10_000);
      yield Buffer.from('\r\n--b--\r\n');
    }
    for await (const { body } of readParts(send(), 'b')) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(sent).toBeLessThan(20);
      let length = 0;
      for await (const chunk of body) length += chunk.length;
      expect(length).toBe(4_000_000);
    }
  });

  it('a sender that breaks off ends the part being read', async () => {
    async function* send() {
      yield Buffer.from('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf');
      throw new Error('the line is gone');
    }
    const read = async () => {
      for await (const { body } of readParts(send(), 'b')) for await (const _ of body);
    };
    await expect(read()).rejects.toThrow('the line is gone');
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
    [
      'whose part has a head without an end',
      '--b\r\nContent-Disposition: form-data; name="a"\r\n--b--',
    ],
    [
      'whose named part has an endless head',
      `--b\r\nContent-Disposition: form-data; name="a"\r\nX: ${'x'.repeat(100_000)}\r\n\r\nx\r\n--b--`,
    ],
    [
      'whose nameless part is followed by others',
      '--b\r\nX: y\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--',
    ],
    ['without parts', ''],
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
    const words = (type: string) => {
      const boundary = decodeBoundary(type);
      return boundary.ok ? boundary.value : boundary.refusal.message;
    };
    expect(words('multipart/form-data')).toMatch(/leave that header/);
    expect(words('application/x-www-form-urlencoded')).toMatch(/-F, not -d/);
    const quoted = decodeBoundary('multipart/form-data; charset=utf-8; boundary="a b"');
    expect(quoted).toEqual({ ok: true, value: 'a b' });
  });
});
