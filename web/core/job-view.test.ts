import { describe, expect, test } from 'vitest';
import { type Assurance, JobState, type JobView, type Quote } from '#protocol/api/job.ts';
import { describeNotes } from '#protocol/api/sentences.ts';
import { why } from '#protocol/values/reason.ts';
import { BACKOFF_MS, backoffMs } from './backoff.ts';
import { drawGlyph, drawShare } from './glyphs.ts';
import {
  describeCost,
  describeState,
  describeStragglers,
  hasResults,
  isEnded,
  jobDurationMs,
  jobFraction,
  readableItems,
  slowestFirst,
  viewCounters,
  viewQuote,
} from './job-view.ts';
import { totalVerdicts, type VerdictEntry } from './verdict-view.ts';

const job = (given: Partial<JobView>) =>
  ({
    ...{ state: 'running', units: 10, accepted: 4, failed: 0, items: 100, unitPrice: '0' },
    ...given,
  }) as JobView;

describe('a job in words', () => {
  test.each(JobState.options)('%s has a label', (state) => {
    expect(describeState(state).label).not.toBe('');
  });

  test('results can be fetched once every unit is accepted', () => {
    expect(hasResults(job({}))).toBe(false);
    expect(hasResults(job({ state: 'finishing', accepted: 10, released: 10 }))).toBe(true);
    expect(hasResults(job({ state: 'finishing', accepted: 10, released: 4 }))).toBe(false);
    expect(hasResults(job({ state: 'cancelled', accepted: 10, released: 10 }))).toBe(false);
  });

  test('stragglers are named once they are late, and a price has a cost so far', () => {
    const device = 'ab'.repeat(32);
    const soonestLate = [
      { device, units: 3, lateFrom: 1_000 },
      { device: 'cd'.repeat(32), units: 4, lateFrom: 9_000 },
    ] as NonNullable<JobView['soonestLate']>;
    expect(describeStragglers(job({ soonestLate }), 999)).toBeUndefined();
    expect(describeStragglers(job({ soonestLate }), 3_000)).toBe(
      '3 units wait for 1 late device: abababab (2 sec late).',
    );
    expect(describeStragglers(job({ soonestLate }), 9_000)).toContain('7 units wait for 2 late');
    expect(describeStragglers(job({}), 9_000)).toBeUndefined();
    expect(describeCost(job({}))).toBeUndefined();
    const priced = job({ unitPrice: '5' as JobView['unitPrice'] });
    expect(describeCost(priced)).toBe('0.00000002 SOL for units so far');
  });

  test('some results can be read before the end, from the first item on', () => {
    expect(readableItems(job({ readyItems: 30 }))).toBe(30);
    expect(readableItems(job({}))).toBe(0);
    expect(readableItems(job({ state: 'cancelled', readyItems: 30 }))).toBe(0);
    expect(readableItems(job({ state: 'done', accepted: 10, released: 10 }))).toBe(100);
  });

  test('share, duration and end', () => {
    expect(jobFraction(job({}))).toBe(0.4);
    expect(jobFraction(job({ units: 0 }))).toBe(0);
    expect(jobFraction(job({ state: 'done', failed: 12 }))).toBe(1);
    expect(jobDurationMs(job({}), 5)).toBeUndefined();
    expect(jobDurationMs(job({ startedAt: 100 as never }), 350)).toBe(250);
    expect(JobState.options.filter(isEnded)).toEqual(['done', 'cancelled', 'refused']);
  });

  test('the counters show final units only where the job has assurance', () => {
    const released = (assurance: Assurance) =>
      viewCounters(job({ assurance, released: 2 })).find(({ id }) => id === 'released')?.value;
    expect([released('instant'), released('settled')]).toEqual([undefined, '2']);
  });

  test('what a job costs so far stands against its quote, where it has a price', () => {
    const cost = (given: Partial<JobView>) =>
      viewCounters(job(given)).find(({ id }) => id === 'cost');
    expect(cost({})).toBeUndefined();
    const unitPrice = '500000000' as JobView['unitPrice'];
    expect(cost({ unitPrice })).toMatchObject({ value: '2 SOL', label: 'for units so far' });
    const quote = { total: '5000000000' } as Quote;
    expect(cost({ unitPrice, quote })?.label).toBe('of 5 SOL quoted');
  });

  test('devices at work on a job stand with the slowest first', () => {
    const device = (key: string, unitMs: number | undefined, at = 'job_1') =>
      ({ key, unitMs, job: at }) as never;
    const all = [device('a', 5), device('b', undefined), device('c', 9), device('d', 20, 'job_2')];
    expect(slowestFirst(all, 'job_1' as never).map(({ key }) => key)).toEqual(['c', 'a', 'b']);
  });

  test('the counters show failed items only where there are some', () => {
    const failed = (count: number) =>
      viewCounters(job({ failed: count })).find(({ id }) => id === 'failed')?.value;
    expect([failed(0), failed(1_234)]).toEqual([undefined, '1,234']);
  });

  test('a quote without a device says why there is no time', () => {
    const quote = {
      units: 3,
      items: 40,
      shards: 1,
      devices: 0,
      total: '0',
      checkRate: 0.05,
    } as Quote;
    const lines = viewQuote({
      ...quote,
      confidence: 0.9,
      peakBytes: 1e6,
      notes: [why('no-device-fits', {})],
    });
    expect(lines.find(({ label }) => label === 'Time')).toMatchObject({
      value: 'not known yet',
      note: expect.stringContaining('no device'),
    });
    const notes = [why('items-coupled', {})];
    const note = describeNotes({ notes });
    const [, time] = viewQuote({ ...quote, devices: 1, confidence: 0.9, peakBytes: 1e6, notes });
    expect(time).toMatchObject({ value: 'not known yet', note });
  });
});

test('waits between tries grow, are spread by chance and have an end', () => {
  expect(backoffMs(0, 0)).toBe(BACKOFF_MS.first);
  expect(backoffMs(3, 0)).toBe(4_000);
  expect(backoffMs(3, 1)).toBe(2_000);
  expect(backoffMs(1_000, 0)).toBe(BACKOFF_MS.max);
});

test('the picture has 64 cells, whatever it shows', () => {
  for (let step = 0; step < 5; step += 1) expect(drawGlyph(step)).toHaveLength(64);
  expect(drawShare(0.5).filter((ink) => ink === 1)).toHaveLength(32);
  expect(drawShare(1).every((ink) => ink === 1)).toBe(true);
});

test('verdicts are counted by kind, verifier and device', () => {
  const entry = (kind: string, device: string) =>
    ({
      number: 1,
      signed: { verdict: { kind, device, verifier: 'v' } },
    }) as unknown as VerdictEntry;
  expect(totalVerdicts([entry('match', 'a'), entry('match', 'b'), entry('mismatch', 'a')])).toEqual(
    {
      all: 3,
      kinds: { match: 2, mismatch: 1, inconclusive: 0, 'device-unfit': 0 },
      verifiers: 1,
      devices: 2,
    },
  );
});
