/** A seeded source of 32-bit words, fast enough for hundreds of millions of draws. */
export interface Chance {
  /** Uniform in [0, 2^32). */
  word(): number;
  /** Uniform in [0, 1), 32 bits fine. */
  next(): number;
  /** Uniform whole number in [0, count). */
  below(count: number): number;
}

/**
 * sfc32 (Chris Doty-Humphrey, PractRand; public domain): 128 bits of state. The 32 bits of
 * `sim/world/random.ts` would repeat within one seed's draws.
 */
export function openChance(seed: number, stream = 0): Chance {
  let [a, b, c, counter] = [seed | 0, stream | 0, 0x9e3779b9 | 0, 1];
  const word = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 16; round += 1) word();
  const next = (): number => word() / 2 ** 32;
  return { word, next, below: (count) => Math.floor(next() * count) };
}
