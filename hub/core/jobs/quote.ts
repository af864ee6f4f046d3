import type { Quote } from '#protocol/api/job.ts';
import { expectedChecks, RELEASE_POLICY, unitsBehind } from '#protocol/checks/check-policy.ts';
import { allowsProvider, type PackageManifest } from '#protocol/models/package.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';
import { kindOf } from '../kinds/kind-of.ts';
import { SHARD_MS } from '../leasing/lease.ts';
import type { Hub } from '../state/hub.ts';
import type { Job } from '../state/job.ts';
import { fitProblem } from '../trust/fit.ts';
import { countedOf } from '../trust/in-flight.ts';
import type { Turn } from '../turn.ts';
import { noteTimes, type Times, timeOf, timesOf } from './times.ts';

export function unfunded(turn: Turn, job: Job): Refusal {
  const total = job.manifest === undefined ? '' : quote(turn.hub, job, job.manifest).total;
  const message = `this job costs ${total} lamports, and its escrow is not funded: the dashboard deposits them, then POST /v1/jobs/${job.record.id}/fund`;
  return refusal('job-unfunded', message);
}

/** Why a job is too dear for its owner, if it is. */
export function capProblem(hub: Hub, job: Job, manifest = job.manifest) {
  const { priceMax } = job.record;
  if (priceMax === undefined || manifest === undefined) return undefined;
  const { total } = quote(hub, job, manifest);
  if (BigInt(total) <= BigInt(priceMax)) return undefined;
  return why('price-above-cap', { lamports: total, most: priceMax });
}

/** Share of units a cheat is taken to falsify when confidence is stated. */
const CHEAT_SHARE = 0.2;

/** Price, time and confidence, from the devices that are online now. */
export function quote(hub: Hub, job: Job, manifest: PackageManifest): Quote {
  const { units, items, unitPrice } = job.record;
  const able = [...hub.devices.values()].filter(
    (device) => fitProblem(hub, device, job) === undefined,
  );
  const times = timesOf(hub, { job, manifest, able });
  const medianMs = times.measured[times.measured.length >> 1] ?? times.referenceMs;
  const perShard = Math.max(1, Math.round(SHARD_MS.aim / medianMs));
  // The device with the most trust behind it is checked least: what is said holds for all.
  const trusted = able.reduce(
    (most, { key }) => Math.max(most, unitsBehind(countedOf(hub, key, manifest))),
    0,
  );
  const perDevice = Math.ceil(units / Math.max(1, able.length));
  const checks = expectedChecks(hub.config.checks, trusted, perDevice);
  const extra = extraChecks(job, checks / perDevice, able.length);
  return {
    units,
    items,
    shards: Math.ceil(units / perShard),
    devices: able.length,
    ...timeOf(times, units),
    total: lamports(BigInt(unitPrice) * BigInt(units + Math.round(extra))),
    checkRate: checks / perDevice + extra / units,
    confidence: 1 - Math.exp(-(checks + extra / Math.max(1, able.length)) * CHEAT_SHARE),
    peakBytes: manifest.peakBytes,
    notes: quoteNotes(job, manifest, times),
  };
}

function quoteNotes(job: Job, manifest: PackageManifest, times: Times): Reason[] {
  const { name: model } = manifest;
  return [
    ...noteTimes(times),
    ...(allowsProvider(manifest, 'webgpu') ? [] : [why('exact-only', { model })]),
    ...kindOf(job).quoteNotes(job.record),
    ...(job.record.notes ?? []),
  ];
}

/** Expected checks that the job's assurance asks for beyond those its devices get anyway. */
function extraChecks({ record }: Job, usualRate: number, devices: number): number {
  const { assurance, units } = record;
  if (assurance === 'instant') return 0;
  if (assurance === 'full') return units * (1 - usualRate);
  const audited = Math.min(units, RELEASE_POLICY.lagUnits * Math.max(1, devices));
  return audited * Math.max(0, RELEASE_POLICY.exitPpm / 1_000_000 - usualRate);
}
