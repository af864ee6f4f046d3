import { describe, expect, it } from 'vitest';
import type { ModelDtype } from '#protocol/api/models.ts';
import { must } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import { chooseVariant, findData, findSettings } from './choose.ts';
import type { Entry, Repository } from './repository.ts';
import { sampleExternal } from './sample-external.ts';

const LIMITS = { fileBytes: bytes(500e6), weightBytes: bytes(100e6) };
const megabytes = (path: string, size: number): Entry => ({ path, bytes: size * 1e6 });
const repositoryOf = (...entries: Entry[]): Repository => ({
  ...{ title: 'hf:org/net@main', name: 'org/net', entries },
  fetch: async () => '',
  forget: async () => undefined,
});
const choose = (entries: Entry[], dtype?: ModelDtype) =>
  chooseVariant(repositoryOf(...entries), LIMITS, dtype);
const chosen = (entries: Entry[], dtype?: ModelDtype) => {
  const found = choose(entries, dtype);
  return found.ok ? [found.value.dtype, found.value.onnx.path] : found.refusal.message;
};

const MINILM = [
  megabytes('onnx/model.onnx', 90),
  megabytes('onnx/model_fp16.onnx', 45),
  megabytes('onnx/model_quantized.onnx', 23),
  megabytes('onnx/decoder_model.onnx', 1),
];
const LARGE = [
  megabytes('onnx/model.onnx', 1),
  megabytes('onnx/model.onnx_data', 400),
  megabytes('onnx/model.onnx_data_1', 100),
  megabytes('onnx/model_q4.onnx', 80),
  megabytes('onnx/model_int8.onnx', 95),
  megabytes('onnx/model_fp16.onnx', 130),
];

describe('of a repository is chosen', () => {
  it.each([
    ['fp32 where it fits', MINILM, ['fp32', 'onnx/model.onnx']],
    ['else the largest that fits, data counted', LARGE, ['int8', 'onnx/model_int8.onnx']],
    ['what Optimum writes', [megabytes('model.onnx', 1)], ['fp32', 'model.onnx']],
    ['the only file', [megabytes('resnet.onnx', 1)], [undefined, 'resnet.onnx']],
  ])('%s', (_, entries, wanted) => expect(chosen(entries)).toEqual(wanted));

  it.each([
    ['q8', 'onnx/model_quantized.onnx'],
    ['fp16', 'onnx/model_fp16.onnx'],
  ] as const)('%s where it is asked for', (dtype, path) => {
    expect(chosen(MINILM, dtype)).toEqual([dtype, path]);
  });
});

describe('a repository is refused', () => {
  it('without the dtype asked for, with those it has', () => {
    expect(chosen(MINILM, 'q4')).toBe(
      'hf:org/net@main has no q4; it has fp32 (90.0 MB), fp16 (45.0 MB), q8 (23.0 MB)',
    );
  });

  it('before anything is fetched where the hub takes none of it, or not what is asked for', () => {
    expect(chosen(LARGE, 'fp32')).toContain(
      'fp32 of hf:org/net@main has 501.0 MB, and the hub takes 100.0 MB',
    );
    expect(chosen([megabytes('onnx/model.onnx', 300)])).toContain(
      'the hub takes 100.0 MB of weights',
    );
  });

  it('without ONNX files, with the line that makes them', () => {
    const said = chosen([megabytes('model.safetensors', 1)]);
    expect(said).toContain('optimum-cli export onnx --model org/net FOLDER');
  });

  it('of several that none is the model of, with their names', () => {
    const two = [megabytes('onnx/encoder_model.onnx', 1), megabytes('onnx/decoder_model.onnx', 1)];
    expect(chosen(two)).toContain(
      'several others: onnx/encoder_model.onnx, onnx/decoder_model.onnx',
    );
  });
});

describe('beside an ONNX file', () => {
  const onnx = { path: 'onnx/model.onnx' };
  const find = (location: string, ...paths: string[]) =>
    findData(sampleExternal(location), onnx, repositoryOf(...paths.map((path) => ({ path }))));

  it('the files are found that it keeps data in, by their place from it', () => {
    const found = find('model.onnx_data', 'onnx/model.onnx_data', 'model.onnx_data');
    expect(must(found).map(({ path }) => path)).toEqual(['onnx/model.onnx_data']);
    expect(must(find('weights/w', 'onnx/weights/w')).map(({ path }) => path)).toEqual([
      'onnx/weights/w',
    ]);
  });

  it.each(['model.onnx_data', '../../etc/passwd', '/etc/passwd'])(
    '%s that is not there is named',
    (location) => {
      expect(find(location, 'config.json')).toMatchObject({
        refusal: { code: 'model-external-data', message: expect.stringContaining(location) },
      });
    },
  );

  it('settings are found at their own places alone', () => {
    const paths = [
      'config.json',
      '1_Pooling/config.json',
      'onnx/config.json',
      'README.md',
      'vocab.txt',
    ];
    const found = findSettings(repositoryOf(...paths.map((path) => ({ path }))));
    expect(found.map(({ path }) => path)).toEqual(['config.json', '1_Pooling/config.json']);
  });
});
