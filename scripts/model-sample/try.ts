import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { type DecoderConfig, headSize } from '#protocol/decoders/config.ts';
import { type LoadedModel, openModel } from '../models/session.ts';

const QUESTION = 'What is gravity? Explain it to a child in two sentences.';
const PROMPT = [
  '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face',
  `<|im_end|>\n<|im_start|>user\n${QUESTION}<|im_end|>\n<|im_start|>assistant\n`,
].join('');
const TOKENS = 16;

/** Writes some tokens, each the likeliest, and gives them as text with the speed. */
export async function tryModel(folder: string): Promise<string> {
  const json = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'));
  const config: DecoderConfig = await json('config.json');
  const tokenizer = new Tokenizer(
    await json('tokenizer.json'),
    await json('tokenizer_config.json'),
  );
  const model = await openModel(await readFile(join(folder, 'onnx', 'model_int8.onnx')));
  const feed = openText(model, config);
  const prompt = tokenizer.encode(PROMPT).ids;
  const started = performance.now();
  const written = [await feed(prompt)];
  const prefilled = performance.now();
  while (written.length < TOKENS) written.push(await feed(written.slice(-1)));
  const ended = performance.now();
  await model.close();
  const rate = (tokens: number, ms: number) => `${((tokens / ms) * 1000).toFixed(1)} tokens/s`;
  const read = `reads ${rate(prompt.length, prefilled - started)}`;
  const writes = `writes ${rate(written.length - 1, ended - prefilled)}`;
  return `${QUESTION}\n${tokenizer.decode(written)}\n${read}, ${writes}`;
}

const i64 = (values: number[]) => ({
  ...{ data: BigInt64Array.from(values, BigInt), shape: [1, values.length] },
});

/** A text in the making: takes its next tokens and gives the likeliest one after them. */
function openText(model: LoadedModel, config: DecoderConfig) {
  const layers = [...Array(config.num_hidden_layers).keys()];
  const names = layers.flatMap((layer) => [`${layer}.key`, `${layer}.value`]);
  let cache = new Map<string, Float32Array>(names.map((name) => [name, new Float32Array(0)]));
  let length = 0;
  return async (ids: number[]): Promise<number> => {
    const shape = [1, config.num_key_value_heads, length, headSize(config)];
    const past = [...cache].map(([name, data]) => [`past_key_values.${name}`, { data, shape }]);
    const outputs = await model.run({
      input_ids: i64(ids),
      position_ids: i64([...ids.keys()].map((at) => length + at)),
      attention_mask: i64(Array<number>(length + ids.length).fill(1)),
      ...Object.fromEntries(past),
    });
    const none = new Float32Array(0);
    cache = new Map(names.map((name) => [name, outputs[`present.${name}`] ?? none]));
    length += ids.length;
    const last = (outputs['logits'] ?? none).subarray(-config.vocab_size);
    return last.reduce((best, value, at) => (value > (last[best] ?? 0) ? at : best), 0);
  };
}
