import type { Tensor } from '#protocol/tensors/tensor.ts';
import { openRandom } from './random.ts';

/** BERT's marks for the first and the last token of a text. */
const FIRST_TOKEN = 101;
const LAST_TOKEN = 102;

const i64 = (shape: number[], values: BigInt64Array): Tensor => ({
  dtype: 'i64',
  shape,
  data: new Uint8Array(values.buffer),
});

/** Seeded texts of 8 tokens to `seq`, padded with zeros: `input_ids` and `attention_mask`. */
export function makeMiniLmInputs(
  seed: number,
  { items, seq, vocab }: { items: number; seq: number; vocab: number },
): Record<'input_ids' | 'attention_mask', Tensor> {
  const random = openRandom(seed);
  const ids = new BigInt64Array(items * seq);
  const mask = new BigInt64Array(items * seq);
  const special = vocab > 1000 ? 1000 : 0;
  for (let item = 0; item < items; item++) {
    const length = Math.min(seq, 8 + random.below(Math.max(1, seq - 7)));
    for (let token = 0; token < length; token++) {
      ids[item * seq + token] = BigInt(special + random.below(vocab - special));
      mask[item * seq + token] = 1n;
    }
    if (special === 0) continue;
    ids[item * seq] = BigInt(FIRST_TOKEN);
    ids[item * seq + length - 1] = BigInt(LAST_TOKEN);
  }
  return { input_ids: i64([items, seq], ids), attention_mask: i64([items, seq], mask) };
}

/** Seeded pictures, normal noise over a slow gradient: `image` f32 [items, 3, side, side]. */
export function makeMobileNetInputs(
  seed: number,
  { items, side }: { items: number; side: number },
): Record<'image', Tensor> {
  const random = openRandom(seed);
  const values = new Float32Array(items * 3 * side * side);
  for (let plane = 0; plane < items * 3; plane++) {
    const slope = random.normal() / side;
    for (let pixel = 0; pixel < side * side; pixel++) {
      values[plane * side * side + pixel] = random.normal() * 0.5 + (pixel % side) * slope;
    }
  }
  return {
    image: { dtype: 'f32', shape: [items, 3, side, side], data: new Uint8Array(values.buffer) },
  };
}
