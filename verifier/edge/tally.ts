import type { VerdictKind } from '#protocol/records.ts';
import type { FiledVerdict, LogLine } from '../core/events.ts';

const LATEST_MAX = 50;

type Opened = Extract<LogLine, { type: 'epoch-opened' }>;
type Revealed = Extract<LogLine, { type: 'epoch-revealed' }>;

/** What the log page shows of the log: counts of all of it, and the newest lines. */
export interface Tally {
  counts: Record<VerdictKind, number>;
  /** Newest first. */
  latest: FiledVerdict[];
  /** Verdicts that were no match, newest first. */
  caught: FiledVerdict[];
  epochs: { opened: Opened; revealed?: Revealed }[];
}

export const openTally = (): Tally => ({
  counts: { match: 0, mismatch: 0, inconclusive: 0, 'device-unfit': 0 },
  latest: [],
  caught: [],
  epochs: [],
});

export function tallyLine(tally: Tally, line: LogLine): void {
  switch (line.type) {
    case 'verdict':
      tally.counts[line.signed.verdict.kind] += 1;
      pushNewest(tally.latest, line);
      if (line.signed.verdict.kind !== 'match') pushNewest(tally.caught, line);
      return;
    case 'epoch-opened':
      return pushNewest(tally.epochs, { opened: line });
    case 'epoch-revealed': {
      const epoch = tally.epochs.find(({ opened }) => opened.epoch === line.epoch);
      if (epoch !== undefined) epoch.revealed = line;
    }
  }
}

function pushNewest<T>(list: T[], item: T): void {
  list.unshift(item);
  if (list.length > LATEST_MAX) list.length = LATEST_MAX;
}
