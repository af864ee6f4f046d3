/** Numbers that repeat from a seed. */
export interface Random {
  /** Uniform in [0, 1), 32 random bits. */
  uniform(): number;
  /** Normal with mean 0 and deviation 1. */
  normal(): number;
  /** Uniform integer in [0, limit). */
  below(limit: number): number;
}

/** Four 32-bit words from a seed, by splitmix32 (a Weyl sequence through the murmur3 finaliser). */
function spread(seed: number): [number, number, number, number] {
  let weyl = seed | 0;
  const next = () => {
    weyl = (weyl + 0x9e3779b9) | 0;
    let mixed = Math.imul(weyl ^ (weyl >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  };
  return [next(), next(), next(), next()];
}

/** xoshiro128** (Blackman and Vigna, 2018), which any engine repeats bit for bit. */
export function openRandom(seed: number): Random {
  let [a, b, c, d] = spread(seed);
  const word = () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const carried = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= carried;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
  const uniform = () => word() / 0x1_0000_0000;
  return {
    uniform,
    below: (limit) => Math.floor(uniform() * limit),
    // Box and Muller (1958); 1 − u keeps the logarithm finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/** Shuffles in place (Fisher and Yates). */
export function shuffle(items: number[], random: Random): number[] {
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = random.below(last + 1);
    const item = items[last] as number;
    items[last] = items[chosen] as number;
    items[chosen] = item;
  }
  return items;
}
