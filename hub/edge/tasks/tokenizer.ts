import { Tokenizer } from '@huggingface/tokenizers';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { Settings } from './repository.ts';

/** Tokens of a text, or of a pair, with those that the model adds. */
export interface Tokens {
  ids: number[];
  /** 0 for the first text, 1 for the second. */
  types: number[];
  /** Some were left out, since there were more than the model takes. */
  isCut: boolean;
}

/** The tokenizer of a model. */
export interface TextTokenizer {
  /** The most tokens of a text that the model was made for. */
  longest: number;
  /** What fills a row up. */
  padding: number;
  /** The number of the token that stands for a word to be found. */
  mask: number | undefined;
  /** How it is written. */
  maskText: string;
  /** The token that ends a text, where the model has one. */
  end: number | undefined;
  /** All tokens of a text, with those that the model adds or without them. */
  encodeAll(text: string, isWhole: boolean): number[];
  encode(text: string, pair: string | undefined, most: number): Tokens;
  /** How many tokens a text has, with those that the model adds. */
  count(text: string): number;
  /** The text of one token, or of several without those that the model adds. */
  decode(ids: readonly number[], isWhole?: boolean): string;
}

/** Positions of a model where nobody says how many it has. */
const LONGEST = 512;
/** Past this a `model_max_length` says that there is none. */
const NO_LENGTH = 1_000_000;
/** These models count positions from behind their padding. */
const OFFSET_MODELS = new Set(['roberta', 'xlm-roberta', 'camembert', 'mpnet', 'longformer']);
const OFFSET = 2;

/** Opens the tokenizer of a repository, as its files say. */
export function openTokenizer(settings: Settings): Result<TextTokenizer> {
  const { tokenizer: json, tokenizerConfig = {}, config = {} } = settings;
  if (json === undefined) {
    const message =
      'the task needs the tokenizer of the model: send tokenizer.json and tokenizer_config.json beside the .onnx file, as `model`';
    return refuse('model-format', message, 'model');
  }
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(json, tokenizerConfig);
    tokenizer.encode('a');
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const message = `the tokenizer cannot be used (${words.slice(0, 200)}); save it anew: AutoTokenizer.from_pretrained(NAME, use_fast=True).save_pretrained(FOLDER)`;
    return refuse('model-format', message, 'tokenizer.json');
  }
  const idOf = (name: string): number | undefined => {
    const text = textOf(tokenizerConfig[`${name}_token`]);
    return text === undefined ? undefined : tokenizer.token_to_id(text);
  };
  return accept({
    longest: longestOf(settings),
    padding: idOf('pad') ?? numberOf(config['pad_token_id']) ?? 0,
    mask: idOf('mask'),
    maskText: textOf(tokenizerConfig['mask_token']) ?? '[MASK]',
    end: idOf('eos'),
    encodeAll: (text, isWhole) => tokenizer.encode(text, { add_special_tokens: isWhole }).ids,
    encode: (text, pair, most) => encode(tokenizer, { text, pair, most }),
    count: (text) => tokenizer.encode(text).ids.length,
    decode: (ids, isWhole = false) => tokenizer.decode([...ids], { skip_special_tokens: isWhole }),
  });
}

/** How a special token is written: settings have texts, or objects with one. */
export const textOf = (token: unknown): string | undefined => {
  if (typeof token === 'string') return token;
  const content = (token as { content?: unknown } | null | undefined)?.content;
  return typeof content === 'string' ? content : undefined;
};

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

function longestOf({ config = {}, tokenizerConfig = {}, sentences = {} }: Settings): number {
  const offset = OFFSET_MODELS.has(String(config['model_type'])) ? OFFSET : 0;
  const positions = numberOf(config['max_position_embeddings']);
  const said = [
    positions === undefined ? undefined : positions - offset,
    numberOf(tokenizerConfig['model_max_length']),
    numberOf(sentences['max_seq_length']),
  ].flatMap((length) => (length !== undefined && length > 0 && length < NO_LENGTH ? length : []));
  return said.length === 0 ? LONGEST : Math.min(...said);
}

function encode(
  tokenizer: Tokenizer,
  { text, pair, most }: { text: string; pair: string | undefined; most: number },
): Tokens {
  const options = { text_pair: pair ?? null, return_token_type_ids: true } as const;
  const { ids, token_type_ids: types } = tokenizer.encode(text, options);
  if (ids.length <= most) return { ids, types, isCut: false };
  const own = (part: string) => tokenizer.encode(part, { add_special_tokens: false }).ids;
  const kept = chooseKept(ids, [own(text), ...(pair === undefined ? [] : [own(pair)])], most);
  return {
    ids: kept.map((at) => ids[at] ?? 0),
    types: kept.map((at) => types[at] ?? 0),
    isCut: true,
  };
}

/**
 * The places that stay: all tokens that the model adds, and of each text as many from its start as
 * there is room for. The longer text loses first, as `longest_first` of Hugging Face's tokenizers.
 */
function chooseKept(ids: readonly number[], parts: readonly number[][], most: number): number[] {
  const ends = parts.map((part) => part.length);
  const room = Math.max(0, most - (ids.length - ends.reduce((sum, length) => sum + length, 0)));
  const lengths = [...ends];
  for (let over = lengths.reduce((sum, length) => sum + length, 0) - room; over > 0; over -= 1) {
    const longest = lengths.indexOf(Math.max(...lengths));
    lengths[longest] = (lengths[longest] ?? 0) - 1;
  }
  const dropped = new Set<number>();
  let from = 0;
  for (const [index, part] of parts.entries()) {
    const start = findRun(ids, part, from);
    for (let at = start + (lengths[index] ?? 0); at < start + part.length; at += 1) dropped.add(at);
    from = start + part.length;
  }
  return ids.map((_, at) => at).filter((at) => !dropped.has(at));
}

/** Where a run of ids begins, at or after `from`. */
function findRun(ids: readonly number[], run: readonly number[], from: number): number {
  for (let start = from; start + run.length <= ids.length; start += 1) {
    if (run.every((id, at) => ids[start + at] === id)) return start;
  }
  return from;
}
