import type { EpochRecordOf } from '#protocol/records/epoch.ts';
import type { Verdict, VerdictKind } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { FiledVerdict, LogLine } from '../core/state/events.ts';

const LATEST_MAX = 50;

/** What the log page shows of the log: counts of all of it, and the newest lines. */
export interface Tally {
  counts: Record<VerdictKind, number>;
  /** Newest first. */
  latest: FiledVerdict[];
  /** Verdicts that were no match, newest first. */
  caught: FiledVerdict[];
  epochs: { opened: EpochRecordOf<'opened'>; revealed?: EpochRecordOf<'revealed'> }[];
  /** Units whose first run was not what the device claimed, so that a fresh one was made. */
  flagged: number;
  /** Of these, the ones the fresh run did not confirm: our own two runs differed. */
  overturned: number;
  devices: Map<PublicKey, DeviceTally>;
}

/** Verdicts on one device: all, and confirmed failures. */
export interface DeviceTally {
  checked: number;
  failures: number;
}

export const openTally = (): Tally => ({
  counts: { match: 0, mismatch: 0, inconclusive: 0, 'device-unfit': 0 },
  latest: [],
  caught: [],
  epochs: [],
  flagged: 0,
  overturned: 0,
  devices: new Map(),
});

export function tallyLine(tally: Tally, line: LogLine): void {
  switch (line.type) {
    case 'verdict':
      tally.counts[line.signed.verdict.kind] += 1;
      countVerdict(tally, line.signed.verdict);
      pushNewest(tally.latest, line);
      if (line.signed.verdict.kind !== 'match') pushNewest(tally.caught, line);
      return;
    case 'epoch': {
      const { record } = line.signed;
      if (record.type === 'opened') return pushNewest(tally.epochs, { opened: record });
      const epoch = tally.epochs.find(({ opened }) => opened.epoch === record.epoch);
      if (epoch !== undefined && record.type === 'revealed') epoch.revealed = record;
    }
  }
}

function countVerdict(tally: Tally, { kind, runs, device }: Verdict): void {
  if (runs > 1) tally.flagged += 1;
  if (runs > 1 && kind === 'inconclusive') tally.overturned += 1;
  const known = tally.devices.get(device) ?? { checked: 0, failures: 0 };
  known.checked += 1;
  if (kind === 'mismatch') known.failures += 1;
  tally.devices.set(device, known);
}

function pushNewest<T>(list: T[], item: T): void {
  list.unshift(item);
  if (list.length > LATEST_MAX) list.length = LATEST_MAX;
}
