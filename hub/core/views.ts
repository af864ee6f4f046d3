import type { DeviceView, GridView } from '#protocol/api/grid-view.ts';
import type { JobView } from '#protocol/api/job.ts';
import { describePurpose } from '#protocol/api/job-words.ts';
import type { ProfileView, TeamList, TeamView } from '#protocol/api/profiles.ts';
import type { AcceptedShard } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { between, type Instant } from '#protocol/values/units.ts';
import { opinionsOn } from './checking/disputes.ts';
import { latenessOf } from './jobs/deadline.ts';
import { capProblem, quote } from './jobs/quote.ts';
import { kindOf } from './kinds/kind-of.ts';
import { lateFrom } from './leasing/late.ts';
import { countAhead } from './leasing/line.ts';
import { aboutJob } from './state/about.ts';
import type { Device } from './state/device.ts';
import type { Hub } from './state/hub.ts';
import type { Job } from './state/job.ts';
import { isDisputed, isGuarded, judgesOf, keptUntil, takesInputs } from './state/questions.ts';
import type { Ban } from './state/trust.ts';
import { classProblem } from './trust/classes.ts';
import { allAreNew, viewNewcomers } from './trust/newcomers.ts';

/** One unit's part in the outputs or fingerprints of a shard. */
export const unitPart = (
  job: Job,
  { firstUnit, unitCount }: AcceptedShard,
  of: { unit: number; bytes: Uint8Array },
): Uint8Array => kindOf(job).unitPart(of.bytes, unitCount, of.unit - firstUnit);

export const ticketHolder = (hub: Hub, ticket: string): PublicKey | undefined =>
  hub.tickets.get(ticket);

/** The newest ban of a device that was not pardoned, over or not. */
export const banOf = (hub: Hub, device: PublicKey): Ban | undefined =>
  hub.deviceRecords.get(device)?.ban;

/** A job as it is shown, one in memory or one that was archived. */
export function viewJob(hub: Hub, job: Job): JobView {
  const { record, manifest } = job;
  const about = aboutJob(record);
  const [late, ahead] = [latenessOf(job), countAhead(hub, job)];
  const devices = new Set([...job.leases].map((id) => hub.leases.get(id)?.device));
  return {
    id: record.id,
    name: record.name,
    ...(about.developerName === undefined ? {} : { postedBy: about.developerName }),
    purpose: describePurpose(about),
    category: about.category,
    state: job.state,
    reason: explain(hub, job),
    createdAt: record.createdAt,
    ...(record.deadline === undefined ? {} : { deadline: record.deadline }),
    ...(late === undefined ? {} : { late }),
    ...(ahead === undefined ? {} : { ahead }),
    ...(job.startedAt === undefined ? {} : { startedAt: job.startedAt }),
    ...(job.endedAt === undefined
      ? {}
      : { endedAt: job.endedAt, keptUntil: keptUntil(record, job.endedAt) }),
    ...(job.removedAt === undefined ? {} : { removedAt: job.removedAt }),
    ...(job.packageId === undefined ? {} : { package: job.packageId }),
    ...kindOf(job).viewUnits(record, manifest),
    items: record.items,
    units: record.units,
    accepted: job.acceptedUnits,
    failed: job.failedItems,
    assurance: record.assurance,
    unitPrice: record.unitPrice,
    ...(job.funding === undefined ? {} : { funding: job.funding }),
    released: countReadable(job),
    ...(job.state === 'running' || job.state === 'finishing'
      ? { readyItems: countReady(hub, job) }
      : {}),
    leased: job.leasedUnits,
    devices: devices.size,
    ...(job.leases.size === 0 ? {} : { soonestLate: soonestLate(hub, job) }),
    checked: job.checked,
    mismatched: job.mismatched,
    requeued: job.requeued,
    ...(record.model === undefined ? {} : { model: record.model }),
    ...(record.itemNames === undefined ? {} : { named: true }),
    ...(record.devices === undefined ? {} : { wantedDevices: record.devices }),
    ...(record.task === undefined ? {} : { task: record.task.options.name }),
    ...(takesInputs(job) && job.endedAt === undefined ? { open: true as const } : {}),
    ...(manifest === undefined ? {} : { quote: quote(hub, job, manifest) }),
    ...(job.refusal === undefined ? {} : { refusal: job.refusal }),
  };
}

