import { afterAll, describe, expect, it } from 'vitest';
import type { DecoderConfig, DecoderPrecision } from '#protocol/decoders/config.ts';
import { buildLlama } from '#protocol/decoders/llama.ts';
import { TINY, tinyDecoder, tinyWeights } from '#protocol/decoders/tiny.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { openWords } from '#protocol/values/seeded.ts';
import { plainLogits } from './plain-decoder.ts';
import { type LoadedModel, openModel } from './session.ts';

const opened: LoadedModel[] = [];
afterAll(() => Promise.all(opened.map((model) => model.close())));

async function open(config: DecoderConfig, precision: DecoderPrecision) {
  const model = await openModel(encodeOnnx(buildLlama(config, tinyWeights(1, config), precision)));
  opened.push(model);
  return model;
}

const VOCAB = TINY.vocab_size;
const word = openWords(7);
const TEXT = Array.from({ length: 48 }, () => word() % VOCAB);
const i64 = (values: number[]) => ({
  data: BigInt64Array.from(values, BigInt),
  shape: [1, values.length],
});

/** A text fed in pieces, its cache handed on: the logits of all tokens. */
async function feed(model: LoadedModel, pieces: readonly (readonly number[])[]) {
  const cacheOf = (layer: number) => ['key', 'value'].map((part) => `${layer}.${part}`);
  const caches = [...Array(TINY.num_hidden_layers).keys()].flatMap(cacheOf);
  let past = new Map<string, Float32Array>(caches.map((name) => [name, new Float32Array(0)]));
  const logits: number[] = [];
  let length = 0;
  for (const piece of pieces) {
    const shape = [1, TINY.num_key_value_heads, length, 8];
    const outputs = await model.run({
      input_ids: i64([...piece]),
      attention_mask: i64(Array<number>(length + piece.length).fill(1)),
      position_ids: i64([...piece.keys()].map((at) => length + at)),
      ...Object.fromEntries(
        [...past].map(([name, data]) => [`past_key_values.${name}`, { data, shape }]),
      ),
    });
    past = new Map(caches.map((name) => [name, outputs[`present.${name}`] ?? new Float32Array(0)]));
    logits.push(...(outputs['logits'] ?? []));
    length += piece.length;
  }
  return logits;
}

const best = (logits: readonly number[]) => logits.indexOf(Math.max(...logits));

describe('a decoder', () => {
  it.each([
    ['with a head of its own', TINY],
    ['that ties its head to the embedding', { ...TINY, tie_word_embeddings: true }],
  ])('%s gives the logits of plain loops', async (_, config) => {
    const logits = await feed(await open(config, 'f32'), [TEXT]);
    const expected = plainLogits(config, tinyWeights(1, config), TEXT).flat();
    expect(logits).toHaveLength(expected.length);
    const off = logits.map((value, at) => Math.abs(value - (expected[at] ?? Number.NaN)));
    expect(Math.max(...off)).toBeLessThan(1e-4);
  });

  it.each([false, true])('of 8 bits is near that of 32 (tied head: %s)', async (tied) => {
    const config = { ...TINY, tie_word_embeddings: tied };
    const [whole, small] = [await open(config, 'f32'), await open(config, 'int8row')];
    const [left, right] = [await feed(whole, [TEXT]), await feed(small, [TEXT])];
    const sum = (a: number[], b: number[]) => a.reduce((all, x, at) => all + x * (b[at] ?? 0), 0);
    const cosine = sum(left, right) / Math.sqrt(sum(left, left) * sum(right, right));
    expect(cosine).toBeGreaterThan(0.995);
    expect(cosine).toBeLessThan(0.999999);
  });

  it.each(['f32', 'int8row'] as const)(
    'of %s gives the same bits in pieces as at once',
    async (precision) => {
      const model = await open(TINY, precision);
      const whole = await feed(model, [TEXT]);
      const pieces = [TEXT.slice(0, 16), TEXT.slice(16, 32), TEXT.slice(32)];
      expect(await feed(model, pieces)).toEqual(whole);
    },
  );

  it('writes greedy texts that vary', async () => {
    const model = await openModel(tinyDecoder().model);
    opened.push(model);
    const tokens = [1];
    while (tokens.length < 40) {
      const logits = await feed(model, [tokens]);
      tokens.push(best(logits.slice(-VOCAB)));
    }
    expect(new Set(tokens).size).toBeGreaterThan(12);
  });
});
