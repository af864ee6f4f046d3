import { expect, test } from 'vitest';
import { findKnownBad, KNOWN_BAD, skipKnownBad } from './known-bad.ts';

const CHROME = (android: string) =>
  `Mozilla/5.0 (Linux; Android ${android}; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/151.0.0.0 Mobile Safari/537.36`;
const SAFARI = (version: string) =>
  `Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} Mobile/15E148 Safari/604.1`;

/** For each row of the table: a device and model that it names, and one next to it that it does not. */
const CASES: Record<string, { bad: readonly string[]; good: readonly string[] }> = {
  '21970': {
    bad: [CHROME('14'), 'qualcomm adreno-7xx Adreno (TM) 730'],
    good: [CHROME('14'), 'qualcomm adreno-6xx Adreno (TM) 650'],
  },
  '1205': {
    bad: [CHROME('13'), 'arm valhall', 'SmolVLM-256M-Instruct'],
    good: [CHROME('14'), 'arm valhall', 'SmolVLM-256M-Instruct'],
  },
  '27584': {
    bad: [SAFARI('26.3'), 'apple', 'yolo26n'],
    good: [SAFARI('26.6'), 'apple', 'yolo26n'],
  },
  '29807': {
    bad: [CHROME('10'), 'intel gen-12lp', 'Kokoro-82M'],
    good: [CHROME('10'), 'qualcomm adreno-6xx', 'Kokoro-82M'],
  },
};

const skipsOf = ([userAgent = '', adapter = '', model]: readonly string[]) => {
  const faults = findKnownBad({ userAgent, adapter });
  return [...skipKnownBad(faults), ...skipKnownBad(faults, model ?? 'MiniLM')];
};

test.each(KNOWN_BAD)('a device that a row names skips the provider: $what', (row) => {
  const [number = ''] = /\d+$/.exec(row.source) ?? [];
  const { bad = [], good = [] } = CASES[number] ?? {};
  const { provider, what, source } = row;
  expect(skipsOf(bad)).toEqual([
    { provider, reason: { code: 'known-bad', values: { what, source } } },
  ]);
  expect(skipsOf(good)).toEqual([]);
});

test('a row of a model says nothing of other models', () => {
  const [agent = '', adapter = ''] = CASES['29807']?.bad ?? [];
  expect(skipsOf([agent, adapter, 'MiniLM-L6'])).toEqual([]);
});
