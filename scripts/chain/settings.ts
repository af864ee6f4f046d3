import type { PoolSettings } from './pool.ts';

type Times = Omit<PoolSettings, 'program' | 'verifiers' | 'quorum'>;

const HOUR = 3_600n;
const DAY = 24n * HOUR;

/** On a development chain: lamports are worth nothing there, and nobody wants to wait. */
export const LOCAL_TIMES: Times = {
  challengeSecs: 2n,
  graceSecs: 20n,
  timelockSecs: 1n,
  deadManSecs: 14n * DAY,
  unbondSecs: DAY,
  periodCap: 1_000_000_000_000n,
};

/** On any other cluster: six hours to look at a root, and a day for a refund to be due. */
export const CLUSTER_TIMES: Times = {
  challengeSecs: 6n * HOUR,
  graceSecs: 26n * HOUR,
  timelockSecs: 2n * DAY,
  deadManSecs: 14n * DAY,
  unbondSecs: 4n * DAY,
  periodCap: 100_000_000_000n,
};
