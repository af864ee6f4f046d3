import type { Blocks } from '#protocol/api/about.ts';
import { unitCost } from '#protocol/models/package.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { type Bytes, between, bytes } from '#protocol/values/units.ts';
import { isUnwanted } from '../state/about.ts';
import type { Admission, Device } from '../state/device.ts';
import type { ActiveLease, Flow, Job } from '../state/job.ts';
import { isDisputed, isEnding } from '../state/questions.ts';
import { fitProblem, mayTryAnew } from '../trust/fit.ts';
import { countFleet } from '../trust/fleet.ts';
import { unitsBeforeTrust, unjudgedProblem } from '../trust/in-flight.ts';
import { leaveLine, mayBegin, placeProblem } from '../trust/newcomers.ts';
import { pauseProblem } from '../trust/unrevealed.ts';
import { send, setIdle, type Turn } from '../turn.ts';
import {
  type AdmissionMessage,
  endAdmission,
  endLateAdmission,
  endTrial,
  startAdmission,
  TRIAL_MS,
} from './admit.ts';
import { fleetMs, leadsOf } from './advantage.ts';
import { chargeFlow, rankFlows, weighPay } from './fairness.ts';
import { isAwaited, rankDevices, readyFor, twinAfterMs, wantsDevice } from './lane.ts';
import { hasLate, openLateness, timelyMs } from './late.ts';
import { grantLease, SHARD_MS, type ShardAim, sizeShard } from './lease.ts';
import { flowOf } from './line.ts';
import { nextRun } from './next-run.ts';
import { leastRate, payRate } from './share.ts';
import { holdsSuspect } from './suspects.ts';

/** One shard computes, one is fetched ahead. */
const LEASES_PER_DEVICE = 2;
const CREDITS_MAX = 4;
/** A unit that takes a device no longer is never too slow. */
const SLOW_MS = 2_000;
/** Of a unit, in microseconds: a device that may not begin with this one may begin with none. */
const LEAST_COST = 1;
/** Counts one more open request of a device, and answers it as soon as there is work. */
export function receiveRequest(turn: Turn, device: Device): void {
  if (device.credits >= CREDITS_MAX) {
    const message = `at most ${CREDITS_MAX} requests stay open; wait for a lease before asking again`;
    send(turn, device.socket, { type: 'declined', code: 'message-rate', message });
    return;
  }
  device.credits += 1;
  turn.hub.waiting.add(device.key);
  serveCredits(turn, device);
}

/** Takes how the admission test of a device ended. */
export function receiveAdmission(turn: Turn, device: Device, message: AdmissionMessage): void {
  if (endAdmission(turn, device, message)) serveCredits(turn, device);
}

/** A trial of a device has shown that it has more memory than it said before. */
export function receiveMemory(turn: Turn, device: Device, proven: Bytes): void {
  const memoryBytes = bytes(Math.max(device.capabilities.memoryBytes, proven));
  device.capabilities = { ...device.capabilities, memoryBytes };
  serveCredits(turn, device);
}

/** Takes what a device wants no work of; a trial for such a job ends, and it is served anew. */
export function receiveBlocks(turn: Turn, device: Device, blocks: Blocks): void {
  device.blocks = blocks;
  const job = device.admitting && turn.hub.openJobs.get(device.admitting.job);
  if (job !== undefined && isUnwanted(blocks, job.record)) {
    endTrial(turn, device);
    delete device.admitting;
  }
  serveCredits(turn, device);
}

/** Has `scheduleWaiting` done once for all that is said meanwhile: devices may say it in any number. */
export function scheduleSoon({ hub, effects }: Turn): void {
  if (hub.isScheduleDue) return;
  hub.isScheduleDue = true;
  effects.push({ type: 'schedule' });
}

/** Gives open requests what there is to give, fastest devices first. */
export function scheduleWaiting(turn: Turn): void {
  const { hub } = turn;
  hub.isScheduleDue = false;
  for (const job of hub.openJobs.values()) countFleet(turn, job);
  if (hub.waiting.size === 0) return;
  const waiting = [...hub.waiting].flatMap((key) => hub.devices.get(key) ?? []);
  waiting.sort((a, b) => fastest(a) - fastest(b));
  for (const device of waiting) serveCredits(turn, device);
}

const fastest = (device: Device): number => {
  let best = Infinity;
  for (const { unitMs } of device.admitted.values()) best = Math.min(best, unitMs);
  return best;
};

/** Lends what is open of an open job, and twins of what is late, to devices that are set up for it. */
export function serveOpen(turn: Turn, id: JobId): void {
  const { hub } = turn;
  const job = hub.openJobs.get(id);
  if (job?.state !== 'running') return;
  countFleet(turn, job);
  const waiting = [...hub.waiting].flatMap((key) => hub.devices.get(key) ?? []);
  for (const device of rankDevices(waiting, job)) {
    if (job.open.count === 0 && !hasLate(turn, job)) return;
    serveCredits(turn, device);
  }
}

