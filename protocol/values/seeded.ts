/**
 * Draws 32-bit words, all from one number: Mulberry32 (Tommy Ettinger, public domain). Simulators
 * and tests repeat a run with it; it guards no secret.
 */
export function openWords(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
