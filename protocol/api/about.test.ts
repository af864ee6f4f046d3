import { describe, expect, test } from 'vitest';
import { TaskName } from '../tasks/task.ts';
import { decodeWith } from '../values/decode.ts';
import type { DeveloperId, JobId } from '../values/ids.ts';
import { BLOCKS_NONE, type Blocks, blocksAny, categoryOf, isBlocked, JobPurpose } from './about.ts';
import { describePurpose } from './job-words.ts';

const about = {
  job: 'job_0123456789abcdef' as JobId,
  developer: 'dev_0123456789abcdef' as DeveloperId,
  category: 'language' as const,
};

test('a job without a purpose is described by its task and its model without the revision', () => {
  const said = { task: 'feature-extraction', model: 'made/vectors@1a2b' } as const;
  expect(describePurpose(said)).toBe('Turns sentences into vectors with made/vectors');
  expect(describePurpose({})).toBe('Runs a model on numbers');
  expect(describePurpose({ ...said, purpose: 'Finds old poems' })).toBe('Finds old poems');
});

test('every task has a sentence and a category of texts or of pictures', () => {
  for (const task of TaskName.options) {
    expect(describePurpose({ task })).toMatch(/^[A-Z].*[a-z]$/);
    expect(categoryOf(task)).toBe(/image|object/.test(task) ? 'vision' : 'language');
  }
  expect(categoryOf(undefined)).toBe('other');
});

describe('a purpose', () => {
  test('loses the blanks around it', () => {
    const decoded = decodeWith(JobPurpose, '  Finds old poems ', 'request-invalid');
    expect(decoded).toEqual({ ok: true, value: 'Finds old poems' });
  });

  test.each([
    ['of nothing but blanks', '   ', 'expected some text'],
    ['of 201 characters', 'x'.repeat(201), 'at most 200 characters'],
    ['of two lines', 'one\ntwo', 'one line of plain text'],
    ['with a tab', 'one\ttwo', 'one line of plain text'],
    ['that turns text around', 'safe\u202etxt', 'one line of plain text'],
    ['with a line separator', 'one\u2028two', 'one line of plain text'],
  ])('%s is refused, and says what it wants', (_, text, message) => {
    const refused = decodeWith(JobPurpose, text, 'request-invalid');
    expect(refused.ok ? '' : refused.refusal.message).toContain(message);
  });

  test('in another script, with joined emoji, is taken as it is', () => {
    for (const text of ['ترجمه‌ی شعر', '翻译诗歌', 'For families 👩‍👧']) {
      expect(decodeWith(JobPurpose, text, 'request-invalid')).toEqual({ ok: true, value: text });
    }
  });
});

test('a job is blocked by its id, by its developer or by its category, and by nothing else', () => {
  const blocked = (blocks: Partial<Blocks>) => isBlocked({ ...BLOCKS_NONE, ...blocks }, about);
  expect(blocked({})).toBe(false);
  expect(blocked({ jobs: [about.job] })).toBe(true);
  expect(blocked({ developers: [about.developer] })).toBe(true);
  expect(blocked({ categories: ['vision', 'language'] })).toBe(true);
  const others: Partial<Blocks> = {
    ...{ jobs: ['job_fedcba9876543210' as JobId], categories: ['audio'] },
    developers: ['dev_fedcba9876543210' as DeveloperId],
  };
  expect(blocked(others)).toBe(false);
  expect([blocksAny(BLOCKS_NONE), blocksAny({ ...BLOCKS_NONE, categories: ['audio'] })]).toEqual([
    false,
    true,
  ]);
});
