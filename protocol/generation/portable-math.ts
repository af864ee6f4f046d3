/**
 * Logarithm and exponential of doubles by + − × ÷ alone: the same bits in every JavaScript engine,
 * which `Math.log` and `Math.exp` do not promise. Within one unit in the last place.
 * Source: FDLIBM 5.3, `e_log.c` and `e_exp.c` (Sun Microsystems, 1993).
 */
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LOG_TERMS = [
  ...[0.6666666666666735, 0.3999999999940942, 0.2857142874366239],
  ...[0.22222198432149784, 0.1818357216161805, 0.15313837699209373],
  0.14798198605116586,
];
const EXP_TERMS = [
  ...[0.16666666666666602, -0.0027777777777015593, 6.613756321437934e-5],
  ...[-1.6533902205465252e-6, 4.1381367970572385e-8],
];
/** Below it an exponential counts as 0: no sum of ours would notice more. */
const EXP_LEAST = -700;

/** Σ terms[i] · x^(i+1), from the highest power down. */
function polynomial(terms: readonly number[], x: number): number {
  let sum = 0;
  for (let at = terms.length - 1; at >= 0; at -= 1) sum = x * ((terms[at] ?? 0) + sum);
  return sum;
}

/** The natural logarithm of a normal number above 0. */
export function portableLog(x: number): number {
  double[0] = x;
  const high = words[1] ?? 0;
  const mantissa = high & 0xfffff;
  const carry = (mantissa + 0x95f64) & 0x100000;
  words[1] = mantissa | (carry ^ 0x3ff00000);
  const exponent = (high >>> 20) - 1023 + (carry >> 20);
  const f = (double[0] ?? 1) - 1;
  const s = f / (2 + f);
  const rest = polynomial(LOG_TERMS, s * s);
  const half = 0.5 * f * f;
  return exponent * LN2_HIGH - (half - (s * (half + rest) + exponent * LN2_LOW) - f);
}

/** e to the power of a number that is at most 0; 0 below −700. */
export function portableExp(x: number): number {
  if (!(x >= EXP_LEAST)) return 0;
  const exponent = Math.floor(x * Math.LOG2E + 0.5);
  const high = x - exponent * LN2_HIGH;
  const low = exponent * LN2_LOW;
  const reduced = high - low;
  const square = reduced * reduced;
  const c = reduced - polynomial(EXP_TERMS, square);
  const value = 1 - (low - (reduced * c) / (2 - c) - high);
  words[0] = 0;
  words[1] = (exponent + 1023) << 20;
  return value * (double[0] ?? 0);
}
