import { BEYOND, SAME } from '#protocol/checks/comparison.ts';
import { graph } from './graph.ts';
import type { Kind } from './kind.ts';

/** Text is right to the last bit, or wrong. */
export const decode: Kind = {
  ...graph,
  compareAnswer: (_, answer, known) =>
    answer.length === known.length && answer.every((byte, at) => byte === known[at])
      ? SAME
      : BEYOND,
};
