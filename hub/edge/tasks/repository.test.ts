import { expect, it } from 'vitest';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { must } from '#protocol/values/refusal.ts';
import { FAKE_SETTINGS, fakeFile, fakeGraph } from './fake-repository.ts';
import { openRepository } from './repository.ts';

const MODEL = { name: 'onnx/model.onnx', bytes: encodeOnnx(fakeGraph({ logits: ['batch', 2] })) };
const POOLING = { word_embedding_dimension: 8, pooling_mode_mean_tokens: true };

it('a repository is told apart by what its files say, whatever they are called', () => {
  const files = [
    fakeFile('config.json', FAKE_SETTINGS.config),
    fakeFile('config.json', POOLING),
    fakeFile('a.json', FAKE_SETTINGS.tokenizer),
    fakeFile('b.json', FAKE_SETTINGS.tokenizerConfig),
    fakeFile('modules.json', [{ idx: 2, type: 'sentence_transformers.models.Normalize' }]),
    fakeFile('sentence_bert_config.json', { max_seq_length: 8, do_lower_case: false }),
    MODEL,
  ];
  const { model, settings } = must(openRepository(files));
  expect(model).toEqual([MODEL]);
  expect(settings).toEqual({
    ...FAKE_SETTINGS,
    pooling: POOLING,
    modules: ['Normalize'],
    sentences: { max_seq_length: 8, do_lower_case: false },
  });
});

it('a repository may come with all that lies in its folder', () => {
  const beside = [
    fakeFile('README.md', '# A model\n\nIt is one.'),
    fakeFile('vocab.txt', 'one\ntwo\n'),
    fakeFile('generation_config.json', { do_sample: false }),
    { name: 'sentencepiece.bpe.model', bytes: new Uint8Array([10, 14, 10, 5, 60, 117]) },
    { name: 'pytorch_model.bin', bytes: new Uint8Array([0x80, 2, 1, 2]) },
  ];
  expect(must(openRepository([...beside, MODEL]))).toEqual({ model: [MODEL], settings: {} });
});

it.each([
  [
    'a half of a file',
    [fakeFile('config.json', '{"model_type":'), MODEL],
    /config.json is not whole/,
  ],
  [
    'two that say the same',
    [fakeFile('a.json', FAKE_SETTINGS.config), fakeFile('b.json', FAKE_SETTINGS.config), MODEL],
    /a.json and b.json say the same/,
  ],
  ['no model', [fakeFile('config.json', FAKE_SETTINGS.config)], /optimum-cli export onnx/],
])('a repository with %s is refused with what to do', (_, files, message) => {
  expect(openRepository(files)).toMatchObject({
    refusal: { message: expect.stringMatching(message) },
  });
});
