/** Choices of one command, all from one number: the same number chooses the same. */
export class Draw {
  #state: number;

  constructor(roll: number) {
    this.#state = roll >>> 0;
  }

  /** A whole number below `count` (mulberry32). */
  below(count: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  once(in_: number): boolean {
    return this.below(in_) === 0;
  }

  /** Which argument to make wrong; none in four of five commands. */
  wrong<T>(arguments_: readonly T[]): T | undefined {
    return this.once(5) ? this.pick(arguments_) : undefined;
  }

  /** An amount up to `most`, its ends more often than others. */
  upTo(most: bigint): bigint {
    if (most <= 0n) return 0n;
    const wide = (BigInt(this.below(2 ** 32)) << 32n) | BigInt(this.below(2 ** 32));
    return this.pick([wide % (most + 1n), wide % (most + 1n), wide % (most + 1n), most, 1n]);
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}
