import { holdbackPpm, PAY_POLICY } from '#protocol/checks/check-policy.ts';
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

/** What the policy holds back: the newest part of all work, without a limit. */
export const HOLDBACK: Holdback = { ppm: PAY_POLICY.holdbackPpm, capUnits: Infinity };

/** The part to hold for a rule and a power, with r of the checkers sparing the adversary. */
export const holdbackOf = ({ policy }: Rule, power: number, collusion: number): Holdback => ({
  ppm: holdbackPpm(policy, {
    powerPpm: Math.round(power * 1e6),
    sparedPpm: Math.round(collusion * 1e6),
  }),
  capUnits: Infinity,
});
