import { describe, expect, it } from 'vitest';
import { encodeNpy } from '#protocol/tensors/npy.ts';
import { judgeSample, measureAccuracy, type SampleReport } from './sample-job.ts';

const matrix = (rows: number[][]) =>
  encodeNpy({
    dtype: 'f32',
    shape: [rows.length, rows[0]?.length ?? 0],
    data: new Uint8Array(new Float32Array(rows.flat()).buffer),
  });
const verdicts = { match: 3, mismatch: 0, inconclusive: 0, 'device-unfit': 0 };
const report = (change: object) =>
  judgeSample({
    job: { accepted: 57, units: 57 },
    accuracy: 0.985,
    verdicts,
    seconds: 1,
    ...change,
  } as SampleReport);

describe('the sample job', () => {
  it('counts rows whose largest output is the label', () => {
    const rows = [
      [0.1, 0.9],
      [0.8, 0.2],
      [-3, -1],
      [2, 1],
    ];
    expect(measureAccuracy(matrix(rows), [1, 0, 0, 0])).toBe(0.75);
  });

  it('says when results and labels do not fit', () => {
    expect(() => measureAccuracy(matrix([[1, 2]]), [0, 1])).toThrow('1×2, for 2 labels');
  });

  it('is right when accurate, whole and without mismatch', () => {
    expect(report({})).toEqual([]);
    expect(report({ accuracy: 0.96 })).toHaveLength(1);
    expect(report({ job: { accepted: 56, units: 57 } })).toHaveLength(1);
    expect(report({ verdicts: { ...verdicts, mismatch: 1 } })).toHaveLength(1);
  });
});
