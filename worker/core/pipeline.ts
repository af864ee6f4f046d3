import { decodeBase64, encodeBase64 } from '#protocol/bytes/base64.ts';
import { concatBytes, digest, digestCommitment, sha256 } from '#protocol/bytes/digest.ts';
import { unitsBehind } from '#protocol/checks/check-policy.ts';
import { projectionSeed } from '#protocol/checks/fingerprint.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import type { Lease } from '#protocol/records/records.ts';
import type { Digest, LeaseId, Signature } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Refusal, RefusalCode } from '#protocol/values/refusal.ts';
import { after, millis } from '#protocol/values/units.ts';
import { requeueAdmission } from './admission.ts';
import { failed } from './admission-end.ts';
import { failAdmissionFetch } from './admission-fetches.ts';
import { noteRun, noteTraffic } from './care/care.ts';
import { countRun, ensureEngine, isWornOut, stopEngines } from './engine.ts';
import type { ContributorEvent, FetchId } from './events.ts';
import { noteAccepted } from './history.ts';
import { kindOf } from './kinds/kind-of.ts';
import { dropMemoryTrial } from './memory-trial.ts';
import { isUnwanted, type Shard, send, type Turn } from './state.ts';

/** One shard computes, the next is at hand. */
const SHARDS_MAX = 2;
const RETRY_MS = 5_000;
const RECENT_MAX = 200;
export const UNCOMMITTED: readonly Shard['stage'][] = ['fetching', 'fetched', 'running', 'signing'];

/** Takes a lease. After a lost link the hub tells of those it knows of once more. */
export function receiveLease(
  turn: Turn,
  { lease, units }: Extract<HubMessage, { type: 'lease' }>,
): void {
  const { device, world, effects } = turn;
  if (device.shards.some((shard) => shard.lease.id === lease.id)) return;
  device.requested = Math.max(0, device.requested - 1);
  delete device.idle;
  const digests = decodeBase64(lease.inputs.digests);
  const known = device.packages.get(lease.package)?.admission !== undefined;
  const room = device.shards.length < SHARDS_MAX;
  const unwanted = isUnwanted(device, lease.job);
  const isOpen = device.hold === undefined && device.finishing === undefined && !unwanted;
  if (!isOpen || !known || !room || !digests.ok) {
    const reason = unwanted ? why('blocked', {}) : whyNot(turn, { known, room });
    send(turn, { type: 'give-back', lease: lease.id, reason });
    return;
  }
  const deadlineAt = after(world.now, lease.deadlineMs);
  const shard = { lease, deadlineAt, unitsDone: 0, computeMs: millis(0) };
  const inputs = units === undefined ? undefined : readUnits(units, lease);
  if (inputs !== undefined) {
    device.shards.push({ ...shard, stage: 'fetched', inputs });
    return;
  }
  const fetch = device.nextId++;
  const { root, length, offset, unitBytes } = lease.inputs;
  device.shards.push({ ...shard, stage: 'fetching', fetch });
  effects.push({
    type: 'fetch',
    fetch,
    target: { kind: 'units', root, length, offset, unitBytes, digests: digests.value },
    wantBytes: true,
  });
}

/** Units that came along with a lease; undefined where they are not those that it names. */
function readUnits(
  text: string,
  { inputs: { unitBytes, digests }, unitCount }: Lease,
): Uint8Array<ArrayBuffer> | undefined {
  const units = decodeBase64(text);
  if (!units.ok || units.value.length !== unitCount * unitBytes) return undefined;
  const hashes = Array.from({ length: unitCount }, (_, unit) =>
    sha256(units.value.subarray(unit * unitBytes, (unit + 1) * unitBytes)),
  );
  return encodeBase64(concatBytes(...hashes)) === digests ? units.value : undefined;
}

function whyNot({ device }: Turn, { known, room }: { known: boolean; room: boolean }): Reason {
  if (device.hold !== undefined) return device.visible ? why('stopped', {}) : device.hold.reason;
  if (device.finishing !== undefined) return why('stopped', {});
  if (!known) return why('not-admitted', {});
  return room ? why('lease-unreadable', {}) : why('shards-held', { shards: SHARDS_MAX });
}

export function finishFetch(
  turn: Turn,
  event: Extract<ContributorEvent, { type: 'fetched' }>,
): void {
  const shard = turn.device.shards.find(({ fetch }) => fetch === event.fetch);
  if (shard?.stage !== 'fetching' || event.bytes === undefined) return;
  shard.stage = 'fetched';
  shard.inputs = event.bytes;
  noteTraffic(turn.device.care, event.bytes.length, turn.world.now);
}

export function failFetch(turn: Turn, fetch: FetchId, refusal: Refusal): void {
  if (failAdmissionFetch(turn, fetch, refusal)) return;
  const shard = turn.device.shards.find((each) => each.fetch === fetch);
  if (shard?.stage !== 'fetching') return;
  send(turn, { type: 'give-back', lease: shard.lease.id, reason: failed(refusal) });
  removeShard(turn, shard);
}

