import { expect, test } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { why } from '#protocol/values/reason.ts';
import { viewRun } from './run-view.ts';

const job = (given: Partial<JobView>) =>
  ({ state: 'running', units: 4, accepted: 1, reason: why('posted', {}), ...given }) as JobView;

test('each step of a run says a number', () => {
  const steps = [
    viewRun({ step: 'sending', share: 0.43 }, 0),
    viewRun({ step: 'asked', texts: 2 }, 3_900),
    viewRun({ step: 'job', job: job({ state: 'checking' }) }, 2_000),
    viewRun({ step: 'job', job: job({}) }, 61_000),
  ];
  for (const { label } of steps) expect(label).toMatch(/\d/);
  expect(steps[1]?.label).toMatch(/^2 texts, 3/);
  expect(steps[3]).toMatchObject({ share: 0.25, label: expect.stringContaining('1 of 4 units') });
});

test('a job says why it stands where it stands', () => {
  const { note } = viewRun({ step: 'job', job: job({ reason: why('no-device', {}) }) }, 0);
  expect(note).toContain('o device is online');
});
