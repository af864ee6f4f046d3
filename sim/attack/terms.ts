import type { Rule } from './rules.ts';

/** How much of an identity's newest work is not paid yet. */
export interface Holdback {
  /** Of all its work since the last failure, in parts per million. */
  ppm: number;
  /** And no more than this times the cost of its dearest unit so far. */
  capUnits: number;
}

export interface Terms {
  rule: Rule;
  /** d: chance that one check of a bad unit finds it. */
  power: number;
  holdback: Holdback;
}

/** h of the policy: the newest part of all work, uncapped. */
export const HOLDBACK: Holdback = { ppm: 29_660, capUnits: Infinity };

/** The part to hold for a rule and a power, with r of the checkers sparing the adversary. */
export function holdbackOf({ policy }: Rule, power: number, collusion: number): Holdback {
  if (policy.type === 'flat') throw new RangeError('a flat rate has no trust to hold pay for');
  const found = policy.trustUnits * power * (1 - collusion);
  return { ppm: Math.ceil(2e6 / found), capUnits: Infinity };
}
