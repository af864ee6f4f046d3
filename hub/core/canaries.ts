import { standingName } from '#protocol/check-policy.ts';
import { digestCanary } from '#protocol/digest.ts';
import type { Verdict } from '#protocol/records.ts';
import type { RefusalCode } from '#protocol/refusal.ts';
import type { World } from './events.ts';
import { takeAround } from './ranges.ts';
import type { Device, Hub, Job } from './state.ts';

/**
 * Units of a job whose answers the verifier that prepared it knows already. The hub knows which they
 * are and no answer; nobody else knows either. The first shard of a device that has nothing behind it
 * holds one of them, at a place that falls by chance. Each is given out so once: accomplices tell each
 * other what they have seen (attack 17 of docs/verification.md). One that comes to another device in
 * the ordinary run of the job is judged by its answer as well.
 */
export function takeCanary(
  { hub, world }: { hub: Hub; world: World },
  { job, device, limit }: { job: Job; device: Device; limit: number },
): { first: number; count: number } | undefined {
  if (!isNew(hub, device, job)) return undefined;
  for (const unit of job.canaries) {
    job.canaries.delete(unit);
    const back = Number.parseInt(world.random().slice(0, 8), 16) % Math.max(1, limit);
    const run = takeAround(job.open, { unit, limit, back });
    if (run !== undefined) return run;
  }
  return undefined;
}

const isNew = ({ standings }: Hub, { key, leases }: Device, { packageId }: Job): boolean =>
  packageId !== undefined && leases.size === 0 && !standings.has(standingName(key, packageId));

/** A verdict says that its unit was a canary: the package must name it. */
export function canaryProblem(
  { manifest }: Job,
  { job, unit, reference, canary, cause, kind }: Verdict,
): [RefusalCode, string] | undefined {
  if (canary === undefined) {
    if (cause !== 'canary' || kind === 'inconclusive') return undefined;
    return ['request-invalid', 'a verdict on a canary must open what the package says of it'];
  }
  const hash = digestCanary({ job, unit, digest: reference, salt: canary });
  if (manifest?.canaries?.includes(hash)) return undefined;
  return ['request-invalid', `the package of this job names no canary that unit ${unit} opens`];
}
