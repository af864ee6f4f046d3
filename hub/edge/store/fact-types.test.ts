import { expect, test } from 'vitest';
import { JOB_FACTS } from '../../core/state/fact-lists.ts';
import { OF_JOBS } from './fact-types.ts';

test('the store finds a job by the facts that the core recalls it from', () => {
  const types = [...OF_JOBS.matchAll(/'([\w-]+)'/g)].map(([, type]) => type);
  expect(types).toEqual([...JOB_FACTS]);
});
