import { expect, test } from 'vitest';
import type { JobRecord } from '#protocol/api/job.ts';
import { why } from '#protocol/values/reason.ts';
import { graph } from './graph.ts';

test('a quote says once why units hold one item: the input whose items lie apart, or their answers', () => {
  const record = (coupled: boolean, notes: JobRecord['notes'] = []) =>
    ({ draft: { runtime: coupled ? { coupled } : {} }, notes }) as unknown as JobRecord;
  const codes = (of: JobRecord) =>
    [...graph.quoteNotes(of), ...(of.notes ?? [])].map((n) => n.code);
  const apart = why('items-apart', { name: 'state' });
  expect(codes(record(true))).toEqual(['items-coupled']);
  expect(codes(record(true, [apart]))).toEqual(['items-apart']);
  expect(codes(record(false))).toEqual([]);
});
