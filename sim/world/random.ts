import type { Nonce } from '#protocol/values/ids.ts';
import { openWords } from '#protocol/values/seeded.ts';

/** A seeded source of chance: the same seed gives the same world. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [least, most). */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  nonce(): Nonce;
  /** An independent stream, named, so that one part's draws do not shift another's. */
  fork(name: string): Random;
}

/** 32 bits of state are enough for a simulated day. */
export function openRandom(seed: number): Random {
  const word = openWords(seed);
  const next = (): number => word() / 2 ** 32;
  return {
    next,
    between: (least, most) => least + next() * (most - least),
    chance: (probability) => next() < probability,
    nonce: () =>
      Array.from({ length: 8 }, () => word().toString(16).padStart(8, '0')).join('') as Nonce,
    fork: (name) =>
      openRandom(
        [...name].reduce((sum, c) => Math.imul(sum ^ c.charCodeAt(0), 0x01000193), word()),
      ),
  };
}
