import * as v from 'valibot';

/** Numbers that wear their unit: a `Millis` cannot be passed where `Bytes` are wanted. */
const finite = v.pipe(v.number(), v.finite(), v.minValue(0));
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A duration in milliseconds. */
export const Millis = v.pipe(finite, v.brand('Millis'));
export type Millis = v.InferOutput<typeof Millis>;

/** A point in time: milliseconds since 1970-01-01T00:00:00Z. */
export const Instant = v.pipe(finite, v.brand('Instant'));
export type Instant = v.InferOutput<typeof Instant>;

/** A length in bytes. */
export const Bytes = v.pipe(whole, v.brand('Bytes'));
export type Bytes = v.InferOutput<typeof Bytes>;

/** An amount of money, as a decimal string of a u64 (JSON numbers lose digits past 2^53). */
export const Lamports = v.pipe(
  v.string(),
  v.regex(/^(0|[1-9][0-9]{0,19})$/, 'expected a whole number of lamports as a decimal string'),
  v.check((text) => BigInt(text) < 2n ** 64n, 'expected fewer than 2^64 lamports'),
  v.brand('Lamports'),
);
export type Lamports = v.InferOutput<typeof Lamports>;

/** Milliseconds. */
export const millis = (value: number): Millis => value as Millis;
/** Milliseconds since 1970. */
export const instant = (value: number): Instant => value as Instant;
/** Bytes. */
export const bytes = (value: number): Bytes => value as Bytes;
/** Lamports, as decimal digits on the wire. */
export const lamports = (value: bigint): Lamports => value.toString() as Lamports;

/** The instant so long after another. */
export const after = (start: Instant, duration: Millis): Instant => instant(start + duration);
/** The time from one instant to another; 0 where it runs backwards. */
export const between = (start: Instant, end: Instant): Millis => millis(Math.max(0, end - start));

/** A count of units, items or messages. */
export const Count = whole;
