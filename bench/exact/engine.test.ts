import { describe, expect, it } from 'vitest';
import type { ExactCase, ExactJob } from '../page/exact-cases.ts';
import { readMessages } from './engine.ts';

const each: ExactCase = {
  model: 'a',
  batch: 1,
  level: 'all',
  modelFile: 'a.onnx',
  inputsFile: 'a.json',
  free: {},
};
const job: ExactJob = { id: 'j', threads: 2, cases: [each, each] };
const outputs = [{ name: 'y', dtype: 'float32', data: 'AACAPw==' }];

describe('messages of an engine', () => {
  it('become one result for each case', () => {
    const found = readMessages(job, [
      { type: 'outputs', outputs },
      { type: 'refused', reason: 'no kernel' },
      { type: 'end', threads: 2 },
    ]);
    expect(found).toMatchObject([{ outputs: [{ name: 'y' }] }, { refused: 'no kernel' }]);
    const [first] = found;
    const data = first !== undefined && 'outputs' in first ? first.outputs[0]?.data : undefined;
    expect([...(data ?? [])]).toEqual([0, 0, 0x80, 0x3f]);
  });

  it('are no results when it stopped early, failed, or had other threads than asked for', () => {
    const one = { type: 'outputs', outputs } as const;
    expect(() => readMessages(job, [one])).toThrow('stopped after 1 of 2 cases');
    expect(() => readMessages(job, [one, { type: 'end', threads: 2 }])).toThrow('1 of 2');
    expect(() => readMessages(job, [{ type: 'failed', reason: 'no memory' }])).toThrow('no memory');
    expect(() => readMessages(job, [one, one, { type: 'end', threads: 1 }])).toThrow(
      'had 1 threads, not 2',
    );
  });
});
