import { expect, test } from 'vitest';
import { Blocks, type JobAbout } from '#protocol/api/about.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { DeveloperId, JobId } from '#protocol/values/ids.ts';
import {
  blockDeveloper,
  blockJob,
  decodeBlocks,
  KEPT_BLOCKS_NONE,
  switchCategory,
  unblock,
  wireBlocks,
} from './blocks.ts';

const jobOf = (number: number) => `job_${number.toString(16).padStart(16, '0')}` as JobId;
const about: JobAbout = {
  ...{ job: jobOf(1), name: 'poems', category: 'language' },
  ...{ developer: 'dev_0123456789abcdef' as DeveloperId, developerName: 'Library' },
};

test('a job, who posted it and its category are blocked, told to the hub and taken back', () => {
  let kept = blockJob(KEPT_BLOCKS_NONE, about);
  kept = switchCategory(blockDeveloper(kept, about), 'language', false);
  expect(wireBlocks(kept)).toEqual({
    ...{ jobs: [about.job], developers: [about.developer], categories: ['language'] },
  });
  expect(kept.developers).toEqual([{ id: about.developer, name: 'Library' }]);
  kept = unblock(unblock(kept, about.job), about.developer);
  expect(switchCategory(kept, 'language', true)).toEqual(KEPT_BLOCKS_NONE);
});

test('a job that is blocked twice is kept once, and the oldest of too many goes', () => {
  let kept = blockJob(blockJob(KEPT_BLOCKS_NONE, about), about);
  expect(kept.jobs).toHaveLength(1);
  for (let number = 2; number <= 101; number += 1) {
    kept = blockJob(kept, { ...about, job: jobOf(number) });
  }
  expect(kept.jobs.map(({ id }) => id)).not.toContain(about.job);
  expect(decodeWith(Blocks, wireBlocks(kept), 'internal').ok).toBe(true);
});

test('stored blocks are read back, and what is damaged in them is left out', () => {
  const kept = switchCategory(blockDeveloper(KEPT_BLOCKS_NONE, about), 'audio', false);
  expect(decodeBlocks(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
  const damaged = {
    jobs: ['job_1', { id: 'job_1' }, null, { id: about.job, name: 7 }],
    developers: 'all',
    categories: ['language', 'war'],
  };
  expect(decodeBlocks(damaged)).toEqual({
    ...{ jobs: [{ id: about.job }], developers: [], categories: ['language'] },
  });
  for (const nothing of [undefined, null, 7, []]) {
    expect(decodeBlocks(nothing)).toEqual(KEPT_BLOCKS_NONE);
  }
});