/** Items before the first unit whose result cannot be read yet. */
function countReady(hub: Hub, job: Job): number {
  const { items, units, draft } = job.record;
  const [first] = isGuarded(job) ? job.released.runs : [];
  const final = first?.first === 0 ? first.end : 0;
  let ready = isGuarded(job) ? final : Math.min(units, job.open.runs[0]?.first ?? units);
  for (const id of job.leases) {
    ready = Math.min(ready, hub.leases.get(id)?.lease.firstUnit ?? ready);
  }
  for (const exam of hub.exams.values()) {
    if (exam.job === job.record.id) ready = Math.min(ready, exam.unit);
  }
  return Math.min(items, ready * draft.runtime.unitItems);
}

const LATE_SHOWN = 10;
const TEAMS_SHOWN = 100;

/** The leases of a job that are late before its others, with when that is. */
const soonestLate = (hub: Hub, job: Job): NonNullable<JobView['soonestLate']> =>
  [...job.leases]
    .flatMap((id) => hub.leases.get(id) ?? [])
    .map((active) => {
      const { device, lease } = active;
      return { device, units: lease.unitCount, lateFrom: lateFrom(job, active) };
    })
    .sort((a, b) => a.lateFrom - b.lateFrom)
    .slice(0, LATE_SHOWN);

/** Of a unit that failed it can be read why. */
const countReadable = (job: Job): number =>
  isGuarded(job) && job.state !== 'done' ? job.released.count : job.acceptedUnits + job.failedUnits;

/** Adds what a waiting job waits for. */
function explain(hub: Hub, job: Job): Reason {
  if (job.state === 'checking') {
    if (job.preparing !== undefined) return why('preparing', {});
    if (hub.verifiers.size === 0) return why('verifier-missing', {});
    if (job.keepFailed !== undefined) {
      const { code } = job.keepFailed;
      const text = `the hub cannot keep what it needs for this job at the moment (${code}); it tries again by itself`;
      return why('hub-degraded', { text });
    }
    return why('preparing-later', { ahead: countAhead(hub, job) ?? 0 });
  }
  if (job.state === 'quoted') {
    return capProblem(hub, job) ?? (job.funding === undefined ? job.reason : why('funded', {}));
  }
  const [exam, ...exams] = [...hub.exams.values()].filter((each) => each.job === job.record.id);
  if (exam !== undefined) {
    return why('items-examined', { unit: exam.unit, units: 1 + exams.length });
  }
  if (isDisputed(hub, { job: job.record.id })) return explainDispute(hub, job);
  if (job.state === 'finishing' && hub.config.needsVerifier) return explainFinish(hub, job);
  if (job.state === 'running' && hub.devices.size === 0) {
    return why('no-device', {});
  }
  if (job.state === 'running' && job.record.devices && !hasOfClass(hub, job)) {
    return why('class-missing', {});
  }
  const isIdle = job.open.count + job.leasedUnits === 0 && hub.exams.size === 0;
  if (job.state === 'running' && isIdle && takesInputs(job)) return why('awaits-inputs', {});
  if (job.state === 'running' && job.leases.size === 0 && allAreNew(hub)) {
    return why('all-devices-new', {});
  }
  if (job.state === 'running' && job.leases.size === 0 && hub.verifiers.size < judgesOf(hub)) {
    return explainVerifiers(hub, 'lending');
  }
  return job.reason;
}

const hasOfClass = ({ devices }: Hub, job: Job): boolean =>
  [...devices.values()].some((device) => classProblem(job, device) === undefined);

const explainVerifiers = (hub: Hub, waits: 'lending' | 'checks'): Reason =>
  why('verifiers-missing', { waits, needed: judgesOf(hub), enrolled: hub.enrolled.size });

