import { expect, it } from 'vitest';
import { nearNames } from './near-names.ts';

const NAMES = ['all-MiniLM-L6-v2', 'Xenova/all-MiniLM-L6-v2', 'resnet-50', 'Xenova/bge-small-en'];

it.each([
  ['all-minilm-l6-v2', ['all-MiniLM-L6-v2', 'Xenova/all-MiniLM-L6-v2']],
  ['resnet50', ['resnet-50']],
  ['xenova/bge-smal-en', ['Xenova/bge-small-en', 'Xenova/all-MiniLM-L6-v2']],
  ['bge-smal-en', ['Xenova/bge-small-en']],
  ['whisper', []],
  ['', []],
])('%s is near %j', (wanted, near) => expect(nearNames(wanted, NAMES)).toEqual(near));

it('names of which many are alike are cut to three', () => {
  expect(nearNames('net', ['net1', 'net2', 'net3', 'net4', 'net4'])).toHaveLength(3);
});
