import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import { type CarePolicy, type DeviceSignals, SHORT_PAUSE_MS } from '#protocol/messages/care.ts';
import { type HubMessage, PROTOCOL_VERSION } from '#protocol/messages/control.ts';
import type { Digest, LeaseId, PublicKey } from '#protocol/values/ids.ts';
import type { Reason } from '#protocol/values/reason.ts';
import { bytes, type Instant, instant, millis } from '#protocol/values/units.ts';
import {
  type Contributor,
  openContributor,
  stepContributor,
} from '../../worker/core/contributor.ts';
import type { ContributorEffect, ContributorEvent } from '../../worker/core/events.ts';
import { fakeConfig } from '../../worker/core/fake-config.ts';
import { ANSWER, LEASE, MANIFEST, NONCE, PACKAGE, SIGNED } from '../../worker/core/fake-world.ts';
import { openPhone, type Phone, speedOf, stepPhone } from './battery.ts';
import { EVENING, eveningAt } from './evening.ts';

const STEP_MS = 500;
/** Of the model: what the hub aims a shard at, and what one unit takes on a cool phone. */
const [SHARD_MS, UNIT_MS] = [4_000, 20];
const MODEL_BYTES = 23_000_000;
const UNIT_BYTES = 3_000;

/** What a preset does to a phone in a night. */
export interface Night {
  units: number;
  computedMinutes: number;
  /** The least charge on battery while it computed. */
  leastAtWork: number;
  leastCharge: number;
  endCharge: number;
  peakCelsius: number;
  mebibytes: number;
  /** Minutes of each reason for a pause. */
  paused: Partial<Record<Reason['code'], number>>;
}

interface World {
  device: Contributor;
  phone: Phone;
  now: Instant;
  socket: number;
  threads: number;
  /** The shard that is computed: what is left of it, on a cool phone, and since when. */
  run?: { worker: number; run: number; leftMs: number; since: Instant };
  /** Requests that were not answered yet. */
  asked: number;
  isAdmitted: boolean;
  leases: number;
  units: number;
  mebibytes: number;
}

/** Lets a phone with this policy lie about for a night, always with work at hand. */
export function runNight(policy: CarePolicy): Night {
  const signals = signalsAt(EVENING.from, openPhone(70));
  const threads = Math.min(4, policy.threads);
  const world: World = {
    device: openContributor(fakeConfig({ care: policy, signals })),
    phone: openPhone(70),
    ...{ now: EVENING.from, socket: 0, threads, leases: 0, units: 0, mebibytes: 0 },
    ...{ asked: 0, isAdmitted: false },
  };
  const night: Night = {
    ...{
      units: 0,
      computedMinutes: 0,
      leastAtWork: 100,
      leastCharge: 0,
      endCharge: 0,
      peakCelsius: 0,
      mebibytes: 0,
    },
    paused: {},
  };
  post(world, { type: 'start' });
  const steps = (EVENING.hours * 3_600_000) / STEP_MS;
  for (let step = 0; step < steps; step += 1) {
    const isComputing = world.run !== undefined;
    live(world);
    const { hold } = world.device;
    const minutes = STEP_MS / 60_000;
    if (isComputing) night.computedMinutes += minutes;
    if (isComputing && !eveningAt(world.now).isPlugged) {
      night.leastAtWork = Math.min(night.leastAtWork, world.phone.charge);
    }
    if (hold === undefined) continue;
    const { code } = hold.reason;
    night.paused[code] = (night.paused[code] ?? 0) + minutes;
  }
  const { charge, leastCharge, peakCelsius } = world.phone;
  const { units, mebibytes } = world;
  return { ...night, units, leastCharge, endCharge: charge, peakCelsius, mebibytes };
}

function live(world: World): void {
  const { phone, threads } = world;
  const { isPlugged, isUsed } = eveningAt(world.now);
  const isComputing = world.run !== undefined;
  const { hold } = world.device;
  const isScreenOn = isUsed || hold === undefined || isShort(hold.until, world.now);
  const seconds = STEP_MS / 1_000;
  stepPhone(phone, { isPlugged, isUsed, isScreenOn, isComputing, threads, seconds });
  world.now = instant(world.now + STEP_MS);
  post(world, { type: 'signals', signals: signalsAt(world.now, phone) });
  post(world, { type: 'tick' });
  for (; world.isAdmitted && world.asked > 0; world.asked -= 1) lend(world);
  if (world.run === undefined) return;
  // Four threads are not four times as fast.
  world.run.leftMs -= STEP_MS * speedOf(phone) * (threads === 1 ? 0.4 : 1);
  if (world.run.leftMs > 0) return;
  const { worker, run, since } = world.run;
  delete world.run;
  const ran = { bytes: ANSWER.slice(), digests: new Uint8Array(32) };
  post(world, { type: 'ran', worker, run, ...ran, computeMs: millis(world.now - since) });
}

/** As the page has it: it keeps the screen on for pauses that end soon. */
const isShort = (until: number | undefined, now: number): boolean =>
  until !== undefined && until - now < SHORT_PAUSE_MS;

