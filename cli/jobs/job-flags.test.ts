import { expect, it } from 'vitest';
import { decodeFlags } from '#node/flags.ts';
import { must } from '#protocol/values/refusal.ts';
import { JOB_FLAGS, readOptions } from './job-flags.ts';

function read(...args: string[]) {
  const line = { args: ['--model', 'org/net', ...args], words: ['inputs'] };
  const flags = must(decodeFlags(JOB_FLAGS, line));
  if (flags === 'help') throw new Error('no help was asked for');
  return readOptions(flags, true);
}

it('flags become the options of a job', () => {
  const devices = ['--devices', 'webgpu,wasm', '--memory-min', '300'];
  const when = ['--deadline', '2027-01-31T08:00Z', '--keep-days', '3'];
  expect(read('in/rows.jsonl', ...devices, ...when)).toEqual({
    ...{ name: 'rows.jsonl', autoStart: true, keepDays: 3 },
    devices: { providers: ['webgpu', 'wasm'], memoryMin: 300 * 2 ** 20 },
    deadline: Date.UTC(2027, 0, 31, 8),
  });
});

it('addresses of inputs and results are options, and the query of one is no name', () => {
  const inputsUrl = 'https://store.example/in/rows.jsonl?signature=secret';
  const resultsUrl = 'https://store.example/out';
  expect(read('--inputs-url', inputsUrl, '--results-url', resultsUrl)).toEqual({
    ...{ name: 'rows.jsonl', autoStart: true, inputsUrl, resultsUrl },
  });
});

it.each([
  [['--devices', 'webgpu,cpu'], 'expected some of wasm, webgpu, webnn'],
  [['--deadline', 'soon'], 'expected a time such as'],
])('%j is refused: %s', (args, message) => {
  expect(() => read('rows.jsonl', ...args)).toThrow(message);
});