/** What can be done now is done: load, run, ask for more. */
export function drive(turn: Turn): void {
  const { device } = turn;
  if (device.hold !== undefined || device.care.restsUntil > turn.world.now) return;
  runShards(turn);
  requestMore(turn);
}

function runShards(turn: Turn): void {
  const { device, effects } = turn;
  const next = device.shards.find(({ stage }) => stage === 'fetched' || stage === 'fetching');
  if (next === undefined) return;
  const running = device.shards.some(({ stage }) => stage === 'running');
  if (device.engine?.package !== next.lease.package && !running) {
    ensureEngine(turn, next.lease.package);
  }
  const { engine } = device;
  if (engine?.stage !== 'ready') return;
  const rests = device.care.policy.duty < 100;
  for (const shard of device.shards) {
    if (shard.stage !== 'fetched' || shard.lease.package !== engine.package) continue;
    if (rests && device.shards.some(({ stage }) => stage === 'running')) return;
    if (shard.inputs === undefined || isWornOut(turn)) continue;
    shard.stage = 'running';
    shard.run = device.nextId++;
    const { unitCount } = shard.lease;
    const { worker } = engine;
    effects.push({ type: 'run', worker, run: shard.run, unitCount, inputs: shard.inputs });
    delete shard.inputs;
  }
}

/** A request for the next shard goes out when this one starts to compute. */
function requestMore(turn: Turn): void {
  const { device } = turn;
  if (device.link.name !== 'ready' || device.admission !== undefined) return;
  if (device.finishing !== undefined) return;
  const computing = device.shards.some(({ stage }) => stage === 'running');
  // A device that rests after each shard has no use for the next one yet.
  const wanted = computing && device.care.policy.duty === 100 ? SHARDS_MAX : 1;
  const busy = device.shards.filter(({ stage }) => stage !== 'revealed').length;
  while (busy + device.requested < wanted) {
    if (!send(turn, { type: 'request' })) return;
    device.requested += 1;
  }
}

export function finishRun(turn: Turn, event: Extract<ContributorEvent, { type: 'ran' }>): void {
  const { device, world, effects } = turn;
  if (device.engine?.worker !== event.worker) return;
  const { provider, threads } = device.engine;
  const shard = device.shards.find(({ run }) => run === event.run);
  if (shard?.stage === 'running') {
    const salt = world.random();
    shard.stage = 'signing';
    shard.salt = salt;
    shard.outputs = event.bytes;
    shard.computeMs = event.computeMs;
    shard.unitsDone = shard.lease.unitCount;
    noteRun(device.care, {
      ...{ package: shard.lease.package, units: shard.lease.unitCount, provider, threads },
      ...{ ms: event.computeMs, at: world.now },
    });
    if (event.taps !== undefined) {
      const { bytes, digests } = event.taps;
      shard.inside = { stage: 'taps', digest: digest(digests), bytes };
    }
    shard.commitment = digestCommitment({
      lease: shard.lease.id,
      device: device.config.key,
      salt,
      digests: event.digests,
      taps: shard.inside?.digest,
    });
    const token = device.nextId++;
    const { commitment } = shard;
    const record = { lease: shard.lease.id, device: device.config.key, commitment };
    device.signing.set(token, { type: 'commit', lease: shard.lease.id, record });
    effects.push({ type: 'sign', token, context: 'commitment', record });
  }
  countRun(turn);
}

export function commitSigned(turn: Turn, id: LeaseId, signature: Signature): void {
  const shard = findShard(turn, id);
  if (shard?.stage !== 'signing') return;
  shard.stage = 'committed';
  shard.signature = signature;
  sendCommit(turn, shard);
}

export function sendCommit(turn: Turn, shard: Shard): void {
  const { commitment, signature, lease } = shard;
  if (commitment === undefined || signature === undefined) return;
  send(turn, { type: 'commit', lease: lease.id, commitment, signature });
}

export function receiveLogged(
  turn: Turn,
  { lease, signature }: Extract<HubMessage, { type: 'logged' }>,
): void {
  const shard = findShard(turn, lease);
  if (shard === undefined || UNCOMMITTED.includes(shard.stage)) return;
  shard.stage = 'revealed';
  takeFingerprints(turn, shard, signature);
  sendReveal(turn, shard);
}

/** The log entry's signature gives the projection; the taps themselves are needed no more. */
function takeFingerprints(turn: Turn, shard: Shard, logSignature: Signature): void {
  const { inside, commitment, lease } = shard;
  const manifest = turn.device.packages.get(lease.package)?.manifest;
  if (inside?.stage !== 'taps' || commitment === undefined || manifest === undefined) return;
  const taps = { bytes: inside.bytes, unitCount: lease.unitCount };
  const seed = projectionSeed(logSignature, commitment);
  const bytes = kindOf(manifest).projectInside(manifest, taps, seed);
  shard.inside = { stage: 'fingerprints', digest: inside.digest, bytes };
}