/** Answers a device's open requests as far as there is work for it. */
export function serveCredits(turn: Turn, device: Device): void {
  const { trouble } = turn.hub;
  if (trouble !== undefined) {
    return setIdle(turn, device, why('hub-degraded', { text: trouble.message }));
  }
  endLateAdmission(turn, device);
  const paused = device.credits > 0 ? pauseProblem(turn, device.key) : undefined;
  if (paused !== undefined) return setIdle(turn, device, paused);
  while (device.credits > 0) {
    if (device.admitting !== undefined) return;
    if (isDisputed(turn.hub, { device: device.key })) {
      return setIdle(turn, device, why('disputed', {}));
    }
    if (device.leases.size >= LEASES_PER_DEVICE) {
      return setIdle(turn, device, why('at-capacity', { shards: device.leases.size }));
    }
    const reason = serveOnce(turn, device);
    if (reason === undefined) continue;
    if (reason.code !== 'newcomers-full' && mayBegin(turn.hub, device.key, LEAST_COST)) {
      leaveLine(turn.hub, device.key);
    }
    return setIdle(turn, device, reason);
  }
}

/** Why there may be no work at all; another reason says more. */
const NO_WORK: readonly Reason['code'][] = ['no-jobs', 'job-in-check'];

/** One lease or one admission; otherwise the reason why there is neither. */
function serveOnce(turn: Turn, device: Device): Reason | undefined {
  const open = [...turn.hub.openJobs.values()];
  const jobs = open.filter(({ record }) => !isUnwanted(device.blocks, record));
  const running = jobs.filter((job) => job.state === 'running' && !isEnding(turn.hub, job));
  const ids = readyFor(turn.hub, device.key);
  const own = running.filter(({ record }) => ids.includes(record.id));
  const reasons = serveRunning(turn, device, own.length > 0 ? own : running);
  if (reasons === undefined) return undefined;
  const [ready] = own;
  if (ready !== undefined) {
    const kept = why('kept-ready', { job: ready.record.name });
    return reasons.find(({ code }) => code !== 'no-units-open') ?? kept;
  }
  const unwanted = open.filter((job) => !jobs.includes(job));
  let best: Reason = noJobs(turn, { jobs, running, unwanted });
  for (const reason of reasons) {
    if (reason.code !== 'no-units-open' || NO_WORK.includes(best.code)) best = reason;
  }
  // Idle devices are tried on quoted jobs, so that the quote rests on measured speeds.
  for (const job of jobs) {
    if (job.state !== 'quoted' || fitProblem(turn.hub, device, job) !== undefined) continue;
    if (job.packageId === undefined || device.admitted.has(job.packageId)) continue;
    if (job.manifest !== undefined && mayBegin(turn.hub, device.key, unitCost(job.manifest))) {
      startAdmission(turn, device, job);
      return undefined;
    }
  }
  return best;
}

interface JobFlow extends Flow {
  job: Job;
}

/**
 * Offers a device the running jobs in the order in which they share devices. Undefined when one of
 * them gave it something to do; else why each did not, in the order in which they were posted.
 */
function serveRunning(turn: Turn, device: Device, running: readonly Job[]): Reason[] | undefined {
  const flows = readFlows(turn, device, running);
  const reasons = new Map<Job, Reason>();
  for (const ranked of rankFlows(turn.hub.fairness, flows)) {
    const given = serveJob(turn, device, ranked.flow.job);
    if (typeof given === 'number') {
      chargeFlow(turn.hub.fairness, { ranked, flows, costMs: given });
      if (device.admitting !== undefined) device.admitting.trial = ranked.flow;
      return undefined;
    }
    reasons.set(ranked.flow.job, given);
  }
  return running.flatMap((job) => reasons.get(job) ?? []);
}

function readFlows({ hub }: Turn, device: Device, running: readonly Job[]): JobFlow[] {
  const leads = leadsOf(hub, device, running);
  const least = leastRate(running);
  return running.map((job) => ({
    job,
    ...flowOf(hub, job),
    weight: weighPay(payRate(job), least),
    leadMs: leads.get(job) ?? 0,
  }));
}

function noJobs(
  turn: Turn,
  { jobs, running, unwanted }: Record<'jobs' | 'running' | 'unwanted', readonly Job[]>,
): Reason {
  if (running.length === 0 && jobs.some((job) => job.state === 'checking')) {
    return why(turn.hub.verifiers.size > 0 ? 'job-in-check' : 'needs-verifier', {});
  }
  const waits = unwanted.some(({ state, open }) => state === 'running' && open.count > 0);
  return why(waits ? 'all-blocked' : 'no-jobs', {});
}

