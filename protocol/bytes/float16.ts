/** IEEE 754 binary16, for platforms without Float16Array. */

const double = new DataView(new ArrayBuffer(8));

/**
 * 2^exponent for −1022..1023, exactly. `2 ** exponent` need not be: ECMAScript leaves how well a
 * power is approximated to the engine, and results are judged on what comes out of here.
 */
export function powerOfTwo(exponent: number): number {
  double.setUint32(0, (exponent + 1023) << 20);
  double.setUint32(4, 0);
  return double.getFloat64(0);
}

/** The 16 bits nearest to `value`, ties to even; past 65,520 it is infinity. NaN is 0x7e00. */
export function encodeHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  double.setFloat64(0, value);
  const sign = double.getUint32(0) >>> 31 ? 0x8000 : 0;
  const exponent = ((double.getUint32(0) >>> 20) & 0x7ff) - 1023;
  if (exponent > 15) return sign | 0x7c00;
  // Below 2^-14 halves are subnormal: every step is 2^-24, as just above it.
  const scale = Math.max(exponent, -14);
  const steps = roundToEven(Math.abs(value) * powerOfTwo(10 - scale));
  // A carry out of the 10 bits of the fraction lands in the exponent, where it belongs.
  return sign | (((scale + 14) << 10) + steps);
}

/** A number of its 16 bits (IEEE 754 binary16). */
export function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * powerOfTwo(-24);
  return sign * (1024 + fraction) * powerOfTwo(exponent - 25);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
