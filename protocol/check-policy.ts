import * as v from 'valibot';
import type { Digest, PublicKey } from './ids.ts';
import { Count } from './units.ts';

const WHOLE = 1n << 64n;
const PPM = 1_000_000;

/**
 * How often a verifier re-executes a unit. `flat`: the same share of every device's units. `trust`:
 * p_n = min(1, max(floor, T / n)), where n counts the units of one (device, package) since its last
 * confirmed failure, this one included. Whoever is honest for n units, then cheats until caught and
 * comes back under a new name gets at most 1 / (1 + T) of his work accepted bad
 * (reference/verification.md §2.4).
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
  }),
]);
export type CheckPolicy = v.InferOutput<typeof CheckPolicy>;

/** T = 100, p_min = 2 % (reference/verification.md §3.7). */
export const CHECK_POLICY_DEFAULT: CheckPolicy = {
  type: 'trust',
  trustUnits: 100,
  floorPpm: 20_000,
};

/** What n is counted by: a device and the package it computes. */
export const standingName = (device: PublicKey, id: Digest): string => `${device}/${id}`;

/**
 * When accepted units become final. A unit is released when `lagUnits` later units of its device
 * and package are judged without a confirmed failure; where a job ends before that, the units left
 * over are drawn once more at `exitPpm` (reference/verification.md §2.6 and §3.9).
 */
export const RELEASE_POLICY = { lagUnits: 2_000, exitPpm: 200_000 } as const;

/**
 * How many new identities may begin work. Names are free, so that a limit on them is what bounds how
 * often a cheat comes back: `burst` at once in a new grid, then one more for each `unitsEach` units
 * that were accepted (docs/verification.md, "A limit on new identities"). A device whose wrong result
 * was confirmed is new again.
 */
export const NEWCOMER_POLICY = { burst: 100, unitsEach: 50_000 } as const;

/**
 * What pay is held back for. The first `probationUnits` of an identity earn nothing, since nothing is
 * at stake in them yet; after that `holdbackUnits` of the newest units stay unpaid until later work
 * has passed, with a margin of 2 over what a cheat could save (reference/verification.md §2.7).
 */
export const PAY_POLICY = { probationUnits: 100, holdbackUnits: 112 } as const;

/**
 * floor(p_n × 2^64) for the n-th unit of a device since its last confirmed failure, n ≥ 1, in whole
 * numbers: no floating point decides a draw. A unit is checked when its draw lies under it.
 * Throws a RangeError for settings that are none.
 */
export function checkThreshold(policy: CheckPolicy, n: number): bigint {
  if (!(Number.isSafeInteger(n) && n >= 1)) throw new RangeError(`units count from 1, not ${n}`);
  if (policy.type === 'flat') return flatThreshold(policy.rate);
  const { trustUnits, floorPpm } = policy;
  const floor = ppmThreshold(floorPpm);
  const trust = (BigInt(trustUnits) * WHOLE) / BigInt(n);
  const rate = trust > floor ? trust : floor;
  return rate > WHOLE ? WHOLE : rate;
}

/** floor(ppm × 2^64 / 10^6): the threshold of a rate in parts per million. */
export const ppmThreshold = (ppm: number): bigint => (BigInt(ppm) * WHOLE) / BigInt(PPM);

/** floor(rate × 2^64), exactly: a double times a power of two is exact, and so is its floor. */
function flatThreshold(rate: number): bigint {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`a check rate lies in [0, 1], not ${rate}`);
  return BigInt(Math.floor(rate * 2 ** 64));
}

/** p_n as a number, for people and for estimates. */
export function checkRate(policy: CheckPolicy, n: number): number {
  if (policy.type === 'flat') return policy.rate;
  return Math.min(1, Math.max(policy.floorPpm / PPM, policy.trustUnits / Math.max(1, n)));
}

/** Expected checks of the next `units` units of a device that has `before` behind it. */
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

const TRUST = /^trust:(\d{1,7}),(0?\.\d{1,6}|[01](?:\.0*)?)$/;
const FLAT = /^flat:(0?\.\d{1,9}|[01](?:\.0*)?)$/;
const WANTED = 'expected flat:RATE or trust:UNITS,FLOOR, such as flat:0.05 or trust:100,0.02';

/** A policy as it is written on a command line: `flat:0.05`, or `trust:100,0.02` for T and p_min. */
export const CheckPolicyText = v.pipe(
  v.string(),
  v.check((text) => TRUST.test(text) || FLAT.test(text), WANTED),
  v.transform((text): CheckPolicy => {
    const [, rate] = FLAT.exec(text) ?? [];
    if (rate !== undefined) return { type: 'flat', rate: Number(rate) };
    const [, units, floor] = TRUST.exec(text) ?? [];
    const floorPpm = Math.round(Number(floor) * PPM);
    return { type: 'trust', trustUnits: Number(units), floorPpm: floorPpm };
  }),
);

/** The policy in words: `100 units whole, then ever fewer, 2 % at least`. */
export function describePolicy(policy: CheckPolicy): string {
  if (policy.type === 'flat') return `${percent(policy.rate)} of all units`;
  const floor = percent(policy.floorPpm / PPM);
  return `the first ${policy.trustUnits} units of a device, then ever fewer, ${floor} at least`;
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
