/** What a byte-level tokenizer with byte pairs (GPT-2's kind) is made of. */
export interface ByteLevelTokens {
  /** Each token by its number, in the alphabet of byte-level tokenizers. */
  tokens: readonly string[];
  /** Numbers of tokens that are no text. */
  special: readonly number[];
  /** Pairs in their order, with a space between. */
  merges: readonly string[];
  /** Each digit is a word of its own. */
  splitsDigits: boolean;
}

const LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const DIGITS = { type: 'Digits', individual_digits: true };

/** `tokenizer.json` of Hugging Face tokenizers, to be written as JSON. */
export const tokenizerFile = ({ tokens, special, merges, splitsDigits }: ByteLevelTokens) => ({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: special.map((id) => ({
    ...{ id, content: tokens[id] ?? '', single_word: false, lstrip: false, rstrip: false },
    ...{ normalized: false, special: true },
  })),
  normalizer: null,
  pre_tokenizer: splitsDigits ? { type: 'Sequence', pretokenizers: [DIGITS, LEVEL] } : LEVEL,
  post_processor: null,
  decoder: LEVEL,
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    merges,
  },
});
