/** Names the numbers below; others would raise an alarm elsewhere. */
export const DRIFT_VERSION = 'pocketgrid/drift@1';

/**
 * Who stays within tolerance on every unit may still cheat on all of them. What each check adds to
 * the suspicion is the log-likelihood ratio of x, the share of its thresholds that the unit used up
 * (Wald), in thousandths: floor(15,030 x²) − 1,071.
 *
 * Honest is a half-normal x of scale 0.1714: the noisiest class there may be, whose thresholds are 1.5
 * times what 99.99 % of its units stay under. Cheating is one of scale 0.5, all over the tolerance. So
 * ln(0.1714 ÷ 0.5) = −1.071, and (1 ÷ 0.1714² − 1 ÷ 0.5²) ÷ 2 = 15.03.
 */
const GAIN = 15_030n;
const LOSS = 1_071;
const PPM = 1_000_000n;

/** ln 10⁶ = 13.816: an honest device comes to it once in a million checks at most, on average. */
export const DRIFT_ALARM = 13_816;

/**
 * The sum after one more check (CUSUM, Page 1954). It never falls under 0, so that honest work of the
 * past buys nothing, and begins again after an alarm. A unit within tolerance uses up to 1,000,000 ppm.
 */
export function addDrift(sum: number, usedPpm: number): number {
  const used = BigInt(usedPpm);
  const gain = Number((GAIN * used * used) / (PPM * PPM));
  return Math.max(0, (isAlarm(sum) ? 0 : sum) + gain - LOSS);
}

export const isAlarm = (sum: number): boolean => sum >= DRIFT_ALARM;
