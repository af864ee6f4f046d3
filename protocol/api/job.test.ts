import { expect, test } from 'vitest';
import { decodeWith } from '../values/decode.ts';
import { Assurance, JobOptions } from './job.ts';

const decode = (assurance: unknown) =>
  decodeWith(JobOptions, { name: 'job', assurance }, 'request-invalid');

test.each(Assurance.options)('a job may be posted with the assurance %s', (assurance) => {
  expect(decode(assurance)).toEqual({ ok: true, value: { name: 'job', assurance } });
});

test.each([0, 1, 2, 3, '1', 'Full', ''])('an assurance of %j is refused by name', (assurance) => {
  const decoded = decode(assurance);
  expect(decoded).toMatchObject({ ok: false, refusal: { path: 'assurance' } });
  const message = decoded.ok ? '' : decoded.refusal.message;
  for (const name of Assurance.options) expect(message).toContain(`"${name}"`);
});
