import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { digestCommitment } from '#protocol/bytes/digest.ts';
import { unitCost } from '#protocol/models/package.ts';
import type { AcceptedShard, Reveal } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { between, millis } from '#protocol/values/units.ts';
import type { Revealed } from '../kinds/kind.ts';
import { kindOf } from '../kinds/kind-of.ts';
import { endTwin, revokeLease } from '../leasing/lease.ts';
import type { Device } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import type { ActiveLease } from '../state/job.ts';
import { isEnding } from '../state/questions.ts';
import { countUnderway, isUnderway, nameOf } from '../state/underway.ts';
import { learnPace } from '../trust/fleet.ts';
import { decline, sendDevice, store, type Turn } from '../turn.ts';
import { isPutOff, ownLease } from './commit.ts';

/** Weight of the newest measurement in a device's speed. */
const SPEED_GAIN = 0.3;
/** As in an admission. */
const UNIT_MS_LEAST = 0.001;

/** Takes the result of a shard: what opens its commitment is accepted when it is on disk. */
export function receiveReveal(
  turn: Turn,
  device: Device,
  message: { reveal: Reveal; payload: Uint8Array },
): void {
  const { reveal } = message;
  const active = ownLease(turn, device, reveal.lease);
  if (active === undefined || active.stage === 'accepting') return;
  if (isPutOff(turn, device, reveal.lease)) return;
  // Its lease ends with the ban that is being written: nothing of it is accepted behind that.
  if (isUnderway(turn.hub.underway, nameOf.ban(device.key))) return;
  const job = turn.hub.jobs.get(active.lease.job);
  if (job?.manifest === undefined) return;
  if (isEnding(turn.hub, job)) {
    const text = 'the job has ended; nothing of it is accepted any more';
    return revokeLease(turn, active, { code: 'job-state', message: text });
  }
  if (active.stage !== 'logged' || active.committed === undefined) {
    const text = 'commit first and reveal after the hub has logged the commitment';
    return decline(turn, device.socket, {
      code: 'commitment-missing',
      message: text,
      lease: reveal.lease,
    });
  }
  const { unitCount } = active.lease;
  const of = { ...message, unitCount };
  const read = kindOf(job).readReveal(job.manifest, of, turn.world.sha256);
  if (!read.ok) return revokeLease(turn, active, { ...read.refusal, how: 'failed' });
  const { lease, salt, taps } = reveal;
  const { digests } = read.value;
  const commitment = { lease, device: device.key, salt, digests, taps };
  const opened = digestCommitment(commitment, turn.world.sha256);
  if (opened !== active.committed.entry.commitment) {
    const text = 'the outputs and the salt do not open the commitment; the units are open again';
    return revokeLease(turn, active, {
      code: 'commitment-mismatch',
      message: text,
      how: 'failed',
    });
  }
  const cost = unitCost(job.manifest);
  acceptShard(turn, { device, active, reveal, revealed: read.value, unitCost: cost });
}

function acceptShard(
  turn: Turn,
  accepted: {
    device: Device;
    active: ActiveLease;
    reveal: Reveal;
    revealed: Revealed;
    unitCost: number;
  },
): void {
  const { device, active, reveal } = accepted;
  if (active.committed === undefined) return;
  const twin = endTwin(turn, active);
  if (twin !== undefined) {
    const message = 'another device delivered these units first';
    sendDevice(turn, twin.device, {
      type: 'revoked',
      lease: twin.lease.id,
      code: 'unit-already-accepted',
      message,
    });
  }
  active.stage = 'accepting';
  const { hub, world } = turn;
  learnSpeed(turn, device, { active, reveal });
  learnRoundTrip(device, between(active.issuedAt, world.now) - reveal.computeMs);
  const { digests, ...kept } = accepted.revealed;
  const shard: AcceptedShard = {
    ...active.committed.shard,
    workBefore: workOf(hub, device.key),
    unitCost: accepted.unitCost,
    sequence: hub.nextSequence++,
    index: active.committed.entry.index,
    commitment: active.committed.entry.commitment,
    digests: encodeBase64(digests),
    ...(reveal.taps === undefined ? {} : { taps: reveal.taps }),
    at: world.now,
  };
  const { salt, computeMs } = reveal;
  store(turn, [{ type: 'accepted', shard, salt, computeMs, ...kept }]);
}

/** Work of a device that is accepted, on disk or on its way there. */
const workOf = ({ deviceRecords, underway }: Hub, device: PublicKey): number =>
  (deviceRecords.get(device)?.standing ?? 0) + countUnderway(underway, nameOf.accept(device));

/** What a shard took beside its computing, on a device that had nothing else to do. */
function learnRoundTrip(device: Device, besideMs: number): void {
  if (device.leases.size > 1) return;
  const known = device.roundTripMs ?? besideMs;
  device.roundTripMs = millis(Math.max(0, known + SPEED_GAIN * (besideMs - known)));
}

/** Phones heat: the speed of a device is measured anew with each shard. */
function learnSpeed(
  { hub }: Turn,
  device: Device,
  { active, reveal }: { active: ActiveLease; reveal: Reveal },
): void {
  const admission = device.admitted.get(active.lease.package);
  if (admission === undefined || reveal.computeMs <= 0) return;
  const measured = reveal.computeMs / active.lease.unitCount;
  const unitMs = admission.unitMs + SPEED_GAIN * (measured - admission.unitMs);
  admission.unitMs = millis(Math.max(unitMs, UNIT_MS_LEAST));
  learnPace(hub, device);
}
