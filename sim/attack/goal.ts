/** Shares f of throughput that the adversary offers, and powers d that are reported. */
export const FRACTIONS = [0.01, 0.05, 0.1, 0.2, 0.3, 0.5] as const;
export const POWERS = [0.9, 0.99, 0.999] as const;
/** The adversary and the check of the goals (reference/verification.md §5). */
export const GOAL = { fraction: 0.3, power: 0.999, life: 50_000 } as const;
/** r: share of checkers who spare the adversary, in the question of profit. */
export const COLLUSION = 0.1;
