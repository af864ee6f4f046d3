import type { Chance } from './chance.ts';

/** What one attack of reference/verification.md §4 was worth. */
export interface AttackRow {
  /** The attack's number there. */
  attack: number;
  name: string;
  tried: string;
  gained: string;
  bound: string;
  /**
   * Whether Pocketgrid does what was tried. A variant that it rejects is shown, and fails nothing.
   */
  built: boolean;
  pass: boolean;
  /** The figure behind `gained`, for machines. */
  value: number;
}

/** What each family is handed: the seeds of the run, and a source of chance for each. */
export interface AttackRun {
  seeds: readonly number[];
  /** Units computed for each strategy that is played, over all seeds. */
  units: number;
  open(seed: number, stream: number): Chance;
}

export const perMille = (share: number): string => `${(share * 1000).toPrecision(3)} ‰`;
export const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
