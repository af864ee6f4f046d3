import { rm } from 'node:fs/promises';
import * as v from 'valibot';
import type { HubClient } from '#client/client.ts';
import { mustBeDone } from '#client/follow-job.ts';
import { type JobUpload, postJob } from '#client/jobs.ts';
import { lockFile } from '#node/file-lock.ts';
import { hasCode } from '#node/files.ts';
import { Text, wholeIn } from '#node/flags.ts';
import type { JobView } from '#protocol/api/job.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { openHub, placeOf } from '../hub.ts';
import { followJob, WAIT_MINUTES } from '../jobs/follow.ts';
import { forgetNote, postOnce } from '../jobs/job-file.ts';
import { JOB_FLAGS, JOB_HELP } from '../jobs/job-flags.ts';
import { checkRoom, formatOf, saveResults } from '../jobs/save.ts';
import { readUpload } from '../jobs/upload.ts';
import { orStopped } from '../stopped.ts';
import type { World } from '../world.ts';

const HELP = `pocketgrid run INPUT… [-o OUT] --model MODEL [--task NAME] [flags]

Posts a job, waits until it is done, and brings its results to OUT, in the order of the inputs. The ending of OUT names
the format: .jsonl, .npy or .safetensors. Without -o they go to standard output as JSON Lines. The id of the job lies in
OUT.job until its results are there: the same command again goes on with that job and posts none.

  -o, --out OUT      the file of results; it must not be there yet
  --output NAME      of a model with several outputs, the one for .npy
  --wait MINUTES     how long to wait, ${WAIT_MINUTES.otherwise} without it; the job goes on after that
${JOB_HELP}

  pocketgrid run sentences.txt -o vectors.jsonl --model Xenova/all-MiniLM-L6-v2 --task feature-extraction`;

/** `pocketgrid run`. */
export const runCommand = defineCommand({
  name: 'run',
  summary: 'posts a job, waits for it, and brings its results',
  help: HELP,
  words: ['inputs'],
  letters: { out: 'o' },
  flags: {
    ...JOB_FLAGS,
    out: v.exactOptional(Text),
    output: v.exactOptional(Text),
    wait: v.exactOptional(wholeIn(1, WAIT_MINUTES.most)),
  },
  async run(flags, world) {
    const { out, output, wait: minutes = WAIT_MINUTES.otherwise } = flags;
    checkRoom(world, out);
    const format = out === undefined ? 'jsonl' : formatOf(out);
    const hub = await openHub(world, placeOf(flags));
    const upload = await readUpload(hub, flags, { world, isStarted: true });
    const range = { format, ...(output !== undefined && { output }) };
    const job = await locked(out, () => bring(hub, { upload, out, range, world, minutes }));
    const lines = out === undefined ? [] : [`${job.items} results in ${out}`];
    return { lines, json: out === undefined ? job : { file: out, job } };
  },
});

interface Bringing {
  upload: JobUpload;
  out: string | undefined;
  range: Parameters<typeof saveResults>[1]['range'];
  world: World;
  minutes: number;
}

/** Posts a job or finds the one of before, waits, and brings its results. */
async function bring(hub: HubClient, bringing: Bringing): Promise<JobView> {
  const { upload, out, range, world, minutes } = bringing;
  let job: JobView | undefined;
  const explain = () => {
    const again = out === undefined ? '' : 'the same command goes on with it; ';
    if (job === undefined) return 'stopped before the hub had the job; do the same again';
    return `stopped; ${job.id} goes on: ${again}pocketgrid results ${job.id} reads its results, pocketgrid cancel ${job.id} ends it`;
  };
  return orStopped(world, explain, async () => {
    const posted = await (out === undefined
      ? postJob(hub, upload, { signal: world.signal }).then(must)
      : postOnce(hub, { upload, out, world }));
    job = posted;
    const ended = await followJob(hub, { job: posted.id, world, minutes });
    if (ended.state !== 'done' && out !== undefined) await forgetNote(out);
    mustBeDone(ended);
    await saveResults(hub, { job: ended.id, range, out, world });
    if (out !== undefined) await forgetNote(out);
    return ended;
  });
}

/** Does work while no other process does it for the same file. */
async function locked<T>(out: string | undefined, work: () => Promise<T>): Promise<T> {
  if (out === undefined) return work();
  const lock = `${out}.lock`;
  const unlock = await lockFile(lock).catch((error: unknown) => {
    const isBusy = hasCode(error, 'SQLITE_BUSY');
    const message = isBusy
      ? `another pocketgrid run brings ${out}; wait for it, or name another file`
      : `${out} cannot be written; name a file in a folder that is there and is yours`;
    throw fault(isBusy ? 'busy' : 'request-invalid', message, error);
  });
  try {
    return await work();
  } finally {
    await unlock();
    await rm(lock, { force: true });
  }
}
