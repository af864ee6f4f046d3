import { expect, test } from 'vitest';
import { PICTURE_TASKS, TEXT_TASKS } from '#protocol/tasks/task.ts';
import { findTasks } from './model-facts.ts';

const TEXTS = ['config.json', 'tokenizer.json', 'onnx/model.onnx'];
const PICTURES = ['config.json', 'preprocessor_config.json', 'onnx/model.onnx'];
const facts = (files: readonly string[], labels: string[] = [], architectures: string[] = []) =>
  findTasks({ files, labels, architectures });

test('the architecture of a model tells its tasks, and its labels which is likeliest', () => {
  const bert = 'BertForSequenceClassification';
  expect(facts(TEXTS, ['NO', 'YES'], [bert])).toEqual([
    'text-classification',
    'zero-shot-classification',
    'text-ranking',
  ]);
  expect(facts(TEXTS, ['contradiction', 'entailment'], [bert])[0]).toBe('zero-shot-classification');
  expect(facts(TEXTS, ['LABEL_0'], [bert])[0]).toBe('text-ranking');
  expect(facts(TEXTS, [], ['BertModel'])).toEqual(['feature-extraction']);
  expect(facts(PICTURES, ['cat'], ['DetrForObjectDetection'])).toEqual(['object-detection']);
});

test('a model that names no architecture is offered all tasks of its inputs', () => {
  const tasks = facts(TEXTS, ['O', 'B-PER']);
  expect(tasks[0]).toBe('token-classification');
  expect([...tasks].sort()).toEqual([...TEXT_TASKS].sort());
  expect(facts(PICTURES)[0]).toBe('image-feature-extraction');
  expect(facts(PICTURES)).toHaveLength(PICTURE_TASKS.length);
  expect(facts([...TEXTS, '1_Pooling/config.json'], ['a', 'b'])[0]).toBe('feature-extraction');
});

test('a model without settings takes tensors, and no task fits it', () => {
  expect(facts(['model.onnx'])).toEqual([]);
});
