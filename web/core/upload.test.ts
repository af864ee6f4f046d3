import { describe, expect, test } from 'vitest';
import { decodeUploadForm, UPLOAD_FORM_EMPTY } from './upload.ts';

describe('the upload form', () => {
  test('an empty form posts the model under its own name and leaves the rest to the hub', () => {
    expect(decodeUploadForm(UPLOAD_FORM_EMPTY, 'net.onnx')).toEqual({
      ok: true,
      value: { name: 'net' },
    });
  });

  test('every field arrives', () => {
    const form = {
      ...UPLOAD_FORM_EMPTY,
      name: ' Cats ',
      unitItems: '16',
      mean: '0.485, 0.456,0.406',
      std: '0.2',
      size: ' 480, 640',
      outputs: 'logits, embedding',
      shared: ' {"sr": 16000, "state": [[0, 1]]} ',
      unitPrice: '5000',
      assurance: 'full' as const,
      fit: 'contain' as const,
      orientation: 'stored' as const,
      layout: 'nhwc' as const,
      allowNan: true,
      skipBadFiles: true,
      taps: true,
    };
    expect(decodeUploadForm(form, 'net.onnx')).toEqual({
      ok: true,
      value: {
        name: 'Cats',
        unitItems: 16,
        unitPrice: '5000',
        assurance: 'full',
        outputs: ['logits', 'embedding'],
        shared: { sr: 16000, state: [[0, 1]] },
        allowNan: true,
        skipBadFiles: true,
        taps: true,
        image: {
          mean: [0.485, 0.456, 0.406],
          std: [0.2],
          size: [480, 640],
          fit: 'contain',
          orientation: 'stored',
          layout: 'nhwc',
        },
      },
    });
    const square = decodeUploadForm({ ...UPLOAD_FORM_EMPTY, size: '224' }, 'net.onnx');
    expect(square).toMatchObject({ value: { image: { size: 224 } } });
  });

  test('a task is named, with the labels that texts may have', () => {
    const form = {
      ...UPLOAD_FORM_EMPTY,
      task: 'zero-shot-classification',
      labels: 'a, b',
    } as const;
    expect(decodeUploadForm(form, 'net.onnx')).toMatchObject({
      value: { task: { name: 'zero-shot-classification', labels: ['a', 'b'] } },
    });
  });

  test.each([
    ['mean', '0.5;0.5'],
    ['std', 'one'],
    ['size', 'large'],
    ['size', '1, 2, 3'],
    ['size', '0'],
    ['size', '9000'],
    ['unitItems', '0'],
    ['unitItems', '9999'],
    ['shared', 'sr = 16000'],
    ['shared', '[16000]'],
    ['unitPrice', '-1'],
    ['unitPrice', '1.5'],
  ])('%s = %s is refused and named', (field, value) => {
    const decoded = decodeUploadForm({ ...UPLOAD_FORM_EMPTY, [field]: value }, 'net.onnx');
    expect(decoded).toMatchObject({ ok: false, refusal: { path: field } });
  });
});