/** What a job gave a device to do, in time of a device of mean speed, or why it gave nothing. */
function serveJob(turn: Turn, device: Device, job: Job): number | Reason {
  const problem = fitProblem(turn.hub, device, job);
  const isAnew = problem !== undefined && mayTryAnew(turn.hub, device, job);
  if (problem !== undefined && !isAnew) return problem;
  if (job.packageId === undefined || job.manifest === undefined) return allLent(job);
  const admission = isAnew ? undefined : device.admitted.get(job.packageId);
  if (admission === undefined && job.open.count === 0 && !wantsDevice(turn, job)) {
    return allLent(job);
  }
  const early = placeProblem(turn.hub, device.key, unitCost(job.manifest));
  if (early !== undefined) return early;
  if (admission === undefined) {
    startAdmission(turn, device, job);
    return TRIAL_MS;
  }
  const unjudged = unjudgedProblem(turn.hub, device, job);
  if (unjudged !== undefined) return unjudged;
  const unitsMax = unitsBeforeTrust(turn.hub, device, job);
  if (job.open.count === 0) return serveStraggler(turn, device, { job, admission, unitsMax });
  const slow = slowProblem(turn, device, { job, admission });
  if (slow !== undefined) return slow;
  const limit = Math.min(sizeShard(job, admission, aimOf(turn, device, job)), unitsMax);
  const run = nextRun(job, device.key, limit);
  if (run === undefined) return serveStraggler(turn, device, { job, admission, unitsMax });
  grantLease(turn, job, { device, admission, ...run });
  const afterMs = twinAfterMs(job);
  if (afterMs !== undefined) {
    turn.effects.push({ type: 'look-late', job: job.record.id, afterMs });
  }
  return fleetMs(job, admission, run.count);
}

/** How long a shard is to be: short on a device that may be asked for something else meanwhile. */
function aimOf(turn: Turn, device: Device, job: Job): ShardAim {
  const isFirst = device.unitsAccepted === 0 && device.leases.size === 0;
  if (isFirst) return { ms: SHARD_MS.first, isFirst };
  const isBrief = job.record.open === undefined && isAwaited(turn.hub, device);
  return { ms: isBrief ? SHARD_MS.least : SHARD_MS.aim, isFirst };
}

const allLent = ({ record }: Job): Reason => why('no-units-open', { job: record.name });

/**
 * Near the end, one unit on a slow device would outlast what all others need for the rest. Only who is
 * at work on it, and in time, counts: what a device says of its speed holds nobody up by itself.
 */
function slowProblem(
  { hub, world }: Turn,
  { key }: Device,
  { job, admission }: { job: Job; admission: Admission },
): Reason | undefined {
  if (admission.unitMs <= SLOW_MS) return undefined;
  const left = job.open.count + job.leasedUnits;
  // Not even all devices together would be through before it: no need to look who is at work.
  if (admission.unitMs * job.fleet.speed <= left) return undefined;
  const speeds = new Map<PublicKey, number>();
  for (const id of job.leases) {
    const { device, lease, expectedMs, issuedAt } = hub.leases.get(id) ?? {};
    if (device === undefined || device === key || !lease || !expectedMs || !issuedAt) continue;
    const isLate = between(issuedAt, world.now) > timelyMs({ expectedMs });
    if (!isLate) speeds.set(device, lease.unitCount / expectedMs);
  }
  const others = [...speeds.values()].reduce((sum, speed) => sum + speed, 0);
  if (others <= 1e-9) return undefined;
  const restMs = left / others;
  if (admission.unitMs <= 2 * restMs) return undefined;
  return why('device-slow', { job: job.record.name, seconds: Math.ceil(restMs / 1000) });
}

/** Lends the units of a late lease a second time; the first to reveal wins. */
function serveStraggler(
  turn: Turn,
  device: Device,
  on: { job: Job; admission: Admission; unitsMax: number },
): number | Reason {
  const { now } = turn.world;
  const isLate = openLateness(turn, on.job);
  let latest: ActiveLease | undefined;
  for (const id of on.job.leases) {
    const active = turn.hub.leases.get(id);
    // One that has committed and stays silent must not hold up the end of a job either.
    if (active?.stage !== 'computing' && active?.stage !== 'logged') continue;
    if (active.twin !== undefined || active.device === device.key) continue;
    if (active.lease.unitCount > on.unitsMax || holdsSuspect(on.job, active.lease)) continue;
    const mine = active.lease.unitCount * on.admission.unitMs;
    if (!isLate(active) || between(now, active.deadlineAt) < mine / 2) continue;
    if (latest === undefined || active.issuedAt < latest.issuedAt) latest = active;
  }
  if (latest === undefined) return allLent(on.job);
  const { id, firstUnit, unitCount } = latest.lease;
  const twin = grantLease(turn, on.job, {
    device,
    admission: on.admission,
    first: firstUnit,
    count: unitCount,
    twin: id,
  });
  if (twin !== undefined) latest.twin = twin;
  return fleetMs(on.job, on.admission, unitCount);
}
