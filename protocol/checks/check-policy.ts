import * as v from 'valibot';
import { Count } from '../values/units.ts';

const WHOLE = 1n << 64n;
const PPM = 1_000_000;
const SHARERS_MAX = 16;

/**
 * How often a verifier re-executes a unit. `flat`: the same share of every device's units. `trust`:
 * p_n = min(1, max(floor, T / n)), where n is the work of a device since its last confirmed
 * failure, over all packages and this unit included, in units of this unit's cost (`unitNumber`).
 * Whoever is honest for n units, then cheats until caught and comes back under a new name gets at
 * most 1 / (1 + T) of his work accepted bad (reference/verification.md §2.4).
 */
export const CheckPolicy = v.variant('type', [
  v.strictObject({
    type: v.literal('flat'),
    /** Probability in [0, 1]. */
    rate: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  }),
  v.strictObject({
    type: v.literal('trust'),
    /** T: units checked whole before trust begins. */
    trustUnits: Count,
    /** p_min, in parts per million. */
    floorPpm: v.pipe(Count, v.maxValue(PPM)),
    /** V: verifiers that reach p_n together, each by draws of its own; 1 where absent. */
    sharers: v.exactOptional(v.pipe(Count, v.minValue(1), v.maxValue(SHARERS_MAX))),
  }),
]);
export type CheckPolicy = v.InferOutput<typeof CheckPolicy>;

/** T = 75, p_min = 2 % (docs/verification.md). */
export const CHECK_POLICY_DEFAULT: Extract<CheckPolicy, { type: 'trust' }> = {
  type: 'trust',
  trustUnits: 75,
  floorPpm: 20_000,
};

/** Work and costs are whole microseconds of reference time (`unitCost`). */
export interface CountedWork {
  /** Accepted work of a device before a unit, since its last confirmed failure. */
  workBefore: number;
  /** Cost of the unit. */
  unitCost: number;
}

/** Whole units of this cost that the work before makes. */
export const unitsBehind = ({ workBefore, unitCost }: CountedWork): number =>
  (workBefore - (workBefore % unitCost)) / unitCost;

/**
 * The n that p_n goes by: which unit of its device this one is, from 1, if all its work were of
 * units of this cost. So nobody buys trust for dear units with a few cheap ones.
 */
export const unitNumber = (counted: CountedWork): number => unitsBehind(counted) + 1;

/**
 * When accepted units become final. A unit is released when later work of its device, worth
 * `lagUnits` units of its own cost, is judged without a confirmed failure; where a job ends before
 * that, the units left over are drawn once more at `exitPpm` (reference/verification.md §2.6 and
 * §3.9).
 */
export const RELEASE_POLICY = { lagUnits: 2_000, exitPpm: 200_000 } as const;

/** The share of others' verdicts that a verifier does again (reference/verification.md §3.10). */
export const REVIEW_PPM = 20_000;

/**
 * How many new identities may begin work. Names are free, so that a limit on them is what bounds
 * how often a cheat comes back: `burst` at once in a new grid, then a place for each `unitsEach`
 * units of `NEWCOMER_UNIT_COST` that were accepted and stand. A later identity takes as many places
 * as the dearest unit it was lent has such costs. A device whose wrong result was confirmed is new
 * again.
 */
export const NEWCOMER_POLICY = { burst: 100, unitsEach: 75_000 } as const;
/** C: 100 ms of reference time, in microseconds. */
export const NEWCOMER_UNIT_COST = 100_000;
/**
 * A device keeps its places for good only when its first T units are judged; until then each of
 * them is checked, and it gives its places back when it goes or is banned. What those checks took
 * uses places as well: one for each `unitsPerPlace` units of C; a ban counts `failureUnits` more.
 * All places of a new grid that were used so are back after `returnMs`.
 */
export const PROBATION_POLICY = {
  unitsPerPlace: 300,
  failureUnits: 2,
  returnMs: 86_400_000,
} as const;
/** How many new devices may begin: `burst`, and a place for each `unitsEach` units of cost C. */
export interface NewcomerPolicy {
  burst: number;
  unitsEach: number;
}

/** How many verifiers share the checks of a policy. */
export const sharersOf = (policy: CheckPolicy): number =>
  policy.type === 'trust' ? (policy.sharers ?? 1) : 1;

/**
 * The threshold of one verifier's draw for the n-th unit of a device since its last confirmed
 * failure, n ≥ 1, in whole numbers: no floating point decides a draw. A unit is checked when its
 * draw lies under it. Throws a RangeError for settings that are none.
 */
