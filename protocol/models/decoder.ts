import * as v from 'valibot';
import { Count } from '../values/units.ts';

const Some = v.pipe(Count, v.minValue(1));

/** What a model that writes text is like, as its graph says. */
export const Decoder = v.strictObject({
  layers: v.pipe(Some, v.maxValue(256)),
  /** Heads of keys and values, and the numbers of each. */
  kvHeads: v.pipe(Some, v.maxValue(1_024)),
  headDim: v.pipe(Some, v.maxValue(4_096)),
  vocab: v.pipe(Some, v.maxValue(4_000_000)),
  /** Tokens of a text, prompt and all, on this grid. */
  context: v.pipe(Some, v.maxValue(16_384)),
  /** Tokens that end a text. */
  ends: v.pipe(v.array(Count), v.maxLength(16)),
});
export type Decoder = v.InferOutput<typeof Decoder>;

/**
 * What a run has to keep to, so that a token written alone has the bits of one within a prefill:
 * keys are a multiple of `kvMultiple`, and rows at least `rowsMin`. Rows are added behind for it,
 * and what they left in the cache is cut off.
 */
export const StepRule = v.strictObject({
  kvMultiple: v.picklist([1, 4]),
  rowsMin: v.picklist([1, 2]),
});
export type StepRule = v.InferOutput<typeof StepRule>;

/** How steps of a model are run. `redecode`: no rule was found, and a check writes the text again. */
export const Steps = v.union([StepRule, v.literal('redecode')]);
export type Steps = v.InferOutput<typeof Steps>;

/** Bytes of the keys and values of one token, as 32-bit floats. */
export const cacheBytes = ({ layers, kvHeads, headDim }: Decoder): number =>
  2 * layers * kvHeads * headDim * 4;
