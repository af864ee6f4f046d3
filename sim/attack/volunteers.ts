import type { Digest } from '#protocol/ids.ts';
import type { PackageManifest } from '#protocol/package.ts';
import { climb } from '../../verifier/core/ladder.ts';
import type { Chance } from './chance.ts';
import { isDrawn, type Rule, tabulate } from './rules.ts';

/** Lifetimes of honest volunteers that are reported, in units. */
export const LIFETIMES = [1_000, 10_000, 50_000] as const;

/** Canaries: units with known answers that newcomers get, as a share of their first units. */
export const CANARIES = { share: 0.01, firstUnits: 5_000 } as const;

/** Forward passes for each unit of an honest volunteer. */
export interface HonestCost {
  draws: number;
  /** The exit audit of the units not released when the volunteer leaves. */
  exit: number;
  canaries: number;
}

/** Plays honest volunteers of one lifetime through the real thresholds. */
export function playVolunteers(
  rule: Rule,
  life: number,
  { units, chance }: { units: number; chance: Chance },
): HonestCost {
  const table = tabulate(rule);
  const people = Math.max(1, Math.round(units / life));
  let [draws, exit] = [0, 0];
  for (let person = 0; person < people; person += 1) {
    for (let age = 1; age <= life; age += 1) if (isDrawn(table, age, chance.word)) draws += 1;
    const left = Math.min(life, rule.lagUnits);
    for (let unit = 0; unit < left; unit += 1) if (chance.next() < rule.exitRate) exit += 1;
  }
  const total = people * life;
  return { draws: draws / total, exit: exit / total, canaries: canaryShare(life) };
}

export const canaryShare = (life: number): number =>
  (CANARIES.share * Math.min(life, CANARIES.firstUnits)) / life;

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
/** The exact lane looks at no field of the manifest before digests differ and bytes are compared. */
const MANIFEST = { outputs: [], comparators: [] } as unknown as PackageManifest;

/** Draws one honest unit that is checked through the real ladder; true: wrongly found a mismatch. */
export function climbHonest(faults: Faults, { next }: Chance): boolean {
  const references: { digest: Digest; bytes: Uint8Array }[] = [];
  let claim: { digest: Digest; bytes: Uint8Array } | undefined;
  for (;;) {
    const step = climb({
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
