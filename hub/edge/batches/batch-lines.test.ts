import { expect, it } from 'vitest';
import { must } from '#protocol/values/refusal.ts';
import { FAKE_SETTINGS } from '../tasks/fake-repository.ts';
import { openTokenizer } from '../tasks/tokenizer.ts';
import { type GoodLine, nameModel, readBatchLines, type WrongLine } from './batch-lines.ts';

const tokenizer = must(openTokenizer(FAKE_SETTINGS));
const GOOD = {
  ...{ custom_id: 'a', method: 'POST', url: '/v1/embeddings' },
  body: { model: 'net', input: ['one two', 'three'] },
};
async function read(...lines: unknown[]): Promise<(GoodLine | WrongLine)[]> {
  async function* texts() {
    yield* lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  }
  const rules = { endpoint: '/v1/embeddings', model: 'net', tokenizer };
  const found = [];
  for await (const line of readBatchLines(texts(), rules)) found.push(line);
  return found;
}
const body = (more: object) => ({ ...GOOD, body: { ...GOOD.body, ...more } });

it('a line that is well has its texts and its tokens', async () => {
  expect(await read(GOOD, '')).toEqual([
    {
      line: { custom_id: 'a', texts: 2, tokens: 7, encoding: 'float' },
      texts: ['one two', 'three'],
      longest: 4,
    },
  ]);
});

it.each([
  ['is no JSON', '{', 'invalid_json_line', /^line 1: this is not JSON/],
  ['is no request', '7', 'invalid_request', /^line 1/],
  ['has another method', { ...GOOD, method: 'GET' }, 'invalid_request', /expected "POST"/],
  ['has another url', { ...GOOD, url: '/v1/models' }, 'invalid_url', /url is \/v1\/models/],
  ['has another model', body({ model: 'x' }), 'mismatched_model', /body.model is x/],
  ['has tokens for texts', body({ input: [1, 2] }), 'invalid_request', /body: .*text/],
  ['has no texts', body({ input: [] }), 'invalid_request', /input/],
  [
    'has an option that is none',
    body({ encoding_format: 'x' }),
    'invalid_request',
    /float or base64/,
  ],
  ['has a field that is none', body({ truncate: true }), 'invalid_request', /truncate/],
  [
    'has a text too long',
    body({ input: 'one '.repeat(20) }),
    'context_length_exceeded',
    /22 tokens/,
  ],
] as [string, unknown, string, RegExp][])(
  'a line that %s is told of, and the next is read',
  async (_, ...[line, code, message]) => {
    const [wrong, next] = await read(line, { ...GOOD, custom_id: 'b' });
    expect(wrong).toMatchObject({ error: { code, message: expect.stringMatching(message) } });
    expect(next).toMatchObject({ line: { custom_id: 'b' } });
  },
);

it('a name that comes again is told of', async () => {
  const [, second] = await read(GOOD, GOOD);
  expect(second).toMatchObject({ custom_id: 'a', error: { code: 'duplicate_custom_id' } });
});

it.each([
  [JSON.stringify(GOOD), 'net'],
  [`{\n{"body":{}}\n${JSON.stringify(GOOD)}`, 'net'],
  ['[]\n7\nnull', undefined],
])('a batch is of the first model that a line names (%#)', (text, wanted) => {
  expect(nameModel(text)).toBe(wanted);
});
