import type { Access, KeyView } from '#protocol/api/keys.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { JobId } from '#protocol/values/ids.ts';
import { type Job, recallJob } from '../../core/hub.ts';
import { reject } from './answer.ts';
import type { ApiPorts, Call } from './route.ts';

type Ports = Pick<ApiPorts, 'hub' | 'store'>;

/**
 * The job named in the path, in memory or archived. A key that may not read it is told what it
 * would be told of a job that is not there.
 */
export async function findJob(ports: Ports, { param, by }: Call): Promise<Job> {
  const id = decodeWith(JobId, param('job'), 'job-unknown');
  const job = id.ok ? await readJob(ports, id.value) : undefined;
  const access = job && (by === undefined ? 'write' : await accessTo(ports, job, by.key));
  if (job === undefined || access === undefined) {
    return reject('job-unknown', `there is no job ${param('job')}; GET /v1/jobs lists yours`);
  }
  if (access === 'write' || by?.need === 'read') return job;
  return reject('key-forbidden', 'this job is shared with your key for reading only');
}

/** The job named in the path, where its inputs and results are still here. */
export async function findKept(ports: Ports, call: Call): Promise<Job> {
  const job = await findJob(ports, call);
  const { removedAt } = job;
  if (removedAt === undefined) return job;
  const day = new Date(removedAt).toISOString().slice(0, 10);
  const message = `inputs and results of this job were removed on ${day}; its receipts stay`;
  return reject('results-removed', message);
}

/** A job in memory, or an archived one. */
export const readJob = async ({ hub, store }: Ports, id: JobId): Promise<Job | undefined> =>
  hub.jobs.get(id) ?? recallJob(hub, await store.archived(id));

/** What a key may do with a job, if it may see it. */
export async function accessTo(
  { store }: Pick<Ports, 'store'>,
  { record }: Job,
  key: KeyView,
): Promise<Access | undefined> {
  if (key.role === 'operator' || key.id === record.developer) return 'write';
  return store.keys.sharedBy(record.developer, key.id);
}
