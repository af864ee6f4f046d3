import type { HubMessage } from '#protocol/messages/control.ts';
import { placesOf } from '#protocol/records/failed-items.ts';
import { takeManifest } from './link/session.ts';
import type { VerifierEvent } from './state/events.ts';
import type { Examining } from './state/verifier.ts';
import { linkOf, say, type Turn } from './turn.ts';

/** More than the hub ever asks of one verifier at once. */
const EXAMINING_MAX = 16;

type Examine = Extract<HubMessage, { type: 'examine' }>;

/** Takes a unit that failed on devices. The hub asks again after a lost link: it is kept once. */
export function receiveExamine(turn: Turn, message: Examine): void {
  const { verifier } = turn;
  const { job, unit, items, package: id, manifest, inputs } = message;
  const isKnown = verifier.examining.some((other) => other.job === job && other.unit === unit);
  if (isKnown || verifier.examining.length >= EXAMINING_MAX) return;
  if (!takeManifest(turn, { job, package: id, manifest })) return;
  verifier.examining.push({ job, unit, items, manifest, inputs });
}

/** One unit at a time: what hangs has a thread of its own. */
export function startExamining({ verifier, effects }: Turn): void {
  const [first] = verifier.examining;
  if (first === undefined || first.task !== undefined || verifier.phase.name !== 'ready') return;
  first.task = verifier.nextTask++;
  const { task, manifest, inputs, unit, items } = first;
  effects.push({ type: 'examine', task, manifest, inputs, unit, items });
}

/** With the link gone the answer has nowhere to go: the hub asks again in the next session. */
export function finishExamining(
  turn: Turn,
  event: Extract<VerifierEvent, { type: 'examined' }>,
): void {
  const { verifier, effects } = turn;
  const done = verifier.examining.find(({ task }) => task === event.task);
  if (done === undefined) return;
  verifier.examining = verifier.examining.filter((other) => other !== done);
  const link = linkOf(turn);
  if (link === undefined || verifier.phase.name !== 'ready') return;
  const { job, unit } = done;
  if (!event.result.ok) {
    const why = event.result.refusal.message;
    return say(turn, 'warning', `unit ${unit} of ${job} could not be examined: ${why}`);
  }
  const failed = [...event.result.value];
  effects.push({ type: 'send', link, message: { type: 'examined', job, unit, failed } });
  say(turn, 'info', wordFound(done, placesOf(failed).length));
}

const wordFound = ({ job, unit, items }: Examining, failed: number): string =>
  failed === 0
    ? `unit ${unit} of ${job} runs here; it failed on devices`
    : `unit ${unit} of ${job}: ${failed} of ${items} items cannot be computed`;
