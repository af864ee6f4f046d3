import { describe, expect, test } from 'vitest';
import { decodeUploadForm, sortFile, UPLOAD_FORM_EMPTY } from './upload.ts';

describe('the upload form', () => {
  test('files are sorted by their names', () => {
    expect(['a.ONNX', 'b.npy', 'c.JPEG', 'd.txt'].map(sortFile)).toEqual([
      'model',
      'input',
      'input',
      'unknown',
    ]);
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
      allowNan: true,
    };
    expect(decodeUploadForm(form, 'net.onnx')).toEqual({
      ok: true,
      value: {
        name: 'Cats',
        unitItems: 16,
        unitPrice: '5000',
        allowNan: true,
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
