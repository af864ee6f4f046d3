import * as v from 'valibot';
import { cancelJob, postJob } from '#client/jobs.ts';
import { wholeIn } from '#node/flags.ts';
import type { JobView, Quote } from '#protocol/api/job.ts';
import { describeNotes, describeReason } from '#protocol/api/sentences.ts';
import { fault, must, PocketgridError } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { openHub, placeOf } from '../hub.ts';
import { followJob } from '../jobs/follow.ts';
import { JOB_FLAGS, JOB_HELP } from '../jobs/job-flags.ts';
import { readUpload } from '../jobs/upload.ts';
import { orStopped } from '../stopped.ts';

const WAIT_MINUTES = { otherwise: 10, most: 1_440 };

const HELP = `pocketgrid quote INPUT… --model MODEL [--task NAME] [flags]

Says what a job would cost and how long it would take, or why it is not possible now. Nothing is computed but what a
verifier tries of it; the job is cancelled when that is said.

  --wait MINUTES     how long to wait for the quote, ${WAIT_MINUTES.otherwise} without it
${JOB_HELP}`;

/** `pocketgrid quote`. */
export const quoteCommand = defineCommand({
  name: 'quote',
  summary: 'says what a job would cost, and starts none',
  help: HELP,
  words: ['inputs'],
  flags: { ...JOB_FLAGS, wait: v.exactOptional(wholeIn(1, WAIT_MINUTES.most)) },
  async run(flags, world) {
    const { wait: minutes = WAIT_MINUTES.otherwise } = flags;
    const hub = await openHub(world, placeOf(flags));
    const upload = await readUpload(hub, flags, { world, isStarted: false });
    const posted = must(await postJob(hub, upload, { signal: world.signal }));
    const explain = () => `stopped; ${posted.id} is cancelled`;
    const job = await orStopped(world, explain, () =>
      followJob(hub, { job: posted.id, world, until: isSaid, minutes }),
    ).finally(() => cancelJob(hub, posted.id));
    const quote = mustBeQuoted(job);
    const possible = quote.durationMs !== undefined;
    return { lines: showQuote(job, quote), json: { possible, quote, job } };
  },
});

const isSaid = ({ state, reason }: JobView): boolean =>
  state !== 'checking' || reason.code === 'verifier-missing';

function mustBeQuoted({ quote, refusal, reason }: JobView): Quote {
  if (quote !== undefined) return quote;
  if (refusal !== undefined) throw new PocketgridError(refusal);
  throw fault('busy', `not possible now: ${describeReason(reason)}`);
}

function showQuote({ name, unitPrice }: JobView, quote: Quote): string[] {
  const { items, units, total, durationMs, devices, checkRate } = quote;
  const price = unitPrice === '0' ? 'volunteers compute it' : `${unitPrice} a unit and the checks`;
  const time =
    durationMs === undefined
      ? 'not possible now'
      : `about ${Math.ceil(durationMs / 1_000).toLocaleString('en')} s on ${devices} devices`;
  return [
    `${name}: ${items} items in ${units} units`,
    `price   ${total} lamports (${price})`,
    `time    ${time}`,
    `checks  ${(checkRate * 100).toFixed(1)} % of the units of the device that is trusted most`,
    `rests   ${describeNotes(quote)}`,
  ];
}
