import * as v from 'valibot';
import type { HubClient } from '#client/client.ts';
import { cancelJob, postJob } from '#client/jobs.ts';
import { estimateJob } from '#client/quotes.ts';
import { wholeIn } from '#node/flags.ts';
import { isEnded, type JobView, type Quote } from '#protocol/api/job.ts';
import { QuoteRequest } from '#protocol/api/quotes.ts';
import { describeNotes, describeReason } from '#protocol/api/sentences.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { fault, must, PocketgridError } from '#protocol/values/refusal.ts';
import { type Answer, defineCommand } from '../command.ts';
import { openHub, placeOf } from '../hub.ts';
import { followJob } from '../jobs/follow.ts';
import { JOB_FLAGS, JOB_HELP, type JobFlags, readOptions } from '../jobs/job-flags.ts';
import { readUpload } from '../jobs/upload.ts';
import { orStopped } from '../stopped.ts';
import type { World } from '../world.ts';

const WAIT_MINUTES = { otherwise: 10, most: 1_440 };

const HELP = `pocketgrid quote INPUT… --model MODEL [--task NAME] [flags]
pocketgrid quote --items N [--tokens N] --model ID [--task NAME] [flags]

Says what a job would cost and how long it would take, or why it is not possible now. Nothing is computed but what a
verifier tries of the inputs. Without inputs it says what is known of the model, which some job was prepared with before.

  --items N          how many items there would be
  --tokens N         of texts: tokens of the longest one
  --wait MINUTES     how long to wait for the quote, ${WAIT_MINUTES.otherwise} without it
${JOB_HELP}`;

/** `pocketgrid quote`. */
export const quoteCommand = defineCommand({
  name: 'quote',
  summary: 'says what a job would cost, and starts none',
  help: HELP,
  words: ['inputs'],
  flags: {
    ...JOB_FLAGS,
    items: v.exactOptional(wholeIn(1, 1_000_000_000)),
    tokens: v.exactOptional(wholeIn(1, 1_000_000)),
    wait: v.exactOptional(wholeIn(1, WAIT_MINUTES.most)),
  },
  async run(flags, world) {
    const { items, tokens, wait: minutes = WAIT_MINUTES.otherwise } = flags;
    const hub = await openHub(world, placeOf(flags));
    const isGiven = flags.inputs.length > 0 || flags['inputs-url'] !== undefined;
    if ((items === undefined) !== isGiven) {
      throw fault('request-invalid', 'name files of inputs, or how many there would be: --items N');
    }
    if (items === undefined) return quoteInputs(hub, { flags, world, minutes });
    return quoteItems(hub, { flags, world, items, ...(tokens !== undefined && { tokens }) });
  },
});

interface Asking {
  flags: JobFlags;
  world: World;
}

/** Has a verifier try the inputs in a dry run. */
async function quoteInputs(
  hub: HubClient,
  { flags, world, minutes }: Asking & { minutes: number },
): Promise<Answer> {
  const upload = await readUpload(hub, flags, { world, isStarted: false });
  const options = { ...upload.options, dryRun: true };
  const posted = must(await postJob(hub, { ...upload, options }, { signal: world.signal }));
  let job = posted;
  try {
    const explain = () => `stopped; ${posted.id} is cancelled`;
    const following = { job: posted.id, world, until: isSaid, minutes };
    job = await orStopped(world, explain, () => followJob(hub, following));
  } finally {
    if (!isEnded(job.state)) await cancelJob(hub, posted.id);
  }
  const quote = mustBeQuoted(job);
  const { name } = job;
  const possible = quote.durationMs !== undefined;
  return { lines: showQuote(name, quote, job.unitPrice), json: { possible, quote, job } };
}

const isSaid = ({ state, reason }: JobView): boolean =>
  isEnded(state) || reason.code === 'verifier-missing';

function mustBeQuoted({ quote, refusal, reason }: JobView): Quote {
  if (quote !== undefined) return quote;
  if (refusal !== undefined) throw new PocketgridError(refusal);
  throw fault('busy', `not possible now: ${describeReason(reason)}`);
}

/** Asks what the hub knows. */
async function quoteItems(
  hub: HubClient,
  { flags, world, ...size }: Asking & { items: number; tokens?: number },
): Promise<Answer> {
  const { name: _, autoStart: __, ...options } = readOptions({ ...flags, name: 'quote' }, false);
  const asked = { ...options, ...size, model: flags.model };
  const request = must(decodeWith(QuoteRequest, asked, 'request-invalid'));
  const found = must(await estimateJob(hub, request, { signal: world.signal }));
  const { quote, message } = found;
  const said = quote === undefined ? [] : showQuote(flags.model, quote, flags['unit-price']);
  return { lines: [...said, message], json: found };
}

function showQuote(name: string, quote: Quote, unitPrice = '0'): string[] {
  const { items, units, total, devices, checkRate } = quote;
  const price = unitPrice === '0' ? 'volunteers compute it' : `${unitPrice} a unit and the checks`;
  return [
    `${name}: ${items} items in ${units} units`,
    `price   ${total} lamports (${price})`,
    `time    ${showTime(quote, devices)}`,
    `checks  ${(checkRate * 100).toFixed(1)} % of the units of the device that is trusted most`,
    `rests   ${describeNotes(quote)}`,
  ];
}

function showTime({ durationMs, latestMs }: Quote, devices: number): string {
  if (durationMs === undefined) return 'not possible now';
  const seconds = (ms: number) => Math.ceil(ms / 1_000).toLocaleString('en');
  const most = latestMs === undefined ? 'at least' : `${seconds(latestMs)} s at most, at least`;
  return `${most} ${seconds(durationMs)} s on ${devices} devices`;
}