export const checkThreshold = (policy: CheckPolicy, n: number): bigint =>
  shareThreshold(rateThreshold(policy, n), sharersOf(policy));

/** floor(p_n × 2^64): what all verifiers of a policy reach together. */
function rateThreshold(policy: CheckPolicy, n: number): bigint {
  if (!(Number.isSafeInteger(n) && n >= 1)) throw new RangeError(`units count from 1, not ${n}`);
  if (policy.type === 'flat') return flatThreshold(policy.rate);
  const { trustUnits, floorPpm } = policy;
  const floor = ppmThreshold(floorPpm);
  const trust = (BigInt(trustUnits) * WHOLE) / BigInt(n);
  const rate = trust > floor ? trust : floor;
  return rate > WHOLE ? WHOLE : rate;
}

const IN_FLIGHT = { least: 2, most: 20 } as const;

/**
 * How many shards of a device may be lent or wait for a verifier while its n-th unit is next:
 * ⌈1 / p_n⌉, from 2 to 20 (reference/verification.md §3.7).
 */
export function shardsInFlight(policy: CheckPolicy, n: number): number {
  const rate = rateThreshold(policy, n);
  // The rate is rounded down: one step more keeps 1 / p_n whole where it is.
  const shards = Number((WHOLE + rate) / (rate + 1n));
  return Math.max(IN_FLIGHT.least, Math.min(IN_FLIGHT.most, shards));
}

/** floor(ppm × 2^64 / 10^6): the threshold of a rate in parts per million. */
export const ppmThreshold = (ppm: number): bigint => (BigInt(ppm) * WHOLE) / BigInt(PPM);

/** Thresholds worked out before: a policy has one for each n up to where its floor begins. */
const shares = new Map<string, bigint>();
const SHARES_MAX = 65_536;

/**
 * What each of `sharers` verifiers draws under, so that the chance that at least one of them draws
 * a unit is `whole` ÷ 2^64: 2^64 × (1 − (1 − whole ÷ 2^64)^(1 ÷ sharers)), rounded up, so that
 * together they never fall short. A third each would: the draws of three overlap.
 */
export function shareThreshold(whole: bigint, sharers: number): bigint {
  if (sharers === 1 || whole === 0n || whole === WHOLE) return whole;
  const name = `${whole}/${sharers}`;
  const known = shares.get(name);
  if (known !== undefined) return known;
  const left = (WHOLE - whole) * WHOLE ** BigInt(sharers - 1);
  let [low, high] = [0n, whole];
  while (low < high) {
    const middle = (low + high) >> 1n;
    if ((WHOLE - middle) ** BigInt(sharers) <= left) high = middle;
    else low = middle + 1n;
  }
  if (shares.size >= SHARES_MAX) shares.clear();
  shares.set(name, low);
  return low;
}

/**
 * ρ = ⌈2 / (T d (1 − r))⌉ in parts per million: the part of a device's work whose pay is held back,
 * so that a cheat loses twice what it saves. A wrong unit of cost c is drawn at T c / W at least,
 * which times ρ W is 2 c / (d (1 − r)), whatever it costs (reference/verification.md §2.7, margin
 * 2). `powerPpm` is d, the chance that one check of a wrong unit finds it; `sparedPpm` is r, the
 * checks that spare the cheat. Throws a RangeError where nothing is found.
 */
export function holdbackPpm(
  policy: CheckPolicy,
  { powerPpm, sparedPpm }: { powerPpm: number; sparedPpm: number },
): number {
  const trust = policy.type === 'flat' ? 0n : BigInt(policy.trustUnits);
  const found = trust * BigInt(powerPpm) * BigInt(PPM - sparedPpm);
  if (found <= 0n) throw new RangeError('no pay held back deters where nothing is found');
  return Number((2n * BigInt(PPM) ** 3n + found - 1n) / found);
}

/**
 * What pay is held back for. A device earns nothing until its work makes `probationUnits` of its
 * dearest unit so far, since nothing is at stake yet; after that the newest work, `holdbackPpm` of
 * all since its last failure, stays unpaid until later work has passed. A limit on it by the cost
 * of its units would leave nothing at stake in the first dear one (docs/verification.md). A check is taken to find 99.9 % of wrong units, which is what a calibrated class
 * must reach, and a tenth of the checks to spare the cheat. What has been held for `holdbackMs`
 * since its job ended is paid as well.
 */
