import { describe, expect, test } from 'vitest';
import {
  chooseParts,
  decodeModelForm,
  MODEL_FORM_EMPTY,
  onnxPaths,
  pathsInside,
  suggestName,
} from './model-upload.ts';

const parts = (...paths: string[]) => paths.map((path) => ({ path, file: path }));
const sent = (paths: string[], onnx = '') => {
  const chosen = chooseParts(parts(...paths), onnx);
  return chosen.ok ? chosen.value.map(({ path }) => path) : chosen.refusal;
};

describe('files of a model', () => {
  test('stand under their paths in the folder that was chosen', () => {
    const files = [
      { name: 'model.onnx', webkitRelativePath: 'MiniLM/onnx/model.onnx' },
      { name: 'config.json', webkitRelativePath: '' },
    ];
    expect(pathsInside(files).map(({ path }) => path)).toEqual(['onnx/model.onnx', 'config.json']);
  });

  test('are sent with their data and settings, and nothing else of the folder', () => {
    const folder = ['README.md', 'config.json', '1_Pooling/config.json', 'onnx/model.onnx'];
    const all = [...folder, 'onnx/model.onnx_data', 'onnx/model_q4.onnx'];
    expect(sent(all, 'onnx/model.onnx')).toEqual([
      'config.json',
      '1_Pooling/config.json',
      'onnx/model.onnx',
      'onnx/model.onnx_data',
    ]);
    expect(sent(folder)).toContain('onnx/model.onnx');
    expect(onnxPaths(parts(...all))).toHaveLength(2);
  });

  test('need one ONNX file', () => {
    expect(sent(['config.json'])).toMatchObject({ path: 'onnx' });
    expect(sent(['a.onnx', 'b.onnx'])).toMatchObject({ message: expect.stringContaining('which') });
  });
});

describe('the form of a model', () => {
  test('says what the model is called, and what else was typed', () => {
    const form = { ...MODEL_FORM_EMPTY, name: ' me/net ', dtype: 'q8' };
    expect(decodeModelForm(form)).toEqual({ ok: true, value: { name: 'me/net', dtype: 'q8' } });
    expect(decodeModelForm({ ...form, name: 'two words' })).toMatchObject({
      refusal: { path: 'name' },
    });
  });

  test('suggests a name that a model may have', () => {
    expect(suggestName('My Model', 'onnx/model.onnx')).toBe('My-Model');
    expect(suggestName(undefined, 'x/digits.onnx')).toBe('digits');
    expect(suggestName(undefined, undefined)).toBe('');
  });
});
