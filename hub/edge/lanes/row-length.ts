import { bucketOf } from '../tasks/token-rows.ts';

/** How much longer than needed the rows of a lane may be: past it a lane of its own is quicker. */
const WIDER_MAX = 4;

/**
 * Whether a lane with rows of `length` tokens takes texts of which the longest has `longest`. `least`
 * is the length of rows below which the model has none: where its file says one length, say.
 */
export const takesTexts = (length: number, longest: number, least = 0): boolean =>
  length >= longest && length <= Math.max(bucketOf(longest) * WIDER_MAX, least);
