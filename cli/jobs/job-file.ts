import { rm, stat } from 'node:fs/promises';
import * as v from 'valibot';
import type { HubClient } from '#client/client.ts';
import { type JobUpload, listJobs, postJob, readJob } from '#client/jobs.ts';
import { isPassing } from '#client/refusals.ts';
import { readTextIfThere, replaceFile } from '#node/files.ts';
import type { JobView } from '#protocol/api/job.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { JobId } from '#protocol/values/ids.ts';
import { fault, must, PocketgridError } from '#protocol/values/refusal.ts';
import type { World } from '../world.ts';
import { digestUpload } from './upload.ts';

/** What is kept beside a file of results until they are there. */
const JobNote = v.strictObject({
  /** What the upload is known by. */
  upload: v.string(),
  /** The newest job of the hub before this one was sent; null where there was none. */
  newest: v.nullable(JobId),
  /** Absent until the hub has answered. */
  job: v.exactOptional(JobId),
});
type JobNote = v.InferOutput<typeof JobNote>;

/** A page has a hundred jobs. */
const PAGES_MAX = 20;

export const noteOf = (out: string): string => `${out}.job`;

interface Posting {
  upload: JobUpload;
  out: string;
  world: World;
}

/**
 * Posts a job and notes its id beside `out`; gives the noted job where the same upload was posted
 * for this file, also when its answer never came.
 */
export async function postOnce(hub: HubClient, posting: Posting): Promise<JobView> {
  const { upload, out, world } = posting;
  const digest = await digestUpload(upload);
  const note = await readNote(out);
  if (note !== undefined && note.upload !== digest) {
    const whose = note.job === undefined ? '' : ` (${note.job})`;
    const message = `${noteOf(out)} is of a job with another model, other inputs or options${whose}; name another file, or remove that one to post this job`;
    throw fault('request-invalid', message);
  }
  const found = note && (await findPosted(hub, { ...posting, note }));
  if (found !== undefined) {
    await writeNote(out, { ...note, upload: digest, newest: null, job: found.id });
    world.tell(`going on with ${found.id}, which was posted before`);
    return found;
  }
  if ((await stat(out).catch(() => undefined)) !== undefined) {
    throw fault('request-invalid', `${out} is there already; remove it, or name another file`);
  }
  const newest = must(await listJobs(hub, {}, { signal: world.signal })).jobs[0]?.id ?? null;
  await writeNote(out, { upload: digest, newest });
  const posted = await postJob(hub, upload, { signal: world.signal });
  // Where the hub said no there is no job; where it said nothing there may be one.
  if (!posted.ok && !isPassing(posted.refusal)) await forgetNote(out);
  const job = must(posted);
  await writeNote(out, { upload: digest, newest, job: job.id });
  return job;
}

/** The job of a note: the one it names, or one like it that came after the newest it knew. */
async function findPosted(
  hub: HubClient,
  { upload, out, world, note }: Posting & { note: JobNote },
): Promise<JobView | undefined> {
  if (note.job !== undefined) {
    const read = await readJob(hub, note.job, { signal: world.signal });
    if (read.ok) return read.value;
    if (read.refusal.code !== 'job-unknown') throw new PocketgridError(read.refusal);
    const message = `${noteOf(out)} is of ${note.job}, which this hub does not have for your key; name its hub, or remove that file to post the job again`;
    throw fault('job-unknown', message);
  }
  const { name, task, assurance = 'instant' } = upload.options;
  const alike = (await listSince(hub, note, world)).filter(
    (job) => job.name === name && job.task === task?.name && job.assurance === assurance,
  );
  if (alike.length < 2) return alike[0];
  const message = `the answer to this job broke off, and it is one of ${alike.map(({ id }) => id).join(', ')}; read one: pocketgrid results JOB -o FILE, and remove ${noteOf(out)}`;
  throw fault('request-invalid', message);
}

async function listSince(hub: HubClient, { newest }: JobNote, { signal }: World) {
  const found: JobView[] = [];
  let before: number | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { jobs, next } = must(await listJobs(hub, { before }, { signal }));
    const at = jobs.findIndex(({ id }) => id === newest);
    found.push(...(at === -1 ? jobs : jobs.slice(0, at)));
    if (at !== -1 || next === undefined) break;
    before = next;
  }
  return found;
}

async function readNote(out: string): Promise<JobNote | undefined> {
  const text = await readTextIfThere(noteOf(out));
  if (text === undefined) return undefined;
  const note = decodeJson(JobNote, text);
  if (note.ok) return note.value;
  const message = `${noteOf(out)} is no note of a job; look whether one runs (pocketgrid jobs), then remove that file`;
  throw fault('request-invalid', message);
}

const writeNote = (out: string, note: JobNote): Promise<void> =>
  replaceFile(noteOf(out), `${JSON.stringify(note)}\n`);

/** Forgets the job of a file: its results are there, or never will be. */
export const forgetNote = (out: string): Promise<void> => rm(noteOf(out), { force: true });