export const PAY_POLICY = {
  probationUnits: CHECK_POLICY_DEFAULT.trustUnits,
  holdbackPpm: holdbackPpm(CHECK_POLICY_DEFAULT, { powerPpm: 999_000, sparedPpm: 100_000 }),
  holdbackMs: 72 * 3_600_000,
} as const;

/** floor(rate × 2^64), exactly: a double times a power of two is exact, and so is its floor. */
function flatThreshold(rate: number): bigint {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`a check rate lies in [0, 1], not ${rate}`);
  return BigInt(Math.floor(rate * 2 ** 64));
}

/** p_n as a number, for people and for estimates: whoever checks. */
export function checkRate(policy: CheckPolicy, n: number): number {
  if (policy.type === 'flat') return policy.rate;
  return Math.min(1, Math.max(policy.floorPpm / PPM, policy.trustUnits / Math.max(1, n)));
}

/** One verifier's part of p_n as a number, for people. */
export const ownCheckRate = (policy: CheckPolicy, n: number): number =>
  Number(checkThreshold(policy, n)) / 2 ** 64;

/** Expected units checked of the next `units` of a device that has `before` behind it. */
export function expectedChecks(policy: CheckPolicy, before: number, units: number): number {
  if (policy.type === 'flat') return policy.rate * units;
  const { trustUnits, floorPpm } = policy;
  const floor = floorPpm / PPM;
  const last = before + units;
  /** Where T / n meets the floor; beyond any job when there is no floor. */
  const knee = floor > 0 ? trustUnits / floor : Infinity;
  const part = (from: number, to: number): number =>
    Math.max(0, Math.min(last, to) - Math.max(before, from));
  const whole = part(0, trustUnits);
  const start = Math.max(before, trustUnits, 1);
  const end = Math.min(last, knee);
  const falling = end > start ? trustUnits * Math.log(end / start) : 0;
  return whole + falling + floor * part(knee, Infinity);
}

const TRUST = /^trust:(\d{1,7}),(0?\.\d{1,6}|[01](?:\.0*)?)(?:,([1-9]|1[0-6]))?$/;
const FLAT = /^flat:(0?\.\d{1,9}|[01](?:\.0*)?)$/;
const WANTED =
  'expected flat:RATE or trust:UNITS,FLOOR[,VERIFIERS], such as flat:0.05, trust:75,0.02 or trust:75,0.02,3';

/**
 * A policy as it is written on a command line: `flat:0.05`, or `trust:75,0.02` for T and p_min, or
 * `trust:75,0.02,3` where three verifiers share the checks.
 */
export const CheckPolicyText = v.pipe(
  v.string(),
  v.check((text) => TRUST.test(text) || FLAT.test(text), WANTED),
  v.transform((text): CheckPolicy => {
    const [, rate] = FLAT.exec(text) ?? [];
    if (rate !== undefined) return { type: 'flat', rate: Number(rate) };
    const [, units, floor, verifiers = '1'] = TRUST.exec(text) ?? [];
    const floorPpm = Math.round(Number(floor) * PPM);
    const shared = verifiers === '1' ? {} : { sharers: Number(verifiers) };
    return { type: 'trust', trustUnits: Number(units), floorPpm, ...shared };
  }),
);

const NEWCOMERS = /^(\d{1,7}),([1-9]\d{0,9})$/;
const NEWCOMERS_WANTED = 'expected BURST,UNITS such as 100,75000, or unlimited';

/** A limit on newcomers as it is written on a command line: `100,75000`, or `unlimited`. */
export const NewcomersText = v.pipe(
  v.string(),
  v.check((text) => text === 'unlimited' || NEWCOMERS.test(text), NEWCOMERS_WANTED),
  v.transform((text): NewcomerPolicy | 'unlimited' => {
    const [, burst, unitsEach] = NEWCOMERS.exec(text) ?? [];
    if (burst === undefined) return 'unlimited';
    return { burst: Number(burst), unitsEach: Number(unitsEach) };
  }),
);

/** The policy in words: `the first 75 units of a device, then ever fewer, 2 % at least`. */
export function describePolicy(policy: CheckPolicy): string {
  if (policy.type === 'flat') return `${percent(policy.rate)} of all units`;
  const floor = percent(policy.floorPpm / PPM);
  const shared = sharersOf(policy) === 1 ? '' : `, shared by ${sharersOf(policy)} verifiers`;
  return `the first ${policy.trustUnits} units of a device, then ever fewer, ${floor} at least${shared}`;
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
