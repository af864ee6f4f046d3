import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { ROWS_TIMES_MEAN, sampleModel } from '../onnx/sample-model.ts';
import { encodeNpy } from '../tensors/npy.ts';
import { encodeSafetensors } from '../tensors/safetensors.ts';
import { refusal } from '../values/refusal.ts';
import { detectFileKind, type FileKind, KIND_BYTES } from './file-kind.ts';
import { describeForeign } from './foreign.ts';

const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const utf16 = (text: string) =>
  latin(`\xff\xfe${[...text].map((letter) => `${letter}\0`).join('')}`);
const zip = (...names: string[]) =>
  zipSync(Object.fromEntries(names.map((name) => [name, new Uint8Array(9)])));
const one = { dtype: 'f32', shape: [1], data: new Uint8Array(4) } as const;

const FILES: [FileKind, string, Uint8Array][] = [
  ['empty', 'no bytes', new Uint8Array()],
  ['empty', 'blank lines', latin(' \r\n\n')],
  ['npy', 'an array', encodeNpy(one)],
  ['npz', 'an archive of arrays', zip('arr_0.npy')],
  ['safetensors', 'tensors', encodeSafetensors({ x: one })],
  ['onnx', 'a model', sampleModel(ROWS_TIMES_MEAN)],
  ['onnx', 'a model of PyTorch', latin('\x08\x07\x12\x07pytorch\x1a\x051.13')],
  ['onnx', 'a model without a maker', latin('\x08\x08:=\n\x0c\n\x01x')],
  ['tensorflow', 'a SavedModel', latin('\x08\x01\x12\xd6\x02\n\x10\x12\x05serve tensorflow')],
  ['pytorch', 'a checkpoint', zip('archive/data.pkl', 'archive/data/0')],
  ['keras', 'a Keras 3 model', zip('metadata.json', 'config.json', 'model.weights.h5')],
  ['office', 'a spreadsheet', zip('[Content_Types].xml', 'xl/workbook.xml')],
  ['zip', 'pictures', zip('a.png', 'b.png')],
  ['pickle', 'a pickle', latin('\x80\x04\x95\x1a\0\0\0')],
  ['hdf5', 'HDF5', latin('\x89HDF\r\n\x1a\n\0')],
  ['tflite', 'TensorFlow Lite', latin('\x1c\0\0\0TFL3\x14\0')],
  ['ort', 'the ORT format', latin('\x20\0\0\0ORTM\0\0')],
  ['gguf', 'GGUF', latin('GGUF\x03\0\0\0')],
  ['openvino', 'OpenVINO', latin('<?xml version="1.0"?>\n<net name="m" version="11">')],
  ['git-lfs', 'a pointer', latin('version https://git-lfs.github.com/spec/v1\noid sha256:44\n')],
  ['html', 'a page', latin('<!DOCTYPE html>\n<html><body>404</body></html>')],
  ['html', 'a page with a mark', latin('\xef\xbb\xbf\n<HTML lang="en">')],
  ['svg', 'a drawing', latin('<svg xmlns="http://www.w3.org/2000/svg" width="64"></svg>')],
  ['svg', 'a drawing with a head', latin('<?xml version="1.0"?>\n<!-- x -->\n<svg></svg>')],
  ['xml', 'XML', latin('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>')],
  ['png', 'PNG', latin('\x89PNG\r\n\x1a\n\0\0\0\rIHDR')],
  ['jpeg', 'JPEG', latin('\xff\xd8\xff\xe1\0\x10Exif')],
  ['gif', 'GIF', latin('GIF89a\x01\0')],
  ['webp', 'WebP', latin('RIFF\x1a\0\0\0WEBPVP8L')],
  ['avif', 'AVIF', latin('\0\0\0\x1cftypavif\0\0\0\0mif1avif')],
  ['avif', 'AVIF by its second brand', latin('\0\0\0\x1cftypmif1\0\0\0\0mif1avif')],
  ['heic', 'HEIC', latin('\0\0\0\x18ftypheic\0\0\0\0mif1heic')],
  ['video', 'a film', latin('\0\0\0\x20ftypisom\0\0\x02\0isomiso2')],
  ['video', 'Matroska', latin('\x1a\x45\xdf\xa3\x9f')],
  ['audio', 'WAV', latin('RIFF\x24\0\0\0WAVEfmt ')],
  ['bmp', 'BMP', latin('BM\x46\0\0\0\0\0\0\0\x36\0')],
  ['tiff', 'TIFF', latin('MM\0*\0\0\0\x08')],
  ['dicom', 'DICOM', latin(`${'\0'.repeat(128)}DICM\x02`)],
  ['pdf', 'PDF', latin('%PDF-1.7\n%\xe2\xe3')],
  ['gzip', 'gzip', latin('\x1f\x8b\x08\0')],
  ['tar', 'tar', latin(`model.onnx${'\0'.repeat(247)}ustar\0`)],
  ['parquet', 'Parquet', latin('PAR1\x15\x04')],
  ['json', 'JSON Lines', latin('{"x": [1, 2]}\n')],
  ['json', 'an array after a mark', latin('\xef\xbb\xbf\r\n[1, 2]')],
  ['json', 'JSON of PowerShell', utf16('[1, 2]')],
  ['json', 'bare numbers', latin('1\n2.5e-3\nNaN')],
  ['csv', 'a table', latin('a,b,c\n1,2,3\n4,5,6')],
  ['csv', 'what numpy.savetxt writes', latin('1.0e+00 2.0e+00\n3.0e+00 4.0e+00\n')],
  ['text', 'a sentence', latin('Hello, here is my model.\nThank you')],
  ['unknown', 'weights', Uint8Array.from({ length: 99 }, (_, index) => (index * 37) % 256)],
];

describe('detectFileKind', () => {
  it.each(FILES)('%s is told: %s', (kind, _, bytes) => {
    expect(detectFileKind(bytes)).toBe(kind);
  });

  it('random bytes are of some kind, and the first 4 KiB decide it', () => {
    const bytes = fc.uint8Array({ maxLength: 2 * KIND_BYTES });
    fc.assert(
      fc.property(fc.constantFrom(...FILES), bytes, ([, , start], tail) => {
        const file = new Uint8Array([...start, ...tail]);
        const kind = detectFileKind(file);
        expect(detectFileKind(file.subarray(0, KIND_BYTES), file.length)).toBe(kind);
        for (const role of ['model', 'inputs'] as const) {
          const { message } = refusal('input-format', describeForeign(kind, role));
          expect(message).toMatch(/^is (?!undefined).+; .{10}/);
          expect(message.length).toBeLessThan(300);
        }
      }),
    );
  });
});
