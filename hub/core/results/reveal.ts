import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { DIGEST_BYTES, digestCommitment } from '#protocol/bytes/digest.ts';
import { standingName } from '#protocol/checks/check-policy.ts';
import type { AcceptedShard, Reveal } from '#protocol/records/records.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { millis } from '#protocol/values/units.ts';
import { endTwin, revokeLease } from '../leasing/lease.ts';
import type { Device } from '../state/device.ts';
import type { ActiveLease, Job } from '../state/job.ts';
import { isEnding } from '../state/questions.ts';
import { countUnderway, nameOf } from '../state/underway.ts';
import { decline, sendDevice, store, type Turn } from '../turn.ts';
import { isPutOff, ownLease } from './commit.ts';

/** Weight of the newest measurement in a device's speed. */
const SPEED_GAIN = 0.3;

export function receiveReveal(
  turn: Turn,
  device: Device,
  message: { reveal: Reveal; payload: Uint8Array },
): void {
  const { reveal, payload } = message;
  const active = ownLease(turn, device, reveal.lease);
  if (active === undefined || active.stage === 'accepting') return;
  if (isPutOff(turn, device, reveal.lease)) return;
  const job = turn.hub.jobs.get(active.lease.job);
  if (job === undefined) return;
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
  const outputs = payload.subarray(0, unitCount * job.outputUnitBytes);
  const fingerprints = payload.subarray(outputs.length);
  const problem = revealProblem(job, active, message);
  if (problem !== undefined) return revokeLease(turn, active, { ...problem, how: 'failed' });
  const digests = digestOutputs(turn, outputs, { unitCount, unitBytes: job.outputUnitBytes });
  const opened = digestCommitment({
    lease: reveal.lease,
    device: device.key,
    salt: reveal.salt,
    digests,
    taps: reveal.taps,
  });
  if (opened !== active.committed.entry.commitment) {
    const text = 'the outputs and the salt do not open the commitment; the units are open again';
    return revokeLease(turn, active, {
      code: 'commitment-mismatch',
      message: text,
      how: 'failed',
    });
  }
  acceptShard(turn, { device, active, reveal, outputs, fingerprints, digests });
}

/** What is wrong with what was revealed, before its digests are looked at. */
function revealProblem(
  job: Job,
  { lease }: ActiveLease,
  { reveal, payload }: { reveal: Reveal; payload: Uint8Array },
): Refusal | undefined {
  const { outputUnitBytes, fingerprintUnitBytes } = job;
  const length = lease.unitCount * (outputUnitBytes + fingerprintUnitBytes);
  if (payload.length !== length) {
    const message = `expected ${length} bytes for ${lease.unitCount} units, got ${payload.length}`;
    return { code: 'result-shape', message };
  }
  if (fingerprintUnitBytes > 0 !== (reveal.taps !== undefined)) {
    const message =
      fingerprintUnitBytes > 0
        ? 'this package has taps: commit to their digest, and reveal it with the fingerprints'
        : 'this package has no taps: leave `taps` out of commitment and reveal';
    return { code: 'result-shape', message };
  }
  const fingerprints = payload.subarray(lease.unitCount * outputUnitBytes);
  if (!hasNanHalf(fingerprints)) return undefined;
  const message = 'a fingerprint holds NaN, which no projection gives: compute the shard again';
  return { code: 'result-nan', message };
}

function hasNanHalf(halves: Uint8Array): boolean {
  for (let at = 0; at < halves.length; at += 2) {
    const half = (halves[at] ?? 0) | ((halves[at + 1] ?? 0) << 8);
    if ((half & 0x7fff) > 0x7c00) return true;
  }
  return false;
}

function digestOutputs(
  turn: Turn,
  payload: Uint8Array,
  shard: { unitCount: number; unitBytes: number },
): Uint8Array {
  const digests = new Uint8Array(shard.unitCount * DIGEST_BYTES);
  for (let unit = 0; unit < shard.unitCount; unit += 1) {
    const start = unit * shard.unitBytes;
    const unitOutputs = payload.subarray(start, start + shard.unitBytes);
    digests.set(turn.world.sha256(unitOutputs), unit * DIGEST_BYTES);
  }
  return digests;
}

function acceptShard(
  turn: Turn,
  accepted: {
    device: Device;
    active: ActiveLease;
    reveal: Reveal;
    outputs: Uint8Array;
    fingerprints: Uint8Array;
    digests: Uint8Array;
  },
): void {
  const { device, active, reveal, outputs, fingerprints, digests } = accepted;
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
  learnSpeed(device, active, reveal);
  const { hub, world } = turn;
  const { package: id } = active.lease;
  const counted = hub.standings.get(standingName(device.key, id)) ?? 0;
  const shard: AcceptedShard = {
    ...active.committed.shard,
    standing: counted + countUnderway(hub.underway, nameOf.accept(device.key, id)),
    sequence: hub.nextSequence++,
    index: active.committed.entry.index,
    commitment: active.committed.entry.commitment,
    digests: encodeBase64(digests),
    ...(reveal.taps === undefined ? {} : { taps: reveal.taps }),
    at: world.now,
  };
  const { salt, computeMs, taps } = reveal;
  const inside = taps === undefined ? {} : { fingerprints };
  store(turn, [{ type: 'accepted', shard, salt, computeMs, outputs, ...inside }]);
}

function learnSpeed(device: Device, active: ActiveLease, reveal: Reveal): void {
  const admission = device.admitted.get(active.lease.package);
  if (admission === undefined || reveal.computeMs <= 0) return;
  const measured = reveal.computeMs / active.lease.unitCount;
  admission.unitMs = millis(admission.unitMs + SPEED_GAIN * (measured - admission.unitMs));
}
