import { ONNX_DTYPES, type OnnxModel, type OnnxValue } from '#protocol/onnx/model.ts';
import type { InputFile } from '../inputs/port.ts';

/** `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]`, `[MASK]`, then words: the number of a token is its place. */
export const FAKE_WORDS = '[PAD] [UNK] [CLS] [SEP] [MASK] one two three four five six'.split(' ');
const SPECIAL = 5;

/** The settings of a model that knows eleven tokens. */
export const FAKE_SETTINGS = {
  config: { model_type: 'bert', max_position_embeddings: 16 },
  tokenizerConfig: { tokenizer_class: 'BertTokenizer', mask_token: '[MASK]', pad_token: '[PAD]' },
  tokenizer: {
    added_tokens: FAKE_WORDS.slice(0, SPECIAL).map((content, id) => ({
      ...{ id, content, special: true },
    })),
    normalizer: { type: 'BertNormalizer', lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [tag('[CLS]', 0), text('A', 0), tag('[SEP]', 0)],
      pair: [tag('[CLS]', 0), text('A', 0), tag('[SEP]', 0), text('B', 1), tag('[SEP]', 1)],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      ...{ type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##' },
      vocab: Object.fromEntries(FAKE_WORDS.map((word, id) => [word, id])),
    },
  },
};

function tag(id: string, type_id: number) {
  return { SpecialToken: { id, type_id } };
}
function text(id: string, type_id: number) {
  return { Sequence: { id, type_id } };
}

/** A JSON file. */
export const fakeFile = (name: string, value: unknown): InputFile => ({
  name,
  bytes: new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
});

type Dims = (string | number)[];

/** A graph of texts with ends alone; dimensions as exporters name them. */
export const fakeGraph = (
  outputs: Readonly<Record<string, Dims>>,
  { inputs = ['input_ids', 'attention_mask'], length = 'sequence' as string | number } = {},
): OnnxModel =>
  fakeEnds(
    inputs.map((name) => end(name, 'i64', ['batch', length])),
    outputs,
  );

/** A graph of pictures with ends alone, with a mask where `mask` has its dimensions. */
export const fakePictureGraph = (
  outputs: Readonly<Record<string, Dims>>,
  { dims = ['batch', 3, 'height', 'width'] as Dims, mask = undefined as Dims | undefined } = {},
): OnnxModel =>
  fakeEnds(
    [end('pixel_values', 'f32', dims), ...(mask ? [end('pixel_mask', 'i64', mask)] : [])],
    outputs,
  );

const end = (name: string, dtype: 'f32' | 'i64', dims: Dims): OnnxValue => ({
  ...{ name, type: { kind: 'tensor', dataType: ONNX_DTYPES[dtype], dims } },
});

function fakeEnds(inputs: OnnxValue[], outputs: Readonly<Record<string, Dims>>): OnnxModel {
  const graph = {
    name: 'fake',
    nodes: [],
    initializers: [],
    sparseInitializers: [],
    inputs,
    outputs: Object.entries(outputs).map(([name, dims]) => end(name, 'f32', dims)),
  };
  const opsetImports = [{ domain: '', version: 17 }];
  return { irVersion: 8, producerName: 'test', opsetImports, functions: [], graph };
}
