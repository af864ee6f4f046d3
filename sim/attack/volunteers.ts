import type { PackageManifest } from '#protocol/models/package.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { graph } from '../../verifier/core/kinds/graph.ts';
import type { Chance } from './chance.ts';
import type { Tally } from './expectation.ts';
import { type Rule, sumTo, tabulate } from './rules.ts';

/** Lifetimes of honest volunteers that are reported, in C. */
export const LIFETIMES = [1_000, 10_000, 50_000] as const;

/** What is executed again for each unit of an honest volunteer's work. */
export interface HonestCost {
  draws: number;
  /** The exit check of the units not released when the volunteer leaves. */
  exit: number;
}

/** A part of the grid's work, in units of one cost. */
export interface Share {
  cost: number;
  part: number;
}

/** All units cost C. */
export const ONE_COST: readonly Share[] = [{ cost: 1, part: 1 }];

/**
 * What a volunteer costs that does this much work, its units of several costs well mixed, by the
 * thresholds of the real policy.
 */
export function costOf(rule: Rule, life: number, mix = ONE_COST): HonestCost {
  const { runsSum, exitSum } = tabulate(rule);
  let [draws, exit] = [0, 0];
  for (const { cost, part } of mix) {
    const units = life / cost;
    const left = Math.min(units, rule.lagUnits);
    draws += (part / units) * sumTo(runsSum, units);
    exit += (part / units) * (sumTo(exitSum, units) - sumTo(exitSum, units - left));
  }
  return { draws, exit };
}

/**
 * Work executed again for each released unit of work where the adversary holds a share of the
 * accepted, and what of it is by and about the adversary.
 */
export function overheadOf({ draws, exit }: HonestCost, held: number, tally: Tally) {
  const useful = 1 - held + (held * tally.released) / tally.work;
  const honest = (1 - held) / useful;
  const adversary = (held * tally.runs) / tally.work / useful;
  return {
    draws: honest * draws,
    exit: honest * exit,
    adversary,
    total: honest * (draws + exit) + adversary,
    /** Beside the work alone that others asked for: the adversary's right work is its own. */
    others: draws + exit + (held / (1 - held)) * (tally.runs / tally.work),
    /** Work done again because its device was caught. */
    again: (held * (1 - tally.released / tally.work)) / useful,
  };
}

/** How our own re-executions fail; everything the ladder may see of an honest unit. */
export interface Faults {
  /** Chance that one re-execution of a right unit is wrong. */
  first: number;
  /** Chance that the fresh run then gives the same wrong bytes. */
  same: number;
}

/** Stated, not measured: two confirmations at 1e-3 each (reference/verification.md §2.8). */
export const FAULTS: Faults = { first: 1e-3, same: 1e-3 };

const digest = (digit: string): Digest => digit.repeat(64) as Digest;
const [RIGHT, WRONG, ODD] = [digest('a'), digest('b'), digest('c')];
const NO_BYTES = new Uint8Array(0);
/**
 * The exact lane looks at no field of the manifest before digests differ and bytes are compared.
 */
const MANIFEST = {
  runtime: { outputs: [], comparators: [], taps: [] },
} as unknown as PackageManifest;

/**
 * Draws one honest unit that is checked through the real ladder; true: wrongly found a mismatch.
 */
export function climbHonest(faults: Faults, { next }: Chance): boolean {
  const references: { digest: Digest; bytes: Uint8Array }[] = [];
  let claim: { digest: Digest; bytes: Uint8Array } | undefined;
  for (;;) {
    const step = graph.judge({
      provider: 'wasm',
      manifest: MANIFEST,
      claimed: RIGHT,
      references,
      ...(claim === undefined ? {} : { claim }),
      gaveUp: false,
    });
    if (step.do === 'decide') return step.finding.kind === 'mismatch';
    if (step.do === 'claim') claim = { digest: RIGHT, bytes: NO_BYTES };
    else references.push({ digest: runOf(faults, references.length, next), bytes: NO_BYTES });
  }
}

function runOf(faults: Faults, before: number, next: () => number): Digest {
  if (before === 0) return next() < faults.first ? WRONG : RIGHT;
  return next() < faults.same ? WRONG : next() < 0.5 ? RIGHT : ODD;
}
