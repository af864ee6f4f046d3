import type { DevicePhase, DeviceStatus } from '#protocol/messages/device.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { between, bytes, type Instant } from '#protocol/values/units.ts';
import { describeRuntime, viewRuntime } from './runtime.ts';
import type { Contributor, Turn } from './state.ts';

const SPEED_WINDOW_MS = 30_000;
/** Phases and sentences change seldom; counters are told with the tick. */
interface Where {
  phase: DevicePhase;
  reason: Reason;
  /** When it goes on by itself, where that is known. */
  nextAt?: Instant | undefined;
}

/** Tells who watches where the device stands: at once on a change, else with each tick. */
export function tellStatus(turn: Turn, counters: boolean): void {
  const { device, world, effects } = turn;
  const where = locate(turn);
  if (where.phase !== device.phase) {
    device.phase = where.phase;
    device.phaseSince = world.now;
  }
  const { phase: said, reason: because } = where;
  const name = JSON.stringify([said, because]);
  if (name === device.said && !counters) return;
  const status = viewStatus(turn, where);
  device.said = name;
  effects.push({ type: 'status', status });
}

function locate(turn: Turn): Where {
  const { device, world } = turn;
  const { link } = device;
  if (!device.running) return { phase: 'off', reason: device.ended ?? why('off', {}) };
  switch (link.name) {
    case 'refused':
      return { phase: 'refused', reason: why('refused', { text: link.refusal.message }) };
    case 'waiting': {
      const seconds = Math.ceil(between(world.now, link.until) / 1000);
      const reason = why('reconnecting', { text: link.reason, seconds });
      return { phase: 'waiting', reason, nextAt: link.until };
    }
    case 'connecting':
      return { phase: 'connecting', reason: why('greeting', {}) };
    case 'off':
      return { phase: 'off', reason: why('off', {}) };
    case 'ready':
      return locateWork(device, world.now);
  }
}

function locateWork(device: Contributor, now: Instant): Where {
  const { admission, engine, shards } = device;
  if (device.hold !== undefined) {
    return { phase: 'paused', reason: device.hold.reason, nextAt: device.hold.until };
  }
  if (admission?.stage === 'fetching') {
    return {
      phase: 'downloading',
      reason: why('fetching-model', { model: admission.manifest.name }),
    };
  }
  if (admission?.retryAt !== undefined && admission.stage === 'queued') {
    return { phase: 'downloading', reason: device.idle ?? why('awaiting-work', {}) };
  }
  if (admission?.stage === 'awaiting-runtime') {
    return { phase: 'downloading', reason: describeRuntime(device) };
  }
  if (admission?.stage === 'trying') {
    const { manifest, trial } = admission;
    const on = trial === undefined ? {} : { provider: trial.provider };
    return { phase: 'admitting', reason: why('testing', { model: manifest.name, ...on }) };
  }
  const first = shards.find(({ stage }) => stage === 'running') ?? shards[0];
  const { restsUntil, policy } = device.care;
  if (first?.stage !== 'running' && restsUntil > now) {
    return { phase: 'working', reason: why('resting', { duty: policy.duty }), nextAt: restsUntil };
  }
  if (first === undefined) {
    return { phase: 'idle', reason: device.idle ?? why('awaiting-work', {}) };
  }
  const model = device.packages.get(first.lease.package)?.manifest.name ?? 'a model';
  if (first.stage === 'fetching')
    return { phase: 'working', reason: why('fetching-inputs', { model }) };
  if (engine !== undefined && engine.stage !== 'ready') {
    return { phase: 'working', reason: why('loading', { model, provider: engine.provider }) };
  }
  if (first.stage === 'running' || first.stage === 'fetched') {
    const provider = engine?.provider ?? 'wasm';
    return { phase: 'working', reason: why('computing', { model, provider }) };
  }
  return { phase: 'working', reason: why('handing-in', {}) };
}

function viewStatus(turn: Turn, { phase, reason, nextAt }: Where): DeviceStatus {
  const { device } = turn;
  const shard = device.shards.find(({ stage }) => stage === 'running') ?? device.shards[0];
  const id = shard?.lease.package ?? device.engine?.package ?? device.admission?.package;
  const known = id === undefined ? undefined : device.packages.get(id);
  const admission = known?.admission ?? lastAdmission(device);
  const model = known?.manifest.name;
  const { counts, download } = device;
  const job = shard?.lease.job ?? device.admission?.job;
  const about = job === undefined ? undefined : device.abouts.get(job);
  return {
    phase,
    reason,
    key: device.config.key,
    since: device.phaseSince,
    ...(nextAt !== undefined && { nextAt }),
    bytesToday: device.care.today.bytes,
    ...(model === undefined ? {} : { model }),
    ...(download === undefined ? {} : { download }),
    ...viewRuntime(device),
    ...(shard === undefined
      ? {}
      : {
          shard: {
            job: shard.lease.job,
            unitsDone: shard.unitsDone,
            units: shard.lease.unitCount,
          },
        }),
    ...(about === undefined ? {} : { about }),
    ...(admission === undefined
      ? {}
      : {
          provider: admission.provider,
          threads: admission.threads,
          unitMs: admission.unitMs,
        }),
    trials: device.trials,
    unitsAccepted: counts.unitsAccepted,
    shardsAccepted: counts.shardsAccepted,
    unitsChecked: counts.unitsChecked,
    unitsMismatched: counts.unitsMismatched,
    ...speed(turn),
    ...viewChecks(device),
    verdicts: device.verdicts,
    served: bytes(counts.served),
    ...(counts.kept === undefined ? {} : { kept: bytes(counts.kept) }),
    ...(device.config.isKept ? {} : { isUnkept: true as const }),
    ...(device.link.name === 'refused' ? { refusal: device.link.refusal } : {}),
  };
}

function viewChecks({ checks, standing, packages }: Contributor): Pick<DeviceStatus, 'checks'> {
  if (checks === undefined || standing === undefined) return {};
  const model = packages.get(standing.package)?.manifest.name ?? 'this model';
  return { checks: { policy: checks, units: standing.units, model } };
}

/** Units accepted per second over the last half minute, once there are two shards to measure by. */
function speed(turn: Turn): Pick<DeviceStatus, 'unitsPerSecond'> {
  const { device, world } = turn;
  const recent = device.recent.filter(({ at }) => between(at, world.now) <= SPEED_WINDOW_MS);
  const [first, ...rest] = recent;
  if (first === undefined || rest.length === 0) return {};
  const spanMs = Math.max(1, between(first.at, world.now));
  return { unitsPerSecond: (rest.reduce((sum, { units }) => sum + units, 0) / spanMs) * 1000 };
}

/** Of the model that was admitted last; one that is still being tested says nothing yet. */
const lastAdmission = ({ packages }: Contributor) =>
  [...packages.values()].findLast(({ admission }) => admission !== undefined)?.admission;
