import { expect, it } from 'vitest';
import type { Quote } from '#protocol/api/job.ts';
import { lamports, millis } from '#protocol/values/units.ts';
import { decodeQuoteForm, viewChoice } from './quote-view.ts';

const form = { items: ' 100 ', tokens: '', unitPrice: '' };
const ofModel = { model: 'my/net', task: undefined };
const quote: Quote = {
  ...{ units: 10, items: 100, shards: 2, devices: 1, durationMs: millis(2_000) },
  ...{ total: lamports(50n), checkRate: 1.0001, confidence: 0.99, peakBytes: 1, notes: [] },
};

it('what was typed becomes a request for quotes', () => {
  expect(decodeQuoteForm(form, ofModel)).toEqual({
    ok: true,
    value: { model: 'my/net', items: 100 },
  });
  const whole = { items: '3', tokens: '12', unitPrice: '007' };
  expect(decodeQuoteForm(whole, { ...ofModel, task: 'feature-extraction' })).toMatchObject({
    value: { items: 3, tokens: 12, unitPrice: '7', task: { name: 'feature-extraction' } },
  });
});

it.each([
  ['items', { items: '' }],
  ['items', { items: '1.5' }],
  ['tokens', { tokens: '-1' }],
  ['unitPrice', { unitPrice: 'much' }],
])('a wrong field of the form is named: %s', (path, more) => {
  expect(decodeQuoteForm({ ...form, ...more }, ofModel)).toMatchObject({ refusal: { path } });
});

it('a choice has its price, time and share checked', () => {
  const estimate = { possible: true, reasons: [], message: 'possible now', quote };
  expect(viewChoice({ assurance: 'full', estimate }).lines.map(({ value }) => value)).toEqual([
    ...['0.00000005 SOL', 'about 2 sec', '100%', '99%'],
  ]);
});

it('a choice that is not possible says why', () => {
  const estimate = { possible: false, reasons: [], message: 'not possible now: no device' };
  expect(viewChoice({ assurance: 'full', estimate })).toEqual({
    ...{ lines: [], problem: 'Not possible now: no device.' },
  });
});
