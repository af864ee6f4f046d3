import { tokenizerFile } from '#protocol/decoders/tokenizer-file.ts';
import { fault } from '#protocol/values/refusal.ts';
import type { GgufFile } from './file.ts';
import { openMetadata } from './metadata.ts';

/** `tokenizer.ggml.model` of byte pairs over bytes. */
const BYTE_PAIRS = 'gpt2';
/** How text is cut into words ahead of that (`tokenizer.ggml.pre`), and whether digits stand alone. */
const CUTS: ReadonlyMap<string, boolean> = new Map([
  ['default', false],
  ['gpt-2', false],
  ['smollm', true],
]);
/** `LLAMA_TOKEN_TYPE_CONTROL` of llama.h: no text. */
const CONTROL = 3;
const TOKENS_MAX = 1_000_000;

/** The files of a tokenizer, by name, and the numbers of the tokens that begin and end a text. */
export interface TokenizerFiles {
  files: Record<string, string>;
  ends: Record<string, number | number[]>;
}

/**
 * Makes `tokenizer.json` and `tokenizer_config.json` from what a file says of its tokenizer. Throws
 * a refusal for another kind than byte pairs over bytes, and where tokens and `vocab` differ.
 */
export function readTokenizer(
  file: GgufFile,
  { vocab, context }: { vocab: number; context: number },
): TokenizerFiles {
  const metadata = openMetadata(file);
  const kind = metadata.name('tokenizer.ggml.model');
  const cut = metadata.name('tokenizer.ggml.pre', 'default');
  const splitsDigits = CUTS.get(cut);
  if (kind !== BYTE_PAIRS || splitsDigits === undefined) {
    const known = [...CUTS.keys()].map((each) => `${BYTE_PAIRS}/${each}`).join(', ');
    throw unread(`has a tokenizer "${kind}/${cut}", and ${known} are converted`);
  }
  if (metadata.flag('tokenizer.ggml.add_bos_token')) {
    throw unread('begins each text with a token of its own, which is not converted');
  }
  const tokens = metadata.texts('tokenizer.ggml.tokens');
  if (tokens.length !== vocab || tokens.length > TOKENS_MAX) {
    throw unread(`has ${tokens.length} tokens and ${vocab} rows of weights for them`);
  }
  const kinds = metadata.numbers('tokenizer.ggml.token_type');
  const special = [...tokens.keys()].filter((id) => kinds[id] === CONTROL);
  const merges = metadata.texts('tokenizer.ggml.merges');
  const idOf = (name: string, fallback?: number) => {
    const id = metadata.count(`tokenizer.ggml.${name}_token_id`, fallback);
    if (id >= vocab) throw unread(`has no token ${id}, which it calls ${name}`);
    return id;
  };
  const end = idOf('eos');
  const ids = { bos: idOf('bos', end), pad: idOf('padding', end), unk: idOf('unknown', end) };
  const turnEnd = idOf('eot', end);
  const textOf = (id: number) => tokens[id] ?? '';
  const config = {
    tokenizer_class: 'GPT2Tokenizer',
    bos_token: textOf(ids.bos),
    eos_token: textOf(end),
    pad_token: textOf(ids.pad),
    unk_token: textOf(ids.unk),
    clean_up_tokenization_spaces: false,
    chat_template: metadata.text('tokenizer.chat_template', ''),
    model_max_length: context,
  };
  return {
    files: {
      'tokenizer.json': JSON.stringify(tokenizerFile({ tokens, special, merges, splitsDigits })),
      'tokenizer_config.json': JSON.stringify(config),
    },
    ends: {
      bos_token_id: ids.bos,
      eos_token_id: turnEnd === end ? end : [end, turnEnd],
      pad_token_id: ids.pad,
    },
  };
}

const unread = (what: string) =>
  fault(
    'model-format',
    `The GGUF file ${what}. Take another model, such as SmolLM2, or export this one with optimum-cli and add its folder.`,
  );
