import fc from 'fast-check';
import { expect, it } from 'vitest';
import { digestBody } from './body-digest.ts';

const URL_OF = 'http://hub/v1/jobs';
const formType = (boundary: string) => `multipart/form-data; boundary=${boundary}`;
const form = (boundary: string, text: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="options"\r\n\r\n${text}\r\n--${boundary}--\r\n`;

/** The digest of a body that comes in pieces of these lengths, the last one over and over. */
async function digestOf(
  text: string,
  { type = 'application/json', url = URL_OF, pieces = [1_000], epilogue = '' } = {},
): Promise<string> {
  const bytes = Buffer.from(text + epilogue);
  async function* chunks() {
    for (let [at, turn] = [0, 0]; at < bytes.length; turn += 1) {
      const length = pieces[Math.min(turn, pieces.length - 1)] ?? 1;
      yield bytes.subarray(at, at + length);
      at += length;
    }
  }
  const request = new Request(url, { method: 'POST', headers: { 'content-type': type } });
  const body = digestBody(request, chunks());
  for await (const _ of body.chunks) if (body.isWhole()) break;
  expect(type.startsWith('multipart') ? body.isWhole() : true).toBe(true);
  return body.digest();
}

it('a body has the digest of its bytes, its path and its query', async () => {
  const digest = await digestOf('{"a":1}');
  expect(await digestOf('{"a":1}', { pieces: [1] })).toBe(digest);
  expect(await digestOf('{"a":2}')).not.toBe(digest);
  expect(await digestOf('{"a":1}', { url: `${URL_OF}?x=1` })).not.toBe(digest);
  expect(await digestOf('{"a":1}', { url: 'http://hub/v1/files' })).not.toBe(digest);
});

it('a form has the digest of its parts, whatever its boundary and however it comes', async () => {
  const digest = await digestOf(form('one', 'a text'), { type: formType('one') });
  const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 9 });
  const boundary = fc.stringMatching(/^[A-Za-z0-9]{1,60}$/).filter((it) => !'a text'.includes(it));
  await fc.assert(
    fc.asyncProperty(boundary, pieces, fc.string(), async (name, lengths, epilogue) => {
      const options = { type: formType(name), pieces: lengths, epilogue };
      expect(await digestOf(form(name, 'a text'), options)).toBe(digest);
      expect(await digestOf(form(name, 'b text'), options)).not.toBe(digest);
    }),
  );
});
