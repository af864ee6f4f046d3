import type { PackageDraft } from '#protocol/api/job.ts';
import { concatBytes } from '#protocol/bytes/digest.ts';
import { COMPARATOR_DEFAULT, isWithin } from '#protocol/checks/comparison.ts';
import { readTaps } from '#protocol/checks/fingerprint.ts';
import { type DecoyFindings, findNearest } from '#protocol/checks/thresholds.ts';
import { FRAME_BYTES_MAX, type HubMessage } from '#protocol/messages/control.ts';
import type { Tap } from '#protocol/models/package.ts';
import { type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { accept, type Refusal, type Result, refusal, refuse } from '#protocol/values/refusal.ts';
import { type Millis, millis } from '#protocol/values/units.ts';
import type { NeighbourTrial, Preparation, VerifierEvent } from './state/events.ts';
import type { Preparing } from './state/verifier.ts';
import { linkOf, say, type Turn } from './turn.ts';

const PREPARING_MAX = 64;
/** Room for the head of the frame that carries the answers. */
const HEAD_BYTES = 64 * 1024;
const OUTPUTS_MAX = 16;
/** Units that decoys are run on, where time allows so many. */
const DECOY_UNITS_MAX = 8;
/** Taps of one unit; each value costs a device 32 additions. */
const TAP_BYTES_MAX = 1024 * 1024;

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
  const chosen = units === 1 ? [0] : [0, units - 1];
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
    ? checkPreparation(done, event.result.value)
    : refuseRun(event.result.refusal);
  if (!checked.ok) return answerRefused(turn, done.job, checked.refusal);
  const trial = event.result.ok ? event.result.value.neighbours : undefined;
  if (isCoupled(trial)) return answerCoupled(turn, done, trial);
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

/** Whether answers changed with neighbours or place by more than another order of sums does. */
export const isCoupled = (trial: NeighbourTrial | undefined): trial is NeighbourTrial =>
  trial?.distances.some((distance) => !isWithin(distance, COMPARATOR_DEFAULT)) === true;

/** Asks for units of one item, where the model runs with those. */
function answerCoupled(turn: Turn, { job, draft }: Preparing, trial: NeighbourTrial): void {
  const what = 'answers of this model change with the other items of a unit';
  if (!trial.runsAlone) {
    const message = `${what}, and it runs only with ${draft.unitItems} items at once; export it with a batch axis of any size`;
    return answerRefused(turn, job, refusal('model-outputs-unsupported', message));
  }
  const link = linkOf(turn);
  if (link === undefined) return;
  turn.effects.push({ type: 'send', link, message: { type: 'coupled', job } });
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

interface Prepared {
  outputs: TensorSpec[];
  taps?: Tap[];
  units: number[];
  unitMs: Millis;
  payload: Uint8Array;
  peakBytes: Preparation['peakBytes'];
  decoys: DecoyFindings;
}

/** What a model must be like: fixed shapes, one row per item, the same answer twice. */
export function checkPreparation(
  asked: Pick<Preparing, 'draft' | 'units'>,
  found: Preparation,
): Result<Prepared> {
  const shapes = checkOutputs(asked.draft, found.outputs);
  if (shapes !== undefined) return { ok: false, refusal: shapes };
  const size = unitBytes(found.outputs);
  if (found.answers.some((answer) => answer.length !== size)) {
    const rule = 'outputs must have one shape for every unit; pad or pool what varies';
    return refuse('model-outputs-unsupported', rule);
  }
  const digests = new Map<number, string>();
  for (const { unit, digest } of found.runs) {
    if ((digests.get(unit) ?? digest) !== digest) {
      const rule = 'the same input gave two different outputs; results that vary cannot be checked';
      return refuse('model-run-failed', `${rule}: give random operators a fixed seed input`);
    }
    digests.set(unit, digest);
  }
  const room = FRAME_BYTES_MAX - HEAD_BYTES;
  if (size > room) {
    const rule = `one unit's outputs take ${size} bytes and at most ${room} fit a message`;
    return refuse('model-outputs-unsupported', `${rule}; set fewer items per unit`);
  }
  const { names, units: tried, samples } = found.decoys;
  const taps = scaleTaps(asked.draft.taps ?? [], found);
  if (!taps.ok) return taps;
  const kept = found.answers.slice(0, Math.max(1, Math.floor(room / size)));
  return accept({
    outputs: [...found.outputs],
    ...(taps.value.length > 0 ? { taps: taps.value } : {}),
    units: asked.units.slice(0, kept.length),
    unitMs: median(found.runs.map(({ computeMs }) => computeMs)),
    payload: concatBytes(...kept),
    peakBytes: found.peakBytes,
    decoys: { names: [...names], units: [...tried], nearest: findNearest(samples) },
  });
}

function checkOutputs(draft: PackageDraft, outputs: readonly TensorSpec[]): Refusal | undefined {
  if (outputs.length < 1 || outputs.length > OUTPUTS_MAX) {
    const rule = `a model has 1 to ${OUTPUTS_MAX} outputs and this one ${outputs.length}`;
    return refusal('model-outputs-unsupported', `${rule}; export only those you need`);
  }
  for (const { name, shape } of outputs) {
    if (shape[0] === draft.unitItems && shape.length <= 8) continue;
    const rule = `output ${name} is [${shape.join(', ')}]; its first dimension must be the unit's ${draft.unitItems} items`;
    const way = 'export the model with a batch axis first on every output, or set unitItems to 1';
    return refusal('model-outputs-unsupported', `${rule}: ${way}`, name);
  }
  return undefined;
}

/** The taps with their scales. They are to be small: a device holds those of a whole shard. */
function scaleTaps(names: readonly string[], { taps }: Preparation): Result<Tap[]> {
  if (names.length === 0) return accept([]);
  const specs = taps?.specs ?? [];
  const size = unitBytes(specs);
  const odd = names.find((name, place) => {
    const spec = specs[place];
    return spec?.name !== name || spec.dtype !== 'f32';
  });
  if (odd !== undefined || taps === undefined) {
    const rule = `tap ${odd} is no f32 tensor of this model; post the job without taps`;
    return refuse('model-outputs-unsupported', rule, 'taps');
  }
  if (size > TAP_BYTES_MAX) {
    const rule = `the taps of a unit take ${size} bytes and at most ${TAP_BYTES_MAX} are held`;
    const way = 'set fewer items per unit, or post the job without taps';
    return refuse('model-outputs-unsupported', `${rule}; ${way}`, 'taps');
  }
  const units = Array.from({ length: taps.bytes.length / size }, (_, unit) =>
    readTaps(specs, taps.bytes.subarray(unit * size, (unit + 1) * size)),
  );
  return accept(
    specs.map(({ name, shape }, place) => {
      const values = units.map((unit) => unit[place] ?? new Float32Array(0));
      return { name, dtype: 'f32', shape, scale: scaleOf(values) };
    }),
  );
}

/** The largest power of two that is no more than the RMS; 1 for a tap of zeros. */
function scaleOf(values: readonly Float32Array[]): number {
  let [squares, count] = [0, 0];
  for (const tap of values) {
    for (const value of tap) squares += value * value;
    count += tap.length;
  }
  const rms = Math.sqrt(squares / Math.max(1, count));
  if (rms === 0) return 1;
  let scale = 1;
  while (scale > rms) scale /= 2;
  while (scale * 2 <= rms) scale *= 2;
  return scale;
}

/** The middle one; the lower of the two middles. At least a hundredth of a millisecond. */
function median(values: readonly Millis[]): Millis {
  const sorted = [...values].sort((a, b) => a - b);
  return millis(Math.max(sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, 0.01));
}
