import { tokenizerFile } from './tokenizer-file.ts';

/** Tokens that are no text: what ends a text, and what begins and ends a turn of a conversation. */
export const SPECIAL_TOKENS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const;

/**
 * The character that stands for each byte in a byte-level vocabulary (`bytes_to_unicode` of GPT-2):
 * itself where it can be printed, else the next one from U+0100.
 */
function byteCharacters(): string[] {
  let next = 0x100;
  const isPrinted = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  return Array.from({ length: 256 }, (_, byte) => {
    const code = isPrinted(byte) ? byte : next;
    if (!isPrinted(byte)) next += 1;
    return String.fromCharCode(code);
  });
}

const BYTES = byteCharacters();

/** The parts of a byte-level tokenizer without merges: a token for each byte of UTF-8. */
export const TINY_TOKENS = {
  tokens: [...SPECIAL_TOKENS, ...BYTES],
  special: [...SPECIAL_TOKENS.keys()],
  merges: [] as string[],
  splitsDigits: false,
};

/** The same as `tokenizer.json`. */
export const TINY_TOKENIZER = tokenizerFile(TINY_TOKENS);

/** `tokenizer_config.json` with a chat template in ChatML. */
export const CHATML_CONFIG = {
  tokenizer_class: 'GPT2Tokenizer',
  bos_token: '<|im_start|>',
  eos_token: '<|im_end|>',
  pad_token: '<|im_end|>',
  unk_token: '<|endoftext|>',
  clean_up_tokenization_spaces: false,
  chat_template: [
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n'",
    " + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}",
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
  ].join(''),
};
