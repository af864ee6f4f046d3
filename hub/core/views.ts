import type { DeviceView, GridView } from '#protocol/api.ts';
import { expectedChecks, RELEASE_POLICY, standingName } from '#protocol/check-policy.ts';
import type { JobId, PublicKey, Root } from '#protocol/ids.ts';
import type { JobView, Quote } from '#protocol/job.ts';
import { allowsProvider, GPU_BARRED, type PackageManifest } from '#protocol/package.ts';
import { type Instant, lamports, millis } from '#protocol/units.ts';
import { opinionsOn } from './disputes.ts';
import type { Ban } from './events.ts';
import { fitProblem } from './fit.ts';
import { SHARD_MS } from './lease.ts';
import { viewNewcomers } from './newcomers.ts';
import { isDisputed, isGuarded, judgesOf, mayRead } from './questions.ts';
import type { Device, Hub, Job } from './state.ts';

/** Said of a job that was posted with more items in a unit. */
const COUPLED_NOTE =
  '; units hold one item each, since an answer of this model changes with the other items of its unit';

/** Share of units a cheat is taken to falsify when confidence is stated. */
const CHEAT_SHARE = 0.2;

export const packageOf = (hub: Hub, job: JobId): PackageManifest | undefined =>
  hub.jobs.get(job)?.manifest;

/** Whether a blob belongs to a job, so that whoever knows its root may have it. */
export const mayServe = (hub: Hub, root: Root): boolean => hub.servable.has(root);

/** Whether a developer may read these units of a job, as its assurance has it. */
export function mayReadUnits(
  hub: Hub,
  id: JobId,
  { first, end }: { first: number; end: number },
): boolean {
  const job = hub.jobs.get(id);
  return job !== undefined && mayRead(job, first, end);
}

export const ticketHolder = (hub: Hub, ticket: string): PublicKey | undefined =>
  hub.tickets.get(ticket);

/** The newest ban of a device that was not pardoned, over or not. */
export const banOf = (hub: Hub, device: PublicKey): Ban | undefined => hub.barred.get(device);

export function listJobs(hub: Hub): JobView[] {
  return [...hub.jobs.values()]
    .sort((a, b) => b.record.createdAt - a.record.createdAt)
    .map((job) => view(hub, job));
}

export function viewJob(hub: Hub, id: JobId): JobView | undefined {
  const job = hub.jobs.get(id);
  return job === undefined ? undefined : view(hub, job);
}

function view(hub: Hub, job: Job): JobView {
  const { record, manifest } = job;
  const devices = new Set([...job.leases].map((id) => hub.leases.get(id)?.device));
  return {
    id: record.id,
    name: record.name,
    state: job.state,
    reason: explain(hub, job),
    createdAt: record.createdAt,
    ...(job.startedAt === undefined ? {} : { startedAt: job.startedAt }),
    ...(job.endedAt === undefined ? {} : { endedAt: job.endedAt }),
    ...(job.packageId === undefined ? {} : { package: job.packageId }),
    inputs: record.draft.inputs,
    outputs: manifest?.outputs ?? [],
    unitItems: record.draft.unitItems,
    items: record.items,
    units: record.units,
    accepted: job.acceptedUnits,
    assurance: record.assurance,
    unitPrice: record.unitPrice,
    ...(job.funding === undefined ? {} : { funding: job.funding }),
    released: isGuarded(job) && job.state !== 'done' ? job.released.count : job.acceptedUnits,
    leased: job.leasedUnits,
    devices: devices.size,
    checked: job.checked,
    mismatched: job.mismatched,
    requeued: job.requeued,
    ...(manifest === undefined ? {} : { quote: quote(hub, job, manifest) }),
    ...(job.refusal === undefined ? {} : { refusal: job.refusal }),
  };
}

/** Adds what a waiting job waits for. */
function explain(hub: Hub, job: Job): string {
  if (job.state === 'checking') {
    if (job.preparing !== undefined) return 'a verifier runs the model once on the exact lane';
    return 'no verifier is online; start one with `npm run verifier -- --hub URL`';
  }
  if (job.state === 'quoted' && job.funding !== undefined) {
    return 'checked and funded; waiting for its owner to start it';
  }
  if (isDisputed(hub, { job: job.record.id })) return explainDispute(hub, job);
  if (job.state === 'finishing' && hub.config.needsVerifier) return explainFinish(hub, job);
  if (job.state === 'running' && hub.devices.size === 0) {
    return 'no device is online; open this hub on a phone and tap Start';
  }
  if (job.state === 'running' && job.leases.size === 0 && allAreNew(hub)) {
    return 'every device online is new and waits for a place; the operator can give more of them with --newcomers';
  }
  if (job.state === 'running' && job.leases.size === 0 && hub.verifiers.size < judgesOf(hub)) {
    return explainVerifiers(hub, 'no more is lent until what was accepted is judged; this waits');
  }
  return job.reason;
}

