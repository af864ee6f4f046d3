import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TINY, tinyDecoder } from '#protocol/decoders/tiny.ts';
import { TINY_TOKENIZER } from '#protocol/decoders/tiny-tokenizer.ts';
import { must } from '#protocol/values/refusal.ts';
import { convertGguf } from './convert.ts';
import { readGguf } from './read.ts';
import { sampleGguf, sampleMetadata, sampleTensors, writeGguf } from './sample-gguf.ts';

const json = (content: string | Uint8Array | undefined) => JSON.parse(String(content));
const said = (bytes: Uint8Array) => {
  const { ok, ...rest } = convertGguf(bytes);
  return ok ? undefined : (rest as { refusal: { code: string; message: string } }).refusal;
};

describe('a GGUF file', () => {
  it('of the tiny decoder becomes the same graph, bit for bit', () => {
    const files = must(convertGguf(sampleGguf()));
    const { model } = tinyDecoder({ precision: 'int8row' });
    expect(Buffer.compare(files['onnx/model_int8.onnx'] as Uint8Array, model)).toBe(0);
  });

  it('gives config, tokenizer and chat template of its model', () => {
    const files = must(convertGguf(sampleGguf()));
    const ends = { bos_token_id: 1, eos_token_id: 2, pad_token_id: 2 };
    expect(json(files['config.json'])).toMatchObject({ ...TINY, ...ends, model_type: 'llama' });
    expect(json(files['generation_config.json'])).toEqual(ends);
    expect(json(files['tokenizer.json'])).toEqual(TINY_TOKENIZER);
    expect(json(files['tokenizer_config.json'])).toMatchObject({
      eos_token: '<|im_end|>',
      chat_template: '{{ messages[0].content }}',
    });
  });

  it('without a head of its own becomes a graph with one table', () => {
    const tensors = sampleTensors().filter(({ name }) => name !== 'output.weight');
    const files = must(convertGguf(writeGguf(sampleMetadata(), tensors)));
    expect(json(files['config.json']).tie_word_embeddings).toBe(true);
    const table = TINY.vocab_size * TINY.hidden_size;
    const { length } = tinyDecoder({ precision: 'int8row' }).model;
    expect(length - (files['onnx/model_int8.onnx']?.length ?? 0)).toBeGreaterThan(table);
  });

  it('ends a text with the end of a turn too, where it names one', () => {
    const files = must(
      convertGguf(sampleGguf({ 'tokenizer.ggml.eot_token_id': { type: 'u32', value: 0 } })),
    );
    expect(json(files['generation_config.json']).eos_token_id).toEqual([2, 0]);
  });
});

describe('a GGUF file is refused', () => {
  const text = (value: string) => ({ type: 'text' as const, value });
  it.each([
    ['of another architecture', { 'general.architecture': text('qwen2') }, '"qwen2"'],
    ['that scales positions', { 'llama.rope.scaling.type': text('yarn') }, 'yarn'],
    ['with another tokenizer', { 'tokenizer.ggml.model': text('llama') }, '"llama/gpt-2"'],
    ['with words cut otherwise', { 'tokenizer.ggml.pre': text('tekken') }, '"gpt2/tekken"'],
    [
      'with numbers of heads that do not fit',
      { 'llama.attention.head_count_kv': { type: 'u32' as const, value: 3 } },
      'numbers of heads',
    ],
    [
      'with a token of its own ahead',
      { 'tokenizer.ggml.add_bos_token': { type: 'bool' as const, value: 1 } },
      'begins each text',
    ],
  ])('%s, with its name', (_, changes, words) => {
    expect(said(sampleGguf(changes))).toMatchObject({
      code: 'model-format',
      message: expect.stringContaining(words),
    });
  });

  it('with a tensor that plain Llama models do not have', () => {
    const bias = { name: 'blk.0.attn_q.bias', shape: [32], values: new Float32Array(32) };
    const refused = said(writeGguf(sampleMetadata(), [...sampleTensors(), bias]));
    expect(refused?.message).toContain('blk.0.attn_q.bias');
  });

  it('without one of its tensors', () => {
    const refused = said(writeGguf(sampleMetadata(), sampleTensors().slice(0, -2)));
    expect(refused?.message).toContain('"output_norm.weight" of the GGUF file is missing');
  });

  it('cut off anywhere', () => {
    const whole = sampleGguf();
    for (const part of [0, 3, 8, 20, 24, 100, 5000, whole.length - 1]) {
      expect([part, said(whole.subarray(0, part))?.code]).toEqual([part, 'model-truncated']);
    }
  });
});

describe('any bytes', () => {
  const whole = sampleGguf();

  it('of which some are changed give a model or a refusal', () => {
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
    const head = fc.record({ at: fc.nat(6000), byte: fc.nat(255) });
    const changes = fc.array(fc.oneof(change, head), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = whole.slice();
        for (const { at, byte } of list) bytes[at] = byte;
        const found = convertGguf(bytes);
        if (!found.ok) expect(found.refusal.message).toMatch(/\. [A-Z].*\.$/);
      }),
      { numRuns: 200 },
    );
  });

  it('behind the magic number give a file or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (tail) => {
        const head = Uint8Array.of(0x47, 0x47, 0x55, 0x46, 3, 0, 0, 0);
        const found = readGguf(new Uint8Array([...head, ...tail]));
        if (!found.ok) expect(found.refusal.code).toMatch(/^model-(format|truncated)$/);
      }),
      { numRuns: 500 },
    );
  });
});
