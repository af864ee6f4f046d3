import { reviewedBy } from '#protocol/records/epoch.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { FiledVerdict, Saved, VerifierEffect } from './state/events.ts';
import type { CheckCounts } from './state/verifier.ts';
import { noteCheck } from './trust/deviations.ts';

/** What a verifier has on disk, in tests and simulations. */
export type FakeDisk = Omit<Saved, 'verdicts' | 'counts'> & {
  verdicts: FiledVerdict[];
  counts: CheckCounts;
};

/** A disk with nothing of a hub on it yet. */
export const emptyDisk = (hub: PublicKey): FakeDisk => ({
  hub,
  judged: -1,
  settled: -1,
  reviewed: 0,
  reviewDrawn: 0,
  lastEpoch: 0,
  epochs: [],
  verdicts: [],
  counts: new Map(),
});

/** Writes what the core wants to be durable. */
export function writeDisk(
  disk: FakeDisk,
  {
    epochs,
    lines,
    marks,
  }: Pick<Extract<VerifierEffect, { type: 'persist' }>, 'epochs' | 'lines' | 'marks'>,
): void {
  if (epochs !== undefined) disk.epochs = epochs;
  for (const line of lines) {
    if (line.type === 'epoch') {
      const { record } = line.signed;
      disk.lastEpoch = Math.max(disk.lastEpoch, record.epoch);
      disk.reviewDrawn = Math.max(disk.reviewDrawn, reviewedBy(record));
    } else {
      const { type: _type, ...filed } = line;
      disk.verdicts.push(filed);
      noteCheck(disk.counts, filed.signed.verdict);
    }
  }
  Object.assign(disk, marks);
}

/** What a start reads: verdicts that the hub has had for long stay on disk. */
export const readDisk = (disk: FakeDisk): Saved => ({
  ...disk,
  verdicts: disk.verdicts.filter(
    ({ sequence, review = 0 }) => sequence > disk.settled || review > disk.reviewed,
  ),
  counts: new Map(disk.counts),
});