function explainVerifiers(hub: Hub, what: string): string {
  const [needed, enrolled] = [judgesOf(hub), hub.enrolled.size];
  const whom = needed === 1 ? 'a verifier' : `${needed} of the ${enrolled} enrolled verifiers`;
  return `${what} for ${whom} to come online`;
}

const allAreNew = ({ devices, newcomers: { line } }: Hub): boolean => line.size === devices.size;

function explainFinish(hub: Hub, job: Job): string {
  if (hub.verifiers.size < judgesOf(hub)) {
    return explainVerifiers(hub, 'every unit is computed; the last checks wait');
  }
  if (job.unreleased.size === 0) return job.reason;
  return 'every unit is computed; what no later work vouches for is audited before it is final';
}

function explainDispute(hub: Hub, job: Job): string {
  const dispute = [...hub.disputes.values()].find((each) => each.job === job.record.id);
  if (dispute === undefined) return job.reason;
  const [spoken, enrolled] = [opinionsOn(hub, dispute).length, hub.enrolled.size];
  const have = `${spoken} of the ${enrolled} enrolled ones have judged it`;
  return `a verifier found unit ${dispute.unit} wrong: ${have}; the others have three minutes`;
}

/** Price, time and confidence, from the devices that are online now. */
export function quote(hub: Hub, job: Job, manifest: PackageManifest): Quote {
  const { units, items, unitPrice } = job.record;
  const able = [...hub.devices.values()].filter(
    (device) => fitProblem(hub, device, job) === undefined,
  );
  const measured = able.flatMap((device) => speedOn(device, job) ?? []).sort((a, b) => a - b);
  const referenceMs = Math.max(manifest.referenceUnitMs, 0.001);
  const speed = able.reduce((sum, device) => sum + 1 / (speedOn(device, job) ?? referenceMs), 0);
  const medianMs = measured[measured.length >> 1] ?? referenceMs;
  const perShard = Math.max(1, Math.round(SHARD_MS.aim / medianMs));
  // The device with the most trust behind it is checked least: what is said holds for all.
  const trusted = able.reduce((most, device) => Math.max(most, standingOf(hub, device, job)), 0);
  const perDevice = Math.ceil(units / Math.max(1, able.length));
  const checks = expectedChecks(hub.config.checks, trusted, perDevice);
  const extra = extraChecks(job, checks / perDevice, able.length);
  const lane = allowsProvider(manifest, 'webgpu')
    ? ''
    : `; runs on WebAssembly alone: ${GPU_BARRED}`;
  const coupled = job.record.draft.coupled === true ? COUPLED_NOTE : '';
  return {
    units,
    items,
    shards: Math.ceil(units / perShard),
    devices: able.length,
    ...(able.length > 0 ? { durationMs: millis(Math.ceil(units / speed)) } : {}),
    total: lamports(BigInt(unitPrice) * BigInt(units + Math.round(extra))),
    checkRate: checks / perDevice + extra / units,
    confidence: 1 - Math.exp(-(checks + extra / Math.max(1, able.length)) * CHEAT_SHARE),
    peakBytes: manifest.peakBytes,
    note: `${quoteNote(able.length, measured.length)}${lane}${coupled}`,
  };
}

function quoteNote(devices: number, measured: number): string {
  if (devices === 0) return 'no device online can take this job yet; it starts when one comes';
  return `from the speed of ${devices} devices online now, ${measured} of them measured`;
}

/** Expected checks that the job's assurance asks for beyond those its devices get anyway. */
function extraChecks({ record }: Job, usualRate: number, devices: number): number {
  const { assurance, units } = record;
  if (assurance === 'instant') return 0;
  if (assurance === 'full') return units * (1 - usualRate);
  const audited = Math.min(units, RELEASE_POLICY.lagUnits * Math.max(1, devices));
  return audited * Math.max(0, RELEASE_POLICY.exitPpm / 1_000_000 - usualRate);
}

const standingOf = (hub: Hub, { key }: Device, { packageId }: Job): number =>
  packageId === undefined ? 0 : (hub.standings.get(standingName(key, packageId)) ?? 0);

const speedOn = (device: Device, job: Job): number | undefined =>
  job.packageId === undefined ? undefined : device.admitted.get(job.packageId)?.unitMs;

export function viewGrid(hub: Hub): GridView {
  const jobs = [...hub.jobs.values()];
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
    unitsAccepted: hub.acceptedUnits,
    ...(hub.trouble === undefined ? {} : { trouble: hub.trouble }),
    ...(newcomers === undefined ? {} : { newcomers }),
  };
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
    ...(device.idle === undefined ? {} : { idle: device.idle.message }),
  };
}