function signalsAt(now: Instant, phone: Phone): DeviceSignals {
  const { isPlugged, isUsed, line } = eveningAt(now);
  return {
    battery: { level: phone.charge, charging: isPlugged },
    ...{ line, savesData: false, said: { charging: false, wifi: false }, utcOffset: 0 },
    ...(isUsed && { usedAt: now }),
  };
}

function post(world: World, event: ContributorEvent): void {
  const chance = { now: world.now, random: () => NONCE };
  for (const effect of stepContributor(world.device, event, chance)) perform(world, effect);
}

function hear(world: World, message: HubMessage): void {
  post(world, { type: 'received', socket: world.socket, message });
}

/** A hub that always has work, and a line that brings all at once. */
function perform(world: World, effect: ContributorEffect): void {
  switch (effect.type) {
    case 'connect': {
      world.socket = effect.socket;
      const hub = 'aa'.repeat(32) as PublicKey;
      return hear(world, { type: 'challenge', versions: [PROTOCOL_VERSION], nonce: NONCE, hub });
    }
    case 'sign':
      return post(world, { type: 'signed', token: effect.token, signature: SIGNED });
    case 'remember':
      return post(world, { type: 'remembered', token: effect.token });
    case 'load':
      return post(world, { type: 'loaded', worker: effect.worker });
    case 'terminate':
      if (world.run?.worker === effect.worker) delete world.run;
      return;
    case 'fetch':
      return bring(world, effect);
    case 'run':
      return compute(world, effect);
    case 'send':
      return answer(world, effect.message);
    case 'send-frame':
      return accept(world, effect);
    default:
      return;
  }
}

function bring(world: World, { fetch, target, wantBytes }: ContributorEffect & { type: 'fetch' }) {
  const isModel = target.kind === 'blob' && !wantBytes;
  if (isModel && world.mebibytes === 0) {
    const received = bytes(MODEL_BYTES);
    world.mebibytes += MODEL_BYTES / 2 ** 20;
    post(world, {
      type: 'fetch-progress',
      fetch,
      received,
      overPeers: bytes(0),
      overHttps: received,
    });
  }
  const length = target.kind === 'units' ? target.digests.length / 32 : 1;
  const data = target.kind === 'units' ? new Uint8Array(length * UNIT_BYTES) : ANSWER.slice();
  world.mebibytes += target.kind === 'units' ? data.length / 2 ** 20 : 0;
  post(world, { type: 'fetched', fetch, ...(wantBytes && { bytes: data }) });
}

function compute(world: World, { worker, run, unitCount }: ContributorEffect & { type: 'run' }) {
  if (world.device.admission === undefined) {
    world.run = { worker, run, leftMs: unitCount * UNIT_MS, since: world.now };
    return;
  }
  const computeMs = millis(UNIT_MS / (world.threads === 1 ? 0.4 : 1));
  const ran = { bytes: ANSWER.slice(), digests: new Uint8Array(32) };
  post(world, { type: 'ran', worker, run, ...ran, computeMs });
}

function answer(world: World, message: (ContributorEffect & { type: 'send' })['message']): void {
  switch (message.type) {
    case 'hello': {
      const grid = { ticket: 't', iceServers: [], checks: CHECK_POLICY_DEFAULT };
      const [now, beatMs] = [world.now, millis(20_000)];
      hear(world, { type: 'welcome', proof: SIGNED, now, beatMs, ...grid });
      return hear(world, { type: 'admit', id: PACKAGE, job: LEASE.job, manifest: MANIFEST });
    }
    case 'request':
      world.asked += 1;
      return;
    case 'admitted':
      world.isAdmitted = true;
      return;
    case 'commit':
      return hear(world, log(message.lease, world.now));
    default:
      return;
  }
}

function log(lease: LeaseId, at: Instant): HubMessage {
  const entry = { index: 0, commitment: '00'.repeat(32) as Digest, at };
  return { type: 'logged', lease, entry, signature: SIGNED };
}

function lend(world: World): void {
  world.leases += 1;
  const unitMs = UNIT_MS / (world.threads === 1 ? 0.4 : 1);
  const unitCount = Math.round(SHARD_MS / unitMs);
  const id = world.leases.toString(16).padStart(32, '0') as LeaseId;
  const digests = encodeBase64(new Uint8Array(32 * unitCount));
  const inputs = { ...LEASE.inputs, digests };
  hear(world, { type: 'lease', lease: { ...LEASE, id, unitCount, inputs } });
}

function accept(world: World, { head }: ContributorEffect & { type: 'send-frame' }): void {
  if (head.type !== 'reveal') return;
  const { lease } = head.reveal;
  const units = world.device.shards.find((shard) => shard.lease.id === lease)?.lease.unitCount ?? 0;
  const counted = { workBefore: world.units, unitCost: 1 };
  world.units += units;
  hear(world, { type: 'accepted', lease, units, ...counted } as HubMessage);
}
