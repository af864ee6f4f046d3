import { expect, it } from 'vitest';
import { must } from '#protocol/values/refusal.ts';
import { fakeFile } from './fake-repository.ts';
import { readTexts } from './texts.ts';

const read = (text: string) => readTexts([fakeFile('in', text)]);
const textsOf = (text: string) =>
  must(read(text)).map((item) => (item.pair ? [item.text, item.pair] : item.text));

it.each([
  ['lines of a text file', 'one two\r\n\n{three\n', ['one two', '{three']],
  ['texts of JSON Lines', '"one"\n{"text":"two\\nlines"}\n', ['one', 'two\nlines']],
  ['texts of one JSON array', '["one", "two"]', ['one', 'two']],
  [
    'pairs',
    '{"query":"a","document":"b"}\n{"text":"c","pair":"d"}\n{"text":"e","text_pair":"f"}',
    [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ],
  ],
])('texts are %s', (_, text, wanted) => {
  expect(textsOf(text)).toEqual(wanted);
});

it.each([
  ['a number', '"a"\n7', 'line 2', /is no text; write "a text"/],
  ['another field', '{"text":"a","id":1}', 'line 1', /names id/],
  ['no text', '{"pair":"a"}', 'line 1', /text must be a text/],
  ['a text that is none', '{"text":["a"]}', 'line 1', /text must be a text/],
  ['a pair that is none', '{"text":"a","pair":7}', 'line 1', /pair must be a text/],
  ['half a line', '"a"\n{"text":', 'line 2', /is not JSON/],
])('a line with %s is refused by its number', (_, ...[text, path, message]) => {
  expect(read(text)).toMatchObject({ refusal: { path, message: expect.stringMatching(message) } });
});

it('several files are read one after the other, and lines are named with their file', () => {
  const files = [fakeFile('a', '"one"'), fakeFile('b', 'two')];
  expect(must(readTexts(files)).map(({ at }) => at)).toEqual(['a: line 1', 'b: line 1']);
});

it.each([
  ['', /is empty/],
  [' \n', /no texts|is empty/],
  ['%PDF-1.4', /in is a PDF document; send texts/],
])('files without texts are refused (%j)', (text, message) => {
  expect(read(text)).toMatchObject({ refusal: { message: expect.stringMatching(message) } });
});
