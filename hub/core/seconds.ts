import type { LeaseId, PublicKey } from '#protocol/ids.ts';
import { after, type Instant, millis } from '#protocol/units.ts';
import { unitName } from './disputes.ts';
import { send, type Turn } from './effects.ts';
import { grantLease } from './lease.ts';
import { mayBegin } from './newcomers.ts';
import type { Device, Hub, Job, KeptShard, VerifierSession } from './state.ts';

/**
 * A GPU's unit beyond tolerance may be the fault of the device, or the unit is one that no GPU of its
 * kind gets right. Before it says which, a verifier asks for a second device: one of the same provider,
 * engine and adapter is lent that unit alone. What it delivers is a shard like any, marked `leg: 2`,
 * and no result. Kept in memory only: a verifier asks again after a lost link.
 */
export interface Second {
  first: KeptShard;
  unit: number;
  until: Instant;
  askedBy: Set<PublicKey>;
  lease?: LeaseId;
}

const SECONDS_MAX = 1_024;
const WAIT_MS = millis(60_000);

/** Answers at once where nobody can be asked, or somebody has computed the unit already. */
export function receiveSecond(
  turn: Turn,
  verifier: VerifierSession,
  { lease, unit }: { lease: LeaseId; unit: number },
): void {
  const { hub, world } = turn;
  const name = unitName({ lease, unit });
  const known = hub.seconds.get(name);
  if (known !== undefined) {
    known.askedBy.add(verifier.key);
    return;
  }
  const first = hub.shards.get(lease);
  const job = first === undefined ? undefined : hub.jobs.get(first.job);
  const until = after(world.now, WAIT_MS);
  const answer = (by?: LeaseId): void =>
    send(turn, verifier.socket, {
      type: 'seconded',
      lease,
      unit,
      ...(by === undefined ? {} : { by }),
    });
  if (first === undefined || job === undefined || !isWithin(first, unit)) return answer();
  const other = [...job.shards.values()].find(
    ({ device, class: mark, ...run }) =>
      device !== first.device && mark === first.class && isWithin(run, unit),
  );
  if (other !== undefined) return answer(other.lease);
  const second: Second = { first, unit, until, askedBy: new Set([verifier.key]) };
  if (hub.seconds.size >= SECONDS_MAX || !hasCandidate(hub, second)) return answer();
  hub.seconds.set(name, second);
}

const isWithin = (run: Pick<KeptShard, 'firstUnit' | 'unitCount'>, unit: number): boolean =>
  unit >= run.firstUnit && unit < run.firstUnit + run.unitCount;

const isGoing = ({ state }: Job): boolean => state === 'running' || state === 'finishing';

/** A device of the same class as the first one, which computes this model as it does. */
function isCandidate(hub: Hub, device: Device, { first }: Second): boolean {
  const { key, admitted, unfit } = device;
  const job = hub.jobs.get(first.job);
  if (job === undefined || !isGoing(job)) return false;
  if (first.voided === true || key === first.device || unfit.has(first.package)) return false;
  const admission = admitted.get(first.package);
  return admission !== undefined && admission.class === first.class && mayBegin(hub, key);
}

const hasCandidate = (hub: Hub, second: Second): boolean =>
  [...hub.devices.values()].some((device) => isCandidate(hub, device, second));

/** Lends a device a unit that waits for a second one of its class; says whether it did. */
export function serveSecond(turn: Turn, device: Device): boolean {
  const { hub } = turn;
  for (const second of hub.seconds.values()) {
    if (second.lease !== undefined || !isCandidate(hub, device, second)) continue;
    const job = hub.jobs.get(second.first.job);
    const admission = device.admitted.get(second.first.package);
    if (job === undefined || admission === undefined) continue;
    const lent = { device, admission, first: second.unit, count: 1, leg: 2 } as const;
    const lease = grantLease(turn, job, lent);
    if (lease !== undefined) second.lease = lease;
    return true;
  }
  return false;
}

/** The second device has delivered: verifiers may compare. */
export function answerSecond(turn: Turn, { lease, leg }: KeptShard): void {
  if (leg !== 2) return;
  for (const [name, second] of turn.hub.seconds) {
    if (second.lease === lease) closeSecond(turn, name, lease);
  }
}

/** Its lease ended without a result: another one may try while there is time. */
export function reofferSecond({ seconds }: Hub, lease: LeaseId): void {
  for (const second of seconds.values()) if (second.lease === lease) delete second.lease;
}

/** Nobody came in time, or nobody is there who could. */
export function expireSeconds(turn: Turn): void {
  for (const [name, second] of turn.hub.seconds) {
    const lost = second.lease === undefined && !hasCandidate(turn.hub, second);
    if (lost || second.until <= turn.world.now) closeSecond(turn, name);
  }
}

function closeSecond(turn: Turn, name: string, by?: LeaseId): void {
  const { hub } = turn;
  const second = hub.seconds.get(name);
  hub.seconds.delete(name);
  if (second === undefined) return;
  const { first, unit, askedBy } = second;
  const said = { type: 'seconded', lease: first.lease, unit } as const;
  for (const key of askedBy) {
    const verifier = hub.verifiers.get(key);
    if (verifier === undefined) continue;
    send(turn, verifier.socket, by === undefined ? said : { ...said, by });
  }
}
