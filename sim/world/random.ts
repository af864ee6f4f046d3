import type { Nonce } from '#protocol/values/ids.ts';

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

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, enough for a simulated day. */
export function openRandom(seed: number): Random {
  let state = seed >>> 0;
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
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
