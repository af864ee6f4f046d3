import { ONNX_DTYPES, type OnnxModel } from '#protocol/onnx/model.ts';
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

/** A graph with ends alone; dimensions as exporters name them. */
export function fakeGraph(
  outputs: Readonly<Record<string, (string | number)[]>>,
  { inputs = ['input_ids', 'attention_mask'], length = 'sequence' as string | number } = {},
): OnnxModel {
  const value = (dataType: number) => (name: string, dims: (string | number)[]) => ({
    ...{ name, type: { kind: 'tensor' as const, dataType, dims } },
  });
  const graph = {
    name: 'fake',
    nodes: [],
    initializers: [],
    sparseInitializers: [],
    inputs: inputs.map((name) => value(ONNX_DTYPES.i64)(name, ['batch', length])),
    outputs: Object.entries(outputs).map(([name, dims]) => value(ONNX_DTYPES.f32)(name, dims)),
  };
  const opsetImports = [{ domain: '', version: 17 }];
  return { irVersion: 8, producerName: 'test', opsetImports, functions: [], graph };
}
