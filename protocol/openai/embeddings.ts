import * as v from 'valibot';
import { encodeBase64 } from '../bytes/base64.ts';
import { Count } from '../values/units.ts';

/** Texts of one request. */
export const TEXTS_MAX = 2_048;

const Text = v.pipe(v.string(), v.minLength(1, 'expected a text that is not empty'));

/** One text, or several. */
export const Texts = v.union(
  [Text, v.pipe(v.array(Text), v.minLength(1), v.maxLength(TEXTS_MAX))],
  `expected a text, or 1 to ${TEXTS_MAX} of them`,
);

/** A request for embeddings as OpenAI's API has it, without lists of tokens. */
export const EmbeddingRequest = v.strictObject({
  model: v.string(),
  input: Texts,
  encoding_format: v.optional(v.picklist(['float', 'base64'], 'expected float or base64')),
  /** How many numbers of each vector; it has length 1 then. */
  dimensions: v.optional(v.pipe(Count, v.minValue(1))),
  user: v.optional(v.string()),
});
export type EmbeddingRequest = v.InferOutput<typeof EmbeddingRequest>;

/** One text's vector: numbers, or base64 of them as little-endian 32-bit floats. */
export interface Embedding {
  object: 'embedding';
  index: number;
  embedding: number[] | string;
}

/** The answer to a request: a vector for each text, in their order. */
export const EmbeddingList = v.strictObject({
  object: v.literal('list'),
  data: v.array(
    v.strictObject({
      object: v.literal('embedding'),
      index: Count,
      embedding: v.union([v.array(v.number()), v.string()]),
    }),
  ),
  model: v.string(),
  usage: v.strictObject({ prompt_tokens: Count, total_tokens: Count }),
});

/** An answer that was asked for in base64. */
export const EmbeddingAnswer = v.object({
  data: v.array(v.object({ index: Count, embedding: v.string() })),
});
export type EmbeddingAnswer = v.InferOutput<typeof EmbeddingAnswer>;

/** Says a vector as it was asked for; cut vectors are brought to length 1 again. */
export function sayEmbedding(
  vector: Float32Array,
  { index, encoding, dimensions }: { index: number; encoding: string; dimensions?: number },
): Embedding {
  const cut = dimensions === undefined ? vector : cutVector(vector, dimensions);
  const bytes = () => new Uint8Array(cut.buffer, cut.byteOffset, cut.byteLength);
  const embedding = encoding === 'base64' ? encodeBase64(bytes()) : Array.from(cut);
  return { object: 'embedding', index, embedding };
}

function cutVector(vector: Float32Array, dimensions: number): Float32Array {
  const cut = vector.subarray(0, dimensions);
  const length = Math.sqrt(cut.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? cut : cut.map((value) => value / length);
}
