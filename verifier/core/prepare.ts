import type { HubMessage } from '#protocol/messages/control.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { type Refusal, type Result, refusal, refuse } from '#protocol/values/refusal.ts';
import { kindOf } from './kinds/kind-of.ts';
import type { LinkId, VerifierEvent } from './state/events.ts';
import type { Preparing } from './state/verifier.ts';
import { linkOf, say, type Turn } from './turn.ts';

const PREPARING_MAX = 64;
/** Units that known answers may be made of, at most. */
const KNOWN_UNITS_MAX = 16;
/** Units that decoys are run on, where time allows so many. */
const DECOY_UNITS_MAX = 8;

type Prepare = Extract<HubMessage, { type: 'prepare' }>;

/** Takes a new job to run on the exact lane. The hub asks again after a lost link: kept once. */
export function receivePrepare(turn: Turn, message: Prepare): void {
  const { verifier } = turn;
  const { job, draft, inputs, units } = message;
  if (verifier.preparing.some((other) => other.job === job)) return;
  if (verifier.preparing.length >= PREPARING_MAX) {
    const busy = `this verifier has ${PREPARING_MAX} new jobs to run; ask again later`;
    return answerRefused(turn, job, refusal('busy', busy));
  }
  if (units < 1) {
    return answerRefused(
      turn,
      job,
      refusal('input-empty', 'a job needs one unit of inputs at least'),
    );
  }
  // The first and the last one, and others where these hold an item that cannot be computed.
  const chosen = [...new Set([0, units - 1, ...spreadUnits(units, KNOWN_UNITS_MAX)])];
  const decoyUnits = spreadUnits(units, DECOY_UNITS_MAX);
  verifier.preparing.push({ job, draft, inputs, units: chosen, decoyUnits });
}

/** So many units of a job, from its first to its last. */
function spreadUnits(units: number, most: number): number[] {
  const count = Math.min(units, most);
  const step = (units - 1) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, place) => Math.floor(place * step));
}

/** One new job at a time. */
export function startPreparing({ verifier, effects }: Turn): void {
  const [first] = verifier.preparing;
  if (first === undefined || first.task !== undefined || verifier.phase.name !== 'ready') return;
  const task = verifier.nextTask++;
  first.task = task;
  const { job, draft, inputs, units, decoyUnits } = first;
  const asked = { job, draft, inputs, units, decoyUnits };
  effects.push({ type: 'prepare', task, ...asked });
}

/** With the link gone the answer has nowhere to go: the hub asks again in the next session. */
export function finishPreparing(
  turn: Turn,
  event: Extract<VerifierEvent, { type: 'prepared' }>,
): void {
  const { verifier } = turn;
  const done = verifier.preparing.find(({ task }) => task === event.task);
  if (done === undefined) return;
  verifier.preparing = verifier.preparing.filter((other) => other !== done);
  const link = linkOf(turn);
  const { book, phase } = verifier;
  if (link === undefined || book === undefined || phase.name !== 'ready') return;
  const checked = event.result.ok
    ? kindOf(done.draft).checkPreparation(done, event.result.value)
    : refuseRun(event.result.refusal);
  if (!checked.ok) return answerRefused(turn, done.job, checked.refusal);
  if (checked.value === 'coupled') return answerCoupled(turn, done, link);
  const { payload, ...found } = checked.value;
  const { unitMs } = found;
  const head = { type: 'prepared', job: done.job, ...found } as const;
  turn.effects.push({ type: 'send-frame', link, head, payload });
  say(turn, 'info', `${done.draft.name} runs on the exact lane, ${unitMs.toFixed(2)} ms per unit`);
}

/** The runtime's own words, under the code of the job's rule. */
function refuseRun(cause: Refusal): Result<never> {
  const runtime = [
    'provider-failed',
    'provider-timeout',
    'provider-unavailable',
    'model-run-failed',
  ];
  if (!runtime.includes(cause.code)) return { ok: false, refusal: cause };
  const rule = 'a model must run on onnxruntime-web, wasm, with the given inputs; check it there';
  return refuse('model-run-failed', `${rule}. ${cause.message}`, cause.path);
}

/** Asks for units of one item, in which no item has a neighbour. */
function answerCoupled(turn: Turn, { job, draft }: Preparing, link: LinkId): void {
  turn.effects.push({ type: 'send', link, message: { type: 'coupled', job } });
  const what = 'answers of this model change with the other items of a unit';
  say(turn, 'info', `${draft.name}: ${what}; its units are to hold one item`);
}

function answerRefused(turn: Turn, job: JobId, reason: Refusal): void {
  const link = linkOf(turn);
  if (link === undefined) return;
  turn.effects.push({
    type: 'send',
    link,
    message: { type: 'unpreparable', job, refusal: reason },
  });
  say(turn, 'warning', `${job} cannot be prepared: ${reason.message}`);
}
