import { expect, test } from 'vitest';
import { isTest, readTexts } from './tidy/tree.ts';

const PAGE = 'web/core/privacy.ts';
/** A sentence in the source of the page, whose texts only its build can read. */
const SAID_AS = /id: '([a-z-]+)',\n\s*text: msg`([^`]+)`/g;
/** Comments above a test say which sentences of the privacy page it shows. */
const SHOWN = /\/\/ privacy: ([a-z-]+)\n(?=(?:\s*\/\/ privacy: [a-z-]+\n)*\s*(?:test|it)\b)/g;
const ROOT = new URL('..', import.meta.url).pathname;

const texts = readTexts(ROOT);
const said = [...(texts.get(PAGE) ?? '').matchAll(SAID_AS)].map(([, id = '', text = '']) => ({
  ...{ id, text },
}));

/** The tests of each sentence: files that have one. */
function findTests(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [path, text] of texts) {
    if (!isTest(path)) continue;
    for (const [, id = ''] of text.matchAll(SHOWN)) {
      found.set(id, [...(found.get(id) ?? []), path]);
    }
  }
  return found;
}
const tests = findTests();

test.each(said)('the sentence "$id" of the privacy page has a test', ({ id, text }) => {
  expect(tests.get(id) ?? [], `no test shows that: ${text}`).not.toEqual([]);
  expect(text).toMatch(/^[A-Z].*[^.]\.$/);
});

test('every test of the privacy page shows one of its sentences', () => {
  const ids = said.map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(10);
  expect((texts.get(PAGE) ?? '').match(/ id: '/g)).toHaveLength(ids.length);
  expect([...tests.keys()].filter((id) => !ids.includes(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});
