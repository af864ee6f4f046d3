import type { Digest } from '#protocol/ids.ts';
import { type Refusal, refusal } from '#protocol/refusal.ts';
import { unitBytes } from '#protocol/tensor.ts';
import { after, type Millis, millis } from '#protocol/units.ts';
import { becomeReady, rejectCandidate, settle, terminate, tryNext } from './admission.ts';
import { type Judgement, judgeClose, judgeExact } from './comparison.ts';
import type { ContributorEvent, WorkerId } from './events.ts';
import { clearTombstone } from './memory.ts';
import {
  type Admitting,
  type Candidate,
  type KnownPackage,
  nextNumber,
  type Probing,
  type Turn,
} from './state.ts';

/** Warm runs that are timed; the median counts. */
const WARM_RUNS = 3;
/** A timed run is long enough for coarse clocks, short enough for a phone. */
const WARM_RUN = { aimMs: 60, unitsMost: 64, bytesMost: 4 * 1024 * 1024 } as const;
/** A provider this much slower than the best one so far is not timed further. */
const HOPELESS = 3;
/** Allowed for one unit: a fixed part for shaders and warm-up, and a multiple of the verifier's time. */
const RUN_MS = { fixed: 20_000, factor: 100 } as const;

type Ran = Extract<ContributorEvent, { type: 'ran' }>;

/** The model is loaded: the first known answer is run. */
export function startProbe(turn: Turn, admitting: Admitting, known: KnownPackage): void {
  const { step } = admitting;
  if (step.name !== 'loading') return;
  const { candidate, worker } = step;
  const probing: Probing = {
    name: 'probing',
    candidate,
    worker,
    run: 0,
    deadlineAt: turn.world.now,
    answered: 0,
    unitsInRun: 0,
    timings: [],
    worst: 0,
  };
  admitting.step = probing;
  runUnits(turn, probing, { known, first: 0, count: 1 });
}

function runUnits(
  turn: Turn,
  probing: Probing,
  what: { known: KnownPackage; first: number; count: number },
): void {
  const { known, first, count } = what;
  const size = unitBytes(known.manifest.inputs);
  const inputs = new Uint8Array(count * size);
  for (let unit = 0; unit < count; unit += 1) {
    const answer = known.answers[(first + unit) % known.answers.length];
    if (answer !== undefined) inputs.set(answer.inputs.subarray(0, size), unit * size);
  }
  probing.run = nextNumber(turn);
  probing.unitsInRun = count;
  const allowed = RUN_MS.fixed + RUN_MS.factor * known.manifest.referenceUnitMs * count;
  probing.deadlineAt = after(turn.world.now, millis(allowed));
  turn.effects.push({
    type: 'run',
    worker: probing.worker,
    run: probing.run,
    unitCount: count,
    inputs,
  });
}

/** A run of the trial ended: a known answer is judged, a warm run is timed. */
export function stepProbe(turn: Turn, admitting: Admitting, ran: Ran): void {
  const known = turn.state.packages.get(admitting.package);
  const { step } = admitting;
  if (known === undefined || step.name !== 'probing' || step.run !== ran.run) return;
  const perUnit = millis(ran.computeMs / step.unitsInRun);
  const isKnownAnswer = step.answered < known.answers.length && step.timings.length === 0;
  if (isKnownAnswer) {
    const judgement = judge(known, step.candidate, { index: step.answered, bytes: ran.bytes });
    step.worst = Math.max(step.worst, judgement.l2);
    if (!judgement.fit) {
      const { l2, reason } = judgement;
      return rejectCandidate(turn, admitting, { outcome: 'wrong', l2, reason, unitMs: perUnit });
    }
    clearTombstone(turn);
    step.answered += 1;
    if (admitting.mode === 'reload') return becomeReady(turn, known, step);
    if (step.answered < known.answers.length) {
      return runUnits(turn, step, { known, first: step.answered, count: 1 });
    }
  } else step.timings.push(perUnit);
  const isHopeless = admitting.best !== undefined && perUnit > HOPELESS * admitting.best.unitMs;
  if (step.timings.length >= WARM_RUNS || (isHopeless && step.timings.length > 0)) {
    return endTrial(turn, admitting, known);
  }
  const count = isHopeless ? 1 : warmCount(known, perUnit);
  runUnits(turn, step, { known, first: 0, count });
}

function warmCount(known: KnownPackage, unitMs: Millis): number {
  const { manifest } = known;
  const size = Math.max(unitBytes(manifest.inputs), unitBytes(manifest.outputs));
  const byTime = Math.ceil(WARM_RUN.aimMs / Math.max(unitMs, 0.01));
  const byBytes = Math.floor(WARM_RUN.bytesMost / size);
  return Math.max(1, Math.min(byTime, byBytes, WARM_RUN.unitsMost));
}

function judge(
  known: KnownPackage,
  candidate: Candidate,
  claimed: { index: number; bytes: Uint8Array },
): Judgement {
  const answer = known.answers[claimed.index]?.outputs ?? new Uint8Array(0);
  return candidate.provider === 'wasm'
    ? judgeExact(claimed.bytes, answer)
    : judgeClose(known.manifest, claimed.bytes, answer);
}

/** The candidate is right and timed; the fastest so far is kept. */
function endTrial(turn: Turn, admitting: Admitting, known: KnownPackage): void {
  const { step } = admitting;
  if (step.name !== 'probing') return;
  const { candidate, worker, worst } = step;
  const unitMs = median(step.timings);
  const previous = admitting.best;
  const lane = candidate.provider === 'wasm' ? 'byte for byte' : 'within tolerance';
  const reason = `right ${lane}, ${unitMs.toFixed(unitMs < 10 ? 2 : 0)} ms per unit`;
  settle(admitting, candidate, { outcome: 'fit', unitMs, l2: worst, reason });
  const isBest = previous === undefined || unitMs < previous.unitMs;
  const isLast = admitting.candidates.length === 0;
  // One model in memory at a time: the winner's worker stays only when nothing is tried after it.
  if (isBest && isLast) admitting.best = { candidate, unitMs, worker };
  else {
    terminate(turn, worker);
    if (isBest) admitting.best = { candidate, unitMs };
  }
  admitting.step = { name: 'pausing', until: turn.world.now };
  tryNext(turn, admitting, known);
}

function median(values: readonly Millis[]): Millis {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? millis(0);
}

/** The worker on trial failed by itself. */
export function failProbe(turn: Turn, worker: WorkerId, reason: Refusal): void {
  const { compute } = turn.state;
  if (compute.name !== 'admitting' || !('worker' in compute.step)) return;
  if (compute.step.worker !== worker) return;
  const outcome = reason.code === 'provider-timeout' ? 'timeout' : 'failed';
  rejectCandidate(turn, compute, { outcome, reason: reason.message });
}

/** Deadlines of loading and running, and the end of a pause. */
export function tickAdmission(turn: Turn, known: KnownPackage, id: Digest): void {
  const { compute } = turn.state;
  if (compute.name !== 'admitting' || compute.package !== id) return;
  const { step } = compute;
  if (step.name === 'pausing' && step.until <= turn.world.now) return tryNext(turn, compute, known);
  if (!('deadlineAt' in step) || step.deadlineAt > turn.world.now) return;
  const what = step.name === 'loading' ? 'load the model' : 'compute a known unit';
  const message = `${step.candidate.provider} did not ${what} in time; another provider is tried`;
  failProbe(turn, step.worker, refusal('provider-timeout', message));
}
