import { openWords } from '#protocol/values/seeded.ts';

/** Choices of one command, all from one number: the same number chooses the same. */
export class Draw {
  readonly #word: () => number;

  constructor(roll: number) {
    this.#word = openWords(roll);
  }

  /** A whole number below `count`. */
  below(count: number): number {
    return this.#word() % count;
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
