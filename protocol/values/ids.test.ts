import type * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { elementCount, Shape, TensorSpec, unitBytes } from '../tensors/tensor.ts';
import { decodeJson, decodeWith } from './decode.ts';
import { Digest, JobId, LeaseId, Nonce, PeerId, PublicKey, Root, Signature } from './ids.ts';
import { fault, REFUSAL_CODES, Refusal, refusal } from './refusal.ts';
import {
  after,
  Bytes,
  between,
  Count,
  Instant,
  instant,
  Lamports,
  lamports,
  Millis,
  millis,
} from './units.ts';

const holds = (schema: v.GenericSchema, value: unknown) => decodeWith(schema, value).ok;

describe('ids', () => {
  it.each([
    ['Digest', Digest, 64],
    ['Root', Root, 64],
    ['PublicKey', PublicKey, 64],
    ['Signature', Signature, 128],
    ['Nonce', Nonce, 64],
    ['LeaseId', LeaseId, 32],
  ] as const)('%s is lower-case hex of its length', (_, schema, length) => {
    expect(holds(schema, '0a'.repeat(length / 2))).toBe(true);
    for (const wrong of ['0', '0A', '0g', '0a0a', '0a\n'].map(
      (end) => `${'0a'.repeat(length / 2 - 1)}${end}`,
    )) {
      expect(holds(schema, wrong), wrong).toBe(false);
    }
  });

  it('jobs and peers have shapes of their own', () => {
    expect(holds(JobId, 'job_0123456789abcdef')).toBe(true);
    for (const wrong of [
      '0123456789abcdef',
      'job_0123',
      'job_0123456789abcdeg',
      'JOB_0123456789abcdef',
    ]) {
      expect(holds(JobId, wrong)).toBe(false);
    }
    expect(holds(PeerId, 'p-1')).toBe(true);
    for (const wrong of ['ab', '-ab', 'a/b', 'a_b', 'a'.repeat(65)])
      expect(holds(PeerId, wrong)).toBe(false);
  });
});

describe('units', () => {
  it('are numbers that mean something', () => {
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY, '1', null]) {
      for (const schema of [Millis, Instant, Bytes, Count])
        expect(holds(schema, wrong)).toBe(false);
    }
    expect(holds(Millis, 0.5)).toBe(true);
    expect(holds(Bytes, 0.5)).toBe(false);
    expect(holds(Count, 2 ** 53)).toBe(false);
  });

  it('lamports are a u64 in decimal', () => {
    expect(lamports(2n ** 64n - 1n)).toBe('18446744073709551615');
    for (const right of ['0', '1', '18446744073709551615'])
      expect(holds(Lamports, right)).toBe(true);
    for (const wrong of ['18446744073709551616', '01', '-1', '1.0', '', ' 1', 1]) {
      expect(holds(Lamports, wrong)).toBe(false);
    }
  });

  it('instants and durations add up, and no duration is negative', () => {
    expect(after(instant(100), millis(5))).toBe(105);
    expect(between(instant(100), instant(105))).toBe(5);
    expect(between(instant(105), instant(100))).toBe(0);
  });
});

describe('tensors', () => {
  it('have a fixed shape of whole numbers', () => {
    for (const right of [[], [1], [8, 1, 8, 8]]) expect(holds(Shape, right)).toBe(true);
    for (const wrong of [[0], [-1], [1.5], ['n'], Array(9).fill(1)])
      expect(holds(Shape, wrong)).toBe(false);
    const spec = { name: 'x', dtype: 'bf16', shape: [1] };
    expect(decodeWith(TensorSpec, spec)).toMatchObject({ refusal: { path: 'dtype' } });
  });

  it('are as long as their dtypes and shapes say', () => {
    expect(elementCount([])).toBe(1);
    const specs: TensorSpec[] = [
      { name: 'a', dtype: 'f16', shape: [2, 3] },
      { name: 'b', dtype: 'i64', shape: [] },
    ];
    expect(unitBytes(specs)).toBe(20);
  });
});

describe('refusals', () => {
  it('stay within their own schema, however long the reason', () => {
    const long = refusal('internal', 'x'.repeat(5000), 'y'.repeat(5000));
    expect(holds(Refusal, long)).toBe(true);
    expect(holds(Refusal, { code: 'of-my-own', message: 'x' })).toBe(false);
    expect(new Set(REFUSAL_CODES).size).toBe(REFUSAL_CODES.length);
  });

  it('travel inside a process with their cause', () => {
    const cause = new Error('ENOSPC');
    const error = fault('disk-full', 'free some space', cause);
    expect(error.message).toBe('disk-full: free some space');
    expect(error).toMatchObject({ cause, refusal: { code: 'disk-full' } });
  });

  it('say what is wrong with text that is not JSON', () => {
    expect(decodeJson(Refusal, '{"code":', 'request-invalid')).toMatchObject({
      ok: false,
      refusal: { code: 'request-invalid', message: expect.stringContaining('JSON') },
    });
  });
});
