import { expect, test } from 'vitest';
import { JOB, joinWorker, openBench, PHONE, quoteJob } from '../fake-world.ts';
import { blobRights } from './blob-rights.ts';

test('a device that is tried on a quoted job reads its model and known answers, and no inputs', () => {
  const bench = openBench();
  quoteJob(bench, 10);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  expect(bench.last(2, 'admit')).toBeDefined();
  const { manifest, record } = bench.hub().jobs.get(JOB) ?? {};
  const [answer] = manifest?.knownAnswers ?? [];
  const parts = [manifest?.variants[0]?.file, answer?.inputs, answer?.outputs];
  const rightsTo = (part = record?.inputs) =>
    part && blobRights(bench.hub(), PHONE, { root: part.root, jobs: [JOB] });
  expect(parts.map((part) => rightsTo(part))).toEqual(['whole', 'whole', 'whole']);
  expect(rightsTo()).toEqual([]);
});
