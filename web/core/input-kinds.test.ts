import { expect, test } from 'vitest';
import type { FileKind } from '#protocol/files/file-kind.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import { describeStranger, isInputOf, isSettingsName, nameInputs } from './input-kinds.ts';

const KINDS: FileKind[] = ['json', 'text', 'csv', 'png', 'npy', 'onnx'];
const taken = (task?: TaskName) => KINDS.filter((kind) => isInputOf(kind, task));

test('JSON and text are texts where a task takes texts, and pictures go to tasks of pictures', () => {
  expect(taken('fill-mask')).toEqual(['json', 'text', 'csv']);
  expect(taken('object-detection')).toEqual(['png']);
  expect(taken()).toEqual(['json', 'png', 'npy']);
});

test('a file of another kind is told what the task takes', () => {
  expect(describeStranger('npy', 'fill-mask')).toBe(
    'is a NumPy array; send texts: JSON Lines, or a text file with one on each line',
  );
  expect(describeStranger('text', undefined)).toContain('convert it to safetensors');
  expect(describeStranger('npy', 'image-classification')).toContain('send pictures');
  expect(describeStranger('heic', 'image-classification')).toContain('Most Compatible');
  expect(nameInputs(undefined)).toContain('safetensors');
});

test('settings of a model are known by their names', () => {
  expect(['config.json', '1_Pooling/config.json', 'x/tokenizer.json'].every(isSettingsName)).toBe(
    true,
  );
  expect(['lines.json', 'my-config.json', 'config.jsonl'].some(isSettingsName)).toBe(false);
});