export function sendReveal(turn: Turn, shard: Shard): void {
  const { link } = turn.device;
  const { salt, outputs, inside, computeMs, lease } = shard;
  if (link.name !== 'ready' || salt === undefined || outputs === undefined) return;
  link.sentAt = turn.world.now;
  const taps = inside === undefined ? {} : { taps: inside.digest };
  const payload = inside === undefined ? outputs : concatBytes(outputs, inside.bytes);
  noteTraffic(turn.device.care, payload.length, turn.world.now);
  const head = { type: 'reveal' as const, reveal: { lease: lease.id, salt, ...taps, computeMs } };
  turn.effects.push({ type: 'send-frame', socket: link.socket, head, payload });
}

export function receiveAccepted(
  turn: Turn,
  { lease, units, ...counted }: Extract<HubMessage, { type: 'accepted' }>,
): void {
  const { device, world } = turn;
  const shard = findShard(turn, lease);
  if (shard === undefined) return;
  device.standing = { package: shard.lease.package, units: unitsBehind(counted) + units };
  device.counts.unitsAccepted += units;
  device.counts.shardsAccepted += 1;
  device.recent.push({ at: world.now, units });
  if (device.recent.length > RECENT_MAX) device.recent.shift();
  noteAccepted(turn, shard, units);
  removeShard(turn, shard);
}

/** After a new welcome: what was under way is said again; the hub declines what it has ended. */
export function resendShards(turn: Turn): void {
  for (const shard of turn.device.shards) {
    if (shard.stage === 'committed') sendCommit(turn, shard);
    else if (shard.stage === 'revealed') sendReveal(turn, shard);
  }
}

/** The hub turned down one message on a shard: a full disk may pass, all else ends it. */
export function retryShard(turn: Turn, id: LeaseId, code: RefusalCode): void {
  const shard = findShard(turn, id);
  if (shard === undefined) return;
  if (code !== 'disk-full' && code !== 'storage-failed') return removeShard(turn, shard);
  shard.retryAt = after(turn.world.now, millis(RETRY_MS));
}

export function dropShard(turn: Turn, id: LeaseId): void {
  const shard = findShard(turn, id);
  if (shard !== undefined) removeShard(turn, shard);
}

export function removeShard(turn: Turn, shard: Shard): void {
  const { device, effects } = turn;
  device.shards = device.shards.filter((other) => other !== shard);
  if (shard.stage === 'fetching' && shard.fetch !== undefined) {
    effects.push({ type: 'cancel-fetch', fetch: shard.fetch });
  }
}

const findShard = (turn: Turn, id: LeaseId): Shard | undefined =>
  turn.device.shards.find(({ lease }) => lease.id === id);

/** Gives back what is in these stages and frees the compute workers; what is committed goes on. */
export function pause(turn: Turn, reason: Reason, stages = UNCOMMITTED): void {
  for (const shard of turn.device.shards.filter(({ stage }) => stages.includes(stage))) {
    send(turn, { type: 'give-back', lease: shard.lease.id, reason });
    removeShard(turn, shard);
  }
  requeueAdmission(turn);
  dropMemoryTrial(turn);
  stopEngines(turn);
}

/**
 * The compute worker broke. The shard that it ran is told as failed, in the unit that is named or
 * one of those not done; all others go back.
 */
export function failShards(
  turn: Turn,
  id: Digest,
  { refusal, unit }: { refusal: Refusal; unit?: number | undefined },
): void {
  const own = turn.device.shards.filter(({ lease }) => lease.package === id);
  const [ran] = own.filter(({ stage }) => stage === 'running').sort(byRun);
  if (ran !== undefined) failShard(turn, ran, { refusal, unit });
  for (const shard of own) {
    if (shard === ran || !UNCOMMITTED.includes(shard.stage) || shard.stage === 'signing') continue;
    send(turn, { type: 'give-back', lease: shard.lease.id, reason: failed(refusal) });
    removeShard(turn, shard);
  }
}

const byRun = (a: Shard, b: Shard): number => (a.run ?? 0) - (b.run ?? 0);

/** Says that a unit of a shard failed, or one of those not done; the shard goes back. */
export function failShard(
  turn: Turn,
  shard: Shard,
  { refusal, unit }: { refusal: Refusal; unit?: number | undefined },
): void {
  const { id, firstUnit, unitCount } = shard.lease;
  const done = Math.min(unit ?? shard.unitsDone, unitCount - 1);
  const units = unit === undefined ? unitCount - done : 1;
  send(turn, { type: 'unit-failed', lease: id, unit: firstUnit + done, units, refusal });
  removeShard(turn, shard);
}
