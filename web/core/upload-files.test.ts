import { describe, expect, test } from 'vitest';
import type { FileKind } from '#protocol/files/file-kind.ts';
import { refusal } from '#protocol/values/refusal.ts';
import { addFiles, checkFiles, faultsOf, roleOf } from './upload-files.ts';

const chosen = (name: string, kind: FileKind) => ({ file: { name }, kind });
const model = chosen('net.onnx', 'onnx');
const rows = chosen('rows.jsonl', 'json');
const TAKEN = { skipBadFiles: false };
const photo = chosen('photo.png', 'heic');

describe('files of the upload form', () => {
  test('what a file is sent as is told by its bytes', () => {
    const kinds: FileKind[] = ['onnx', 'npy', 'webp', 'unknown', 'html'];
    expect(kinds.map((kind) => roleOf(chosen('a', kind)))).toEqual([
      'model',
      'input',
      'input',
      'weights',
      'foreign',
    ]);
  });

  test('a new model takes the place of the old, and so does a file of the same name', () => {
    const before = [chosen('old.onnx', 'onnx'), chosen('a', 'npy'), chosen('w.data', 'unknown')];
    const added = addFiles(before, [model, chosen('a', 'json')]);
    expect(added).toEqual([chosen('w.data', 'unknown'), model, chosen('a', 'json')]);
  });

  test('a job needs a model and inputs; weights go with the model', () => {
    expect(checkFiles([rows], TAKEN)).toMatchObject({ refusal: { code: 'request-invalid' } });
    expect(checkFiles([model], TAKEN)).toMatchObject({ refusal: { code: 'request-invalid' } });
    const weights = chosen('net.onnx.data', 'unknown');
    expect(checkFiles([weights, rows, model], TAKEN)).toEqual({
      ok: true,
      value: { model: model.file, weights: [weights.file], inputs: [rows.file] },
    });
  });

  test('one file that begins like nothing known is sent as the model', () => {
    const odd = chosen('net.bin', 'unknown');
    const checked = checkFiles([odd, rows], TAKEN);
    expect(checked).toMatchObject({ ok: true, value: { model: odd.file, weights: [] } });
    expect(checkFiles([odd, chosen('b', 'unknown'), rows], TAKEN)).toMatchObject({ ok: false });
  });

  test('a file that cannot be sent is named, or left out where that is asked for', () => {
    const files = [model, photo, chosen('a.png', 'png')];
    expect(checkFiles(files, TAKEN)).toMatchObject({ refusal: { path: 'photo.png' } });
    const inputs = [{ name: 'a.png' }];
    expect(checkFiles(files, { skipBadFiles: true })).toMatchObject({
      ok: true,
      value: { inputs },
    });
    expect(checkFiles([model, photo], { skipBadFiles: true })).toMatchObject({
      refusal: { path: 'photo.png' },
    });
  });

  test('with a task texts are inputs, and settings go with the model', () => {
    const [config, text] = [chosen('config.json', 'json'), chosen('a.txt', 'text')];
    const task = 'fill-mask';
    expect(checkFiles([config, text, rows, model], { ...TAKEN, task })).toEqual({
      ok: true,
      value: { model: model.file, weights: [config.file], inputs: [text.file, rows.file] },
    });
    expect(roleOf(text)).toBe('foreign');
    expect(roleOf(config)).toBe('input');
    const [fault] = faultsOf([chosen('a.npy', 'npy')], { task }).values();
    expect(fault).toContain('send texts');
    expect(checkFiles([model], { ...TAKEN, task })).toMatchObject({
      refusal: { message: expect.stringContaining('texts') },
    });
  });

  test('each fault stands beside its file', () => {
    const files = [model, rows, photo];
    expect([...faultsOf(files, {})]).toEqual([['photo.png', expect.stringMatching(/HEIC/)]]);
    const opset = refusal('model-opset', 'too new');
    expect(faultsOf(files, { refusal: opset }).get('net.onnx')).toBe('too new');
    const line = { name: 'rows.jsonl', code: 'input-shape', message: 'line 2 is short' } as const;
    const shape = { ...refusal('input-shape', 'line 2 is short', 'line 2: x'), files: [line] };
    expect([...faultsOf([model, rows], { refusal: shape })]).toEqual([
      ['rows.jsonl', 'line 2 is short'],
    ]);
    const named = refusal('model-external-data', 'no part of the model', 'rows.jsonl');
    expect([...faultsOf([model, rows], { refusal: named }).keys()]).toEqual(['rows.jsonl']);
  });
});
