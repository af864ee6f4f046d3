import type { PublicKey } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { after, type Instant, millis } from '#protocol/values/units.ts';
import type { CommittedShard, Fact } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import type { ActiveLease } from '../state/job.ts';
import { countUnderway, nameOf } from '../state/underway.ts';
import { store, type Turn } from '../turn.ts';
import { recordOf } from './device-record.ts';

/**
 * A device that commits and never reveals has failed a unit (reference/verification.md §3.2, step
 * 3). A closed tab does that too, once: it is the third time, and every third after it, that costs
 * all trust and a pause.
 */
const UNREVEALED_A_RESET = 3;
const PAUSE_MS = millis(300_000);
/** Ended leases whose reason is still known to a device that speaks of them late. */
const ENDED_MAX = 16_384;

/** Writes down that the commitment of a lease, if it has one, is never opened. */
export function giveUp(turn: Turn, active: ActiveLease, atFault: boolean): void {
  const { committed, device } = active;
  if (committed === undefined) return;
  const { deviceRecords, underway } = turn.hub;
  const before =
    (deviceRecords.get(device)?.unrevealed ?? 0) +
    countUnderway(underway, nameOf.unrevealed(device));
  // Whether this is the unrevealed commitment that costs the device its trust.
  const resets = atFault && (before + 1) % UNREVEALED_A_RESET === 0;
  store(turn, [neverRevealed(turn, committed, { atFault, resets })]);
}

/** The fact that a commitment is never revealed any more. */
export const neverRevealed = (
  { world }: Turn,
  { entry, shard }: CommittedShard,
  how: { atFault: boolean; resets: boolean },
): Fact => ({
  type: 'unrevealed',
  index: entry.index,
  device: shard.device,
  ...how,
  at: world.now,
});

/** A device is at fault for an unrevealed commitment; `resetAt` where it costs its trust. */
export function countUnrevealed(hub: Hub, device: PublicKey, resetAt?: Instant): void {
  const record = recordOf(hub, device);
  record.unrevealed += 1;
  if (resetAt !== undefined) record.pausedUntil = after(resetAt, PAUSE_MS);
}

/** Why a device gets no shard for now, if that is so. */
export function pauseProblem({ hub, world }: Turn, device: PublicKey): Reason | undefined {
  const record = hub.deviceRecords.get(device);
  if (record?.pausedUntil === undefined || record.pausedUntil <= world.now) return undefined;
  return why('commitments-unrevealed', {
    commitments: record.unrevealed,
    minutes: PAUSE_MS / 60_000,
  });
}

/** Remembers for a while why a lease ended, for the device that speaks of it late. */
export function rememberEnd(
  { ended }: Hub,
  { lease, device }: ActiveLease,
  code: 'lease-expired' | 'unit-already-accepted',
): void {
  ended.set(lease.id, { device, code });
  const oldest = ended.size > ENDED_MAX ? ended.keys().next().value : undefined;
  if (oldest !== undefined) ended.delete(oldest);
}
