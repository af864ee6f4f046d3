import { describe, expect, test } from 'vitest';
import { addFiles, checkFiles, decodeUploadForm, sortFile, UPLOAD_FORM_EMPTY } from './upload.ts';

describe('the upload form', () => {
  test('files are sorted by their names', () => {
    expect(['a.ONNX', 'b.npy', 'c.JPEG', 'd.txt'].map(sortFile)).toEqual([
      'model',
      'input',
      'input',
      'unknown',
    ]);
  });

  test('a new model takes the place of the old; what is neither is refused and left out', () => {
    const files = (...names: string[]) => names.map((name) => ({ name }));
    const added = addFiles(files('old.onnx', 'a.npy'), files('new.onnx', 'a.npy', 'notes.txt'));
    expect(added.files).toEqual(files('new.onnx', 'a.npy'));
    expect(added.refusal).toMatchObject({ code: 'input-format', path: 'notes.txt' });
    expect(addFiles([], files('a.npy')).refusal).toBeUndefined();
  });

  test('a job needs a model and inputs', () => {
    expect(checkFiles([{ name: 'a.npy' }])).toMatchObject({ refusal: { code: 'request-invalid' } });
    expect(checkFiles([{ name: 'a.onnx' }])).toMatchObject({
      refusal: { code: 'request-invalid' },
    });
    expect(checkFiles([{ name: 'a.onnx' }, { name: 'b.png' }])).toMatchObject({ ok: true });
  });

  test('an empty form posts the model under its own name and leaves the rest to the hub', () => {
    expect(decodeUploadForm(UPLOAD_FORM_EMPTY, 'net.onnx')).toEqual({
      ok: true,
      value: { name: 'net' },
    });
  });

  test('every field arrives', () => {
    const form = {
      name: ' Cats ',
      unitItems: '16',
      mean: '0.485, 0.456,0.406',
      std: '0.2',
      unitPrice: '5000',
      assurance: 'full' as const,
      allowNan: true,
      taps: true,
    };
    expect(decodeUploadForm(form, 'net.onnx')).toEqual({
      ok: true,
      value: {
        name: 'Cats',
        unitItems: 16,
        unitPrice: '5000',
        assurance: 'full',
        allowNan: true,
        taps: true,
        image: { mean: [0.485, 0.456, 0.406], std: [0.2] },
      },
    });
  });

  test.each([
    ['mean', '0.5;0.5'],
    ['std', 'one'],
    ['unitItems', '0'],
    ['unitItems', '9999'],
    ['unitPrice', '-1'],
    ['unitPrice', '1.5'],
  ])('%s = %s is refused and named', (field, value) => {
    const decoded = decodeUploadForm({ ...UPLOAD_FORM_EMPTY, [field]: value }, 'net.onnx');
    expect(decoded).toMatchObject({ ok: false, refusal: { path: field } });
  });
});
