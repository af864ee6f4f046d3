import { tinyRepository } from '#protocol/decoders/tiny.ts';
import { isPictureTask, type RowTaskName, type TaskName } from '#protocol/tasks/task.ts';
import { buildBert, type EncoderEnd } from '../models/minilm.ts';
import { describePictures } from './picture-repository.ts';

const HIDDEN = 32;
/** The longest text, as its settings say. */
const TOKENS = 64;
const SIZE = { layers: 2, heads: 4 };
const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const WORDS =
  'the a cat dog sat on mat is was good bad film i love hate it berlin paris in works for acme and not very who wrote sport politics about this example team won match people vote'.split(
    ' ',
  );
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789.,!?'];
const VOCABULARY = [...SPECIAL, ...WORDS, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`)];

const LABELS: Readonly<Partial<Record<RowTaskName, readonly string[]>>> = {
  'text-classification': ['NEGATIVE', 'NEUTRAL', 'POSITIVE'],
  'token-classification': ['O', 'B-PER', 'I-PER', 'B-LOC'],
  'zero-shot-classification': ['contradiction', 'neutral', 'entailment'],
  'text-ranking': ['LABEL_0'],
};

interface Size {
  seed: number;
  /** Numbers of a vector. */
  hidden: number;
  /** Of the longest text. */
  tokens: number;
}

/** The files of a repository as the Hugging Face Hub has them, by path. */
export type RepositoryFiles = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/**
 * A small model of a task as it is published: a BERT of two layers or a few patches, whose weights
 * are drawn from a seed, and its settings. What it says means nothing; how it is asked is as in life.
 */
export function buildRepository(
  task: TaskName,
  { seed = 1, hidden = HIDDEN, tokens = TOKENS }: Partial<Size> = {},
): RepositoryFiles {
  if (task === 'text-generation') return writerOf(seed);
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value, null, 2));
  const { model, settings } = isPictureTask(task)
    ? describePictures(task, seed)
    : describeTexts(task, { seed, hidden, tokens });
  return new Map([
    ...Object.entries(settings).map(([name, value]) => [`${name}.json`, json(value)] as const),
    ['onnx/model.onnx', new Uint8Array(model)],
  ]);
}

function writerOf(seed: number): RepositoryFiles {
  const files = Object.entries(tinyRepository({ seed }));
  const bytes = (file: string | Uint8Array) => new Uint8Array(Buffer.from(file));
  return new Map(files.map(([name, file]) => [name, bytes(file)]));
}

function describeTexts(task: RowTaskName, { seed, hidden, tokens }: Size) {
  const labels = LABELS[task];
  const settings = {
    config: describeModel(hidden, labels),
    tokenizer: describeTokenizer(),
    tokenizer_config: { ...TOKENIZER_CONFIG, model_max_length: tokens },
  };
  const size = { ...SIZE, hidden, vocab: VOCABULARY.length };
  return { model: buildBert(seed, size, endOf(task, labels)), settings };
}

function endOf(task: RowTaskName, labels: readonly string[] = []): EncoderEnd {
  if (task === 'feature-extraction') return 'vectors';
  if (task === 'fill-mask') return { each: VOCABULARY.length };
  return task === 'token-classification' ? { each: labels.length } : { first: labels.length };
}

const describeModel = (hidden: number, labels?: readonly string[]) => ({
  ...{ model_type: 'bert', hidden_size: hidden, num_hidden_layers: SIZE.layers },
  ...{ num_attention_heads: SIZE.heads, intermediate_size: 4 * hidden },
  ...{ max_position_embeddings: 512, vocab_size: VOCABULARY.length, pad_token_id: 0 },
  ...(labels && {
    id2label: Object.fromEntries(labels.entries()),
    label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
  }),
});

const TOKENIZER_CONFIG = {
  ...{ tokenizer_class: 'BertTokenizer', do_lower_case: true },
  ...{ pad_token: '[PAD]', unk_token: '[UNK]', cls_token: '[CLS]', sep_token: '[SEP]' },
  mask_token: '[MASK]',
};

function describeTokenizer() {
  const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const idOf = (text: string) => VOCABULARY.indexOf(text);
  return {
    ...{ version: '1.0', truncation: null, padding: null },
    added_tokens: SPECIAL.map((content, id) => ({
      ...{ id, content, special: true, normalized: false },
      ...{ single_word: false, lstrip: false, rstrip: false },
    })),
    normalizer: {
      ...{ type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true },
      ...{ strip_accents: null, lowercase: true },
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)],
      pair: [
        ...[special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)],
        ...[sequence('B', 1), special('[SEP]', 1)],
      ],
      special_tokens: Object.fromEntries(
        ['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [idOf(id)], tokens: [id] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      ...{ type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##' },
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(VOCABULARY.map((text, id) => [text, id])),
    },
  };
}
