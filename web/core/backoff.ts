export const BACKOFF_MS = { first: 500, max: 15_000 } as const;

/** How long to wait before try number `attempt`, from 0: doubling, half of it by chance. */
export const backoffMs = (attempt: number, chance: number): number =>
  Math.min(BACKOFF_MS.max, BACKOFF_MS.first * 2 ** Math.min(attempt, 10)) * (1 - chance / 2);