function explainFinish(hub: Hub, job: Job): Reason {
  if (hub.verifiers.size < judgesOf(hub)) return explainVerifiers(hub, 'checks');
  return job.unreleased.size === 0 ? job.reason : why('exit-checks', {});
}

function explainDispute(hub: Hub, job: Job): Reason {
  const dispute = [...hub.disputes.values()].find((each) => each.job === job.record.id);
  if (dispute === undefined) return job.reason;
  const spoken = opinionsOn(hub, dispute).length;
  return why('in-dispute', { unit: dispute.unit, spoken, enrolled: hub.enrolled.size });
}

/** What a contributor chose to show; undefined where it chose nothing. */
export function viewProfile({ profiles }: Hub, device: PublicKey): ProfileView | undefined {
  const profile = profiles.get(device);
  if (profile === undefined) return undefined;
  const { signedAt: _, from: __, ...shown } = profile;
  return { device, ...shown };
}

/** The teams with most units, of those who chose one. */
export function viewTeams({ profiles }: Hub): TeamList {
  const teams = new Map<string, TeamView>();
  for (const { team, units } of profiles.values()) {
    if (team === undefined) continue;
    const known = teams.get(team) ?? { name: team, members: 0, units: 0 };
    teams.set(team, { name: team, members: known.members + 1, units: known.units + units });
  }
  const ranked = [...teams.values()].sort((a, b) => b.units - a.units || b.members - a.members);
  return { teams: ranked.slice(0, TEAMS_SHOWN) };
}

export function viewGrid(hub: Hub): GridView {
  const jobs = [...hub.openJobs.values()];
  const newcomers = viewNewcomers(hub);
  return {
    devices: [...hub.devices.values()].slice(0, 1_000).map((device) => viewDevice(hub, device)),
    verifiers: [...hub.verifiers.keys()],
    disputes: [...hub.disputes.values()].map((dispute) => ({
      job: dispute.job,
      unit: dispute.unit,
      device: dispute.device,
      spoken: opinionsOn(hub, dispute).map(({ verifier }) => verifier),
    })),
    faults: [...hub.faults].map(([verifier, count]) => ({ verifier, count })),
    jobsRunning: jobs.filter((job) => job.state === 'running').length,
    jobsWaiting: jobs.filter(isWaiting).length,
    unitsAccepted: hub.acceptedUnits,
    ...(hub.trouble === undefined ? {} : { trouble: hub.trouble }),
    ...(newcomers === undefined ? {} : { newcomers }),
  };
}

/** Whether a job has units that no device computes. */
const isWaiting = ({ state, record, acceptedUnits, leasedUnits }: Job): boolean =>
  state === 'running' && acceptedUnits + leasedUnits < record.units;

/** What is under way, for who watches over the hub. */
export function viewWork(hub: Hub, now: Instant) {
  const jobs: Partial<Record<JobView['state'], number>> = {};
  for (const { state } of hub.jobs.values()) jobs[state] = (jobs[state] ?? 0) + 1;
  let [unjudged, oldest] = [0, now];
  for (const { sequence, whole } of hub.unjudged.values()) {
    if (sequence <= hub.countedThrough) continue;
    unjudged += 1;
    if (whole !== undefined && whole.at < oldest) oldest = whole.at;
  }
  return { jobs, unjudged, lagMs: between(oldest, now) };
}

function viewDevice(hub: Hub, device: Device): DeviceView {
  const [lease] = device.leases;
  const job = lease === undefined ? undefined : hub.leases.get(lease)?.lease;
  const admission =
    job === undefined ? [...device.admitted.values()].at(-1) : device.admitted.get(job.package);
  return {
    key: device.key,
    engine: device.capabilities.engine,
    ...(admission === undefined ? {} : { provider: admission.provider, unitMs: admission.unitMs }),
    ...(job === undefined ? {} : { job: job.job }),
    unitsAccepted: device.unitsAccepted,
    connectedAt: device.connectedAt satisfies Instant,
    ...(device.idle === undefined ? {} : { idle: device.idle }),
  };
}
