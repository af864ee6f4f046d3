import type { GraphDraft, PackageDraft } from '#protocol/api/job.ts';
import { concatBytes } from '#protocol/bytes/digest.ts';
import { COMPARATOR_DEFAULT, isWithin } from '#protocol/checks/comparison.ts';
import { readTaps } from '#protocol/checks/fingerprint.ts';
import { findNearest } from '#protocol/checks/thresholds.ts';
import { FRAME_BYTES_MAX } from '#protocol/messages/control.ts';
import type { Tap } from '#protocol/models/package.ts';
import { type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { accept, type Refusal, type Result, refusal, refuse } from '#protocol/values/refusal.ts';
import { type Millis, millis } from '#protocol/values/units.ts';
import type { NeighbourTrial, Preparation } from '../state/events.ts';
import type { Prepared } from './kind.ts';

/** Room for the head of the frame that carries the answers. */
const HEAD_BYTES = 64 * 1024;
const OUTPUTS_MAX = 16;
/** Taps of one unit; each value costs a device 32 additions. */
const TAP_BYTES_MAX = 1024 * 1024;

/**
 * What a model must be like to be checked: fixed shapes, one row per item where a unit has several,
 * the same answer twice.
 */
export function checkPreparation(
  asked: { draft: PackageDraft },
  found: Preparation,
): Result<Prepared | 'coupled'> {
  const { runtime } = asked.draft;
  if (isCoupled(found.neighbours)) return cutSingly(runtime, found);
  const shapes = checkOutputs(runtime, found.outputs);
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
  const taps = scaleTaps(runtime.taps ?? [], found);
  if (!taps.ok) return taps;
  const kept = found.answers.slice(0, Math.max(1, Math.floor(room / size)));
  return accept({
    outputs: [...found.outputs],
    ...(taps.value.length > 0 ? { taps: taps.value } : {}),
    ...(found.neighbours?.runsAlone === true ? { runsAlone: true } : {}),
    ...(found.steps === undefined ? {} : { steps: found.steps }),
    units: found.units.slice(0, kept.length),
    unitMs: median(found.runs.map(({ computeMs }) => computeMs)),
    payload: concatBytes(...kept),
    peakBytes: found.peakBytes,
    decoys: { names: [...names], units: [...tried], nearest: findNearest(samples) },
  });
}

/**
 * Whether answers changed with an item's neighbours or place by more than another order of sums
 * does.
 */
export const isCoupled = (trial: NeighbourTrial | undefined): boolean =>
  trial?.distances.some((distance) => !isWithin(distance, COMPARATOR_DEFAULT)) === true;

type Units = Pick<GraphDraft, 'unitItems'>;

/** In units of one item no item has a neighbour: where the model runs with those, that helps. */
function cutSingly(draft: Units, found: Preparation): Result<'coupled'> {
  if (found.neighbours?.runsAlone === true) return accept('coupled');
  const shapes = checkOutputs(draft, found.outputs);
  if (shapes !== undefined) return { ok: false, refusal: shapes };
  const { unitItems } = draft;
  const message = `answers of this model change with the other items of a unit, and it runs only with ${unitItems} at once; export it with a batch axis of any size, or, where its first axis counts no items, send each item whole, as [items, ${unitItems}, …]`;
  return refuse('model-outputs-unsupported', message);
}

function checkOutputs({ unitItems }: Units, outputs: readonly TensorSpec[]): Refusal | undefined {
  if (outputs.length < 1 || outputs.length > OUTPUTS_MAX) {
    const rule = `a model has 1 to ${OUTPUTS_MAX} outputs and this one ${outputs.length}`;
    return refusal('model-outputs-unsupported', `${rule}; export only those you need`);
  }
  for (const { name, shape } of outputs) {
    if (shape.length <= 8 && (unitItems === 1 || shape[0] === unitItems)) continue;
    const rule = `output ${name} is [${shape.join(', ')}]; its first dimension must be the unit's ${unitItems} items`;
    const way = 'export the model with a batch axis of any size, first on every output';
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
