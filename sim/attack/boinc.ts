import type { Chance } from './chance.ts';
import { emptyTally, type Tally } from './expectation.ts';

/** Consecutive valid results below which every job is replicated (`sched_config.h`). */
export const TRUSTED_FROM = 10;

/**
 * Honest until the count of valid replicated results is `from`, then bad at `rate` until caught.
 */
export interface BoincStrategy {
  from: number;
  rate: number;
  /** Chance that a replica lands on an accomplice, who answers the same. */
  accomplice: number;
}

/**
 * BOINC's adaptive replication as its code has it, one job to a request: below ten consecutive
 * valid results every job is replicated, then a host is trusted with probability 1 − 1/CV. CV grows
 * by replicated valid results alone; an invalid one sets it to 0, and the host comes back under a
 * new name. There is no release lag: what is accepted is released. Source:
 * reference/verification.md §1.
 */
export function playBoinc(
  { from, rate, accomplice }: BoincStrategy,
  { units, chance }: { units: number; chance: Chance },
): Tally {
  const total = emptyTally();
  let valid = 0;
  while (total.work < units) {
    const bad = valid >= from && chance.next() < rate;
    const trusted = valid >= TRUSTED_FROM && chance.next() >= 1 / valid;
    total.work += 1;
    if (bad) total.bad += 1;
    if (!trusted) total.runs += 1;
    if (bad && !trusted && chance.next() >= accomplice) {
      valid = 0;
      // The host is honest and right again only under its new name: nothing else is lost.
      continue;
    }
    if (!trusted) valid += 1;
    total.released += 1;
    if (bad) {
      total.badDelivered += 1;
      total.badReleased += 1;
    }
  }
  return total;
}

/** Of its own work, what a churner at full rate gets accepted: (CV − 1) / (n(CV) + CV). */
export function boincChurn(from: number): number {
  let honest = Math.min(from, TRUSTED_FROM);
  for (let valid = TRUSTED_FROM; valid < from; valid += 1) honest += valid;
  return (from - 1) / (honest + from);
}

const FROM = [10, 11, 12, 15, 20, 50, 100];
const RATES = [1, 0.8, 0.5, 0.2, 0.1, 0.02];

/** The worst of a grid of strategies, judged by `worth`. */
export function findWorstBoinc(
  worth: (tally: Tally) => number,
  run: { units: number; accomplice: number; open: () => Chance },
): { strategy: BoincStrategy; tally: Tally; worth: number } {
  const tried = FROM.flatMap((from) =>
    RATES.map((rate) => {
      const strategy = { from, rate, accomplice: run.accomplice };
      const tally = playBoinc(strategy, { units: run.units, chance: run.open() });
      return { strategy, tally, worth: worth(tally) };
    }),
  );
  return tried.reduce((best, each) => (each.worth > best.worth ? each : best));
}

/** Replicas for each unit of an honest host that lives for `life` units. */
export function boincReplicas(life: number, chance: Chance): number {
  let valid = 0;
  let replicas = 0;
  for (let unit = 0; unit < life; unit += 1) {
    if (valid >= TRUSTED_FROM && chance.next() >= 1 / valid) continue;
    replicas += 1;
    valid += 1;
  }
  return replicas / life;
}
