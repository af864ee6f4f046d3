import type { ContributorMessage, Trial } from '#protocol/messages/control.ts';
import { allowsProvider, type PackageManifest } from '#protocol/models/package.ts';
import type { Digest, JobId } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { between, millis } from '#protocol/values/units.ts';
import { kindOf } from '../kinds/kind-of.ts';
import type { Device } from '../state/device.ts';
import type { Job } from '../state/job.ts';
import { classProblem, isWanted } from '../trust/classes.ts';
import { countFleet, learnPace, noteTried } from '../trust/fleet.ts';
import { suspensionReason } from '../trust/suspensions.ts';
import { decline, send, type Turn } from '../turn.ts';
import { refundFlow } from './fairness.ts';
import { tellAbout } from './tell-about.ts';

/** The runtime and the trials take a phone minutes; 256 kbit/s is the slowest line that can help. */
const ADMISSION = { trialsMs: 15 * 60_000, bytesPerMs: 32 } as const;
/** What setting a device up for a model takes of it, until it is known. */
export const TRIAL_MS = 30_000;

/** How an admission test ended. */
export type AdmissionMessage = Extract<ContributorMessage, { type: 'admitted' | 'unfit' }>;

/** Has a device fetch a package and try it. */
export function startAdmission(turn: Turn, device: Device, job: Job): void {
  const { manifest, packageId } = job;
  if (manifest === undefined || packageId === undefined) return;
  const { providers } = device.capabilities;
  const isPart = providers.some((provider) => !isWanted(job, provider));
  const only = isPart ? { only: job.record.id } : {};
  const { id } = job.record;
  device.admitting = { package: packageId, job: id, since: turn.world.now, ...only };
  job.fleet.devices += 1;
  noteTried(job.fleet, device.hardware);
  noteTriedFor(turn, device, job.record.id);
  delete device.idle;
  const without = [...new Set(providers)].flatMap((provider) => {
    const reason = isWanted(job, provider)
      ? suspensionReason(turn.hub, { device: device.key, package: packageId, provider })
      : classProblem(job, {
          capabilities: { ...device.capabilities, providers: [provider] },
          admitted: new Map(),
        });
    return reason === undefined ? [] : [{ provider, reason }];
  });
  const some = without.length === 0 ? {} : { without };
  tellAbout(turn, device, job);
  send(turn, device.socket, { type: 'admit', id: packageId, job: id, manifest, ...some });
}

function noteTriedFor({ hub: { openJobs } }: Turn, { triedFor }: Device, job: JobId): void {
  for (const id of triedFor) if (!openJobs.has(id)) triedFor.delete(id);
  triedFor.add(job);
}

/** Takes how the admission test of a device ended; says whether any job here had asked for it. */
export function endAdmission(turn: Turn, device: Device, message: AdmissionMessage): boolean {
  const jobs = [...turn.hub.openJobs.values()].filter(
    ({ packageId }) => packageId === message.package,
  );
  // Each job of a package says by itself which providers may run it.
  const job = jobs.find((each) => allowsAdmission(each, message)) ?? jobs[0];
  if (job?.manifest === undefined) {
    // Whatever a device was admitted to elsewhere would only fill our memory.
    const text = `no job here uses package ${message.package}; nothing is kept of its admission`;
    decline(turn, device.socket, { code: 'job-unknown', message: text });
    return false;
  }
  const { manifest } = job;
  const asked = device.admitting?.package === message.package;
  const only = asked ? device.admitting?.only : undefined;
  if (asked) endTrial(turn, device);
  delete device.admitting;
  if (message.type === 'unfit') {
    noteUnfit(turn, device, { ...message, only });
  } else if (!allowsProvider(manifest, message.provider)) {
    device.unfit.set(message.package, why('exact-only', { model: manifest.name }));
  } else if (isSuspended(turn, device, message)) {
    // What it says by itself after a lost link is from before; it is asked without that provider.
    const reason = why('providers-suspended', { model: manifest.name });
    if (asked) device.unfit.set(message.package, reason);
  } else {
    const { provider, dtype, threads, trials } = message;
    const unitMs = millis(Math.max(message.unitMs, 0.001));
    const found = { provider, dtype, threads, unitMs, trials };
    const mark = kindOf(job).classOf(manifest, device.capabilities, found);
    device.admitted.set(message.package, { ...found, class: mark });
    learnPace(turn.hub, device);
    for (const each of turn.hub.openJobs.values()) {
      if (each.packageId === message.package) countFleet(turn, each);
    }
  }
  return true;
}

/** A device that takes longer than its line could explain gets no more of a package. */
export function endLateAdmission(turn: Turn, device: Device): void {
  const { admitting } = device;
  if (admitting === undefined) return;
  const limitMs = admissionLimit(turn, admitting.package);
  if (between(admitting.since, turn.world.now) <= limitMs) return;
  const model = nameOfPackage(turn, admitting.package);
  const minutes = Math.round(limitMs / 60_000);
  device.unfit.set(admitting.package, why('admission-slow', { model, minutes }));
  delete device.admitting;
}

/** What a package may take: its trials, and the download of its largest file. */
function admissionLimit(turn: Turn, id: Digest): number {
  const sizes = manifestOf(turn, id)?.variants.map(({ file }) => file.length) ?? [];
  return ADMISSION.trialsMs + Math.max(0, ...sizes) / ADMISSION.bytesPerMs;
}

const allowsAdmission = ({ manifest }: Job, message: AdmissionMessage): boolean =>
  manifest !== undefined &&
  message.type === 'admitted' &&
  allowsProvider(manifest, message.provider);

const manifestOf = ({ hub }: Turn, id: Digest): PackageManifest | undefined =>
  [...hub.jobs.values()].find(({ packageId }) => packageId === id)?.manifest;

const nameOfPackage = (turn: Turn, id: Digest): string => manifestOf(turn, id)?.name ?? id;

/** The job gets back what the trial took less than was charged. */
export function endTrial({ hub, world }: Turn, { admitting }: Device): void {
  if (admitting?.trial === undefined) return;
  const unusedMs = TRIAL_MS - between(admitting.since, world.now);
  if (unusedMs > 0) refundFlow(hub.fairness, admitting.trial, unusedMs);
}

/** A device gets no more of a package, or of one job of it, which it could not compute. */
export function noteUnfit(
  turn: Turn,
  device: Device,
  {
    package: id,
    trials,
    only,
  }: {
    package: Digest;
    trials: readonly Pick<Trial, 'provider' | 'outcome'>[];
    only?: JobId | undefined;
  },
): void {
  const ends = trials.map(({ provider, outcome }) => ({ provider, outcome }));
  const reason = why('device-unfit', { model: nameOfPackage(turn, id), trials: ends });
  if (only === undefined) device.unfit.set(id, reason);
  else noteUnfitFor(turn, device, { job: only, reason });
}

function noteUnfitFor(
  { hub: { openJobs } }: Turn,
  { unfitJobs }: Device,
  { job, reason }: { job: JobId; reason: Reason },
): void {
  for (const id of unfitJobs.keys()) if (!openJobs.has(id)) unfitJobs.delete(id);
  unfitJobs.set(job, reason);
}

const isSuspended = (
  { hub }: Turn,
  { key }: Device,
  { package: id, provider }: Extract<AdmissionMessage, { type: 'admitted' }>,
): boolean => suspensionReason(hub, { device: key, package: id, provider }) !== undefined;
