import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareUnits } from '#protocol/checks/comparison.ts';
import { findNearest, fitThresholds } from '#protocol/checks/thresholds.ts';
import type { LoadGraph } from '#protocol/messages/compute.ts';
import { PACKAGE_FORMAT, type PackageManifest, REFERENCE_LANE } from '#protocol/models/package.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { Digest } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { bytes, millis } from '#protocol/values/units.ts';
import { graph } from '../core/kinds/graph.ts';
import type { Finding } from '../core/kinds/kind.ts';
import type { Reference } from '../core/state/events.ts';
import { type Load, openComputeWorker } from './compute-workers.ts';
import { measureDecoys } from './kinds/decoys.ts';

/** Images of one unit, their pixels, and the scores of ten digits. */
const UNIT_ITEMS = 4;
const PIXELS = 64;
const CLASSES = 10;
const UNIT_FLOATS = UNIT_ITEMS * CLASSES;
const UNITS = 2_000;
const UNIT_BYTES = UNIT_ITEMS * PIXELS * 4;
const MODEL = new URL('../../public/sample/digits.onnx', import.meta.url);
const IMAGES = new URL('../../public/sample/digits.npy', import.meta.url);

let honest: Float32Array;
/** The same units once more, from a compute worker that had run nothing. */
let fresh: Float32Array;
let sibling: Float32Array;
let manifest: PackageManifest;

/** Sample images over and over, each round a little darker, so that no two units are the same. */
async function makeInputs(): Promise<Uint8Array<ArrayBuffer>> {
  const file = await readFile(IMAGES);
  const start = 10 + file.readUInt16LE(8);
  const held = (file.length - start) / 4;
  const inputs = new Float32Array(UNITS * UNIT_ITEMS * PIXELS);
  for (let at = 0; at < inputs.length; at += 1) {
    const round = Math.floor(at / held);
    inputs[at] = file.readFloatLE(start + (at % held) * 4) * (1 - round / 256);
  }
  return new Uint8Array(inputs.buffer);
}

function loadOf(model: Uint8Array): Load & { runtime: LoadGraph } {
  const { graphOptimization } = REFERENCE_LANE;
  const [input] = decodedModel(model).graph.inputs;
  const specs = [{ name: input?.name ?? '', dtype: 'f32' as const, shape: [UNIT_ITEMS, 1, 8, 8] }];
  const runtime = { kind: 'graph', graphOptimization, inputs: specs } as const;
  return { model: new Uint8Array(model), runtime };
}

/** Outputs of a model over all units, from a compute worker of their own. */
async function runModel(model: Uint8Array, inputs: Uint8Array<ArrayBuffer>) {
  const load = loadOf(model);
  const worker = await openComputeWorker(load);
  try {
    const ran = await worker.run(inputs.slice(), UNITS);
    return {
      specs: load.runtime.inputs,
      outputs: ran.outputs,
      values: new Float32Array(ran.bytes.slice().buffer),
    };
  } finally {
    await worker.close();
  }
}

function decodedModel(model: Uint8Array) {
  const decoded = decodeOnnx(model);
  if (!decoded.ok) throw new Error(decoded.refusal.message);
  return decoded.value;
}

beforeAll(async () => {
  const model = new Uint8Array(await readFile(MODEL));
  const inputs = await makeInputs();
  const first = await runModel(model, inputs);
  honest = first.values;
  fresh = (await runModel(model, inputs)).values;
  sibling = (await runModel(makeSibling(model), inputs)).values;
  const decoys = await measureDecoys(await openComputeWorker(loadOf(model)), {
    readModel: async () => new Uint8Array(model),
    runtime: loadOf(model).runtime,
    outputs: first.outputs,
    unitMs: 1,
    units: [0, 500, 1_000, 1_500],
    readUnit: async (unit) => inputs.slice(unit * UNIT_BYTES, (unit + 1) * UNIT_BYTES),
  });
  manifest = {
    format: PACKAGE_FORMAT,
    name: 'digits',
    variants: [],
    runtime: {
      kind: 'graph',
      inputs: [...first.specs],
      outputs: [...first.outputs],
      unitItems: UNIT_ITEMS,
      reference: REFERENCE_LANE,
      comparators: fitThresholds(first.outputs, findNearest(decoys.samples)).comparators,
      taps: [],
    },
    knownAnswers: [],
    peakBytes: bytes(1),
    referenceUnitMs: millis(1),
  };
}, 120_000);

/** The model with its largest weights rounded to 8 bits: as a cheaper sibling would answer. */
function makeSibling(model: Uint8Array): Uint8Array {
  const decoded = decodedModel(model);
  const [largest] = decoded.graph.initializers.toSorted((a, b) => b.data.length - a.data.length);
  if (largest === undefined) throw new Error('the sample model has no weights');
  const weights = new Float32Array(largest.data.slice().buffer);
  const scale = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / 127;
  const rounded = weights.map((weight) => Math.round(weight / scale) * scale);
  largest.data = new Uint8Array(rounded.buffer);
  return encodeOnnx(decoded);
}

const unitOf = (values: Float32Array, unit: number): Float32Array =>
  values.slice(unit * UNIT_FLOATS, (unit + 1) * UNIT_FLOATS);

const referenceOf = (values: Float32Array): Reference => {
  const data = new Uint8Array(values.slice().buffer);
  return { digest: createHash('sha256').update(data).digest('hex') as Digest, bytes: data };
};

/**
 * Climbs the ladder to its end for one unit, as a verifier does with what it re-executed and
 * fetched.
 */
function judge(claimed: Float32Array, unit: number, provider: Provider): Finding {
  const claim = referenceOf(claimed);
  const runs = [referenceOf(unitOf(honest, unit)), referenceOf(unitOf(fresh, unit))];
  const evidence = { provider, manifest, claimed: claim.digest, gaveUp: false };
  const references: Reference[] = [];
  let fetched: { claim?: Reference } = {};
  for (let rung = 0; rung < 5; rung += 1) {
    const step = graph.judge({ ...evidence, references, ...fetched });
    if (step.do === 'decide') return step.finding;
    const run = runs[references.length];
    if (step.do === 'claim') fetched = { claim };
    else if (run !== undefined) references.push(run);
  }
  throw new Error('the ladder has no end');
}

/** The next float after a value: one unit in the last place. */
function nextFloat(value: number): number {
  const [bits = 0] = new Uint32Array(Float32Array.of(value).buffer);
  const [next = 0] = new Float32Array(Uint32Array.of(bits ^ 1).buffer);
  return next;
}

/** What each liar says of a unit, with `truth` what the model says. */
const LIARS: [kind: string, lie: (truth: Float32Array, unit: number) => Float32Array][] = [
  ['garbage', (truth, unit) => truth.map((_, at) => 20 * Math.sin(unit * 131 + at * 17 + 1))],
  ['zeros', (truth) => new Float32Array(truth.length)],
  ['one NaN', (truth, unit) => truth.with(unit % truth.length, Number.NaN)],
  [
    'the answer most likely before looking',
    (truth) => truth.map((_, at) => (at % CLASSES === 1 ? 9 : 0)),
  ],
  [
    'one bit in the last place of one number',
    (truth, unit) => truth.with(unit % truth.length, nextFloat(truth[unit % truth.length] ?? 0)),
  ],
  ['the answer of another unit', (_, unit) => unitOf(honest, (unit + 1) % UNITS)],
  [
    'the images of a unit in another order',
    (truth) => Float32Array.of(...truth.subarray(CLASSES), ...truth.subarray(0, CLASSES)),
  ],
  ['a sibling model with weights of 8 bits', (_, unit) => unitOf(sibling, unit)],
];

/** How often each kind of verdict was found over all units. */
function judgeAll(lie: (truth: Float32Array, unit: number) => Float32Array, provider: Provider) {
  const kinds: Record<string, number> = {};
  const far: number[] = [];
  for (let unit = 0; unit < UNITS; unit += 1) {
    const finding = judge(lie(unitOf(honest, unit), unit), unit, provider);
    kinds[finding.kind] = (kinds[finding.kind] ?? 0) + 1;
    far.push(Math.max(finding.l2, finding.max));
    if (finding.kind === 'mismatch') expect(finding.runs).toBe(2);
  }
  return { kinds, nearest: Math.min(...far), farthest: Math.max(...far) };
}

describe(`liars before the exact lane, ${UNITS} checked units each`, () => {
  it('an honest device is never found wrong, by either of two runtimes', () => {
    for (const values of [honest, fresh]) {
      const { kinds, farthest } = judgeAll((_, unit) => unitOf(values, unit), 'wasm');
      expect(kinds).toEqual({ match: UNITS });
      expect(farthest).toBe(0);
    }
  });

  it.each(LIARS)(
    '%s: every checked unit is a confirmed mismatch with its distance',
    (kind, lie) => {
      const { kinds, nearest, farthest } = judgeAll(lie, 'wasm');
      expect(kinds).toEqual({ mismatch: UNITS });
      expect(nearest).toBeGreaterThan(0);
      expect(farthest === 1e9).toBe(kind === 'one NaN');
    },
  );

  it.each(LIARS)('%s: on the tolerance lane only what is within tolerance passes', (kind, lie) => {
    const { kinds } = judgeAll(lie, 'webgpu');
    const isNoise = kind === 'one bit in the last place of one number';
    // All of them are further off than weights in halves are: that is no noise of an honest GPU.
    expect(kinds).toEqual(isNoise ? { match: UNITS } : { mismatch: UNITS });
    const unit = lie(unitOf(honest, 0), 0);
    const [claim, reference] = [referenceOf(unit), referenceOf(unitOf(honest, 0))];
    expect(compareUnits(claim.bytes, reference.bytes, manifest.runtime).within).toBe(isNoise);
  });
});

describe('an answer optimised to stay within tolerance', () => {
  /**
   * The two largest scores of each picture pushed together, as far as 0.9 of a threshold lets them.
   */
  function ride(truth: Float32Array): Float32Array {
    const pushed = Float32Array.from(truth);
    for (let item = 0; item < UNIT_ITEMS; item += 1) {
      const [first = 0, second = 0] = ranked(truth, item);
      pushed[first] = (pushed[first] ?? 0) - 1e-2;
      pushed[second] = (pushed[second] ?? 0) + 1e-2;
    }
    const used = usedOf(pushed, truth);
    return truth.map((value, at) => value + ((pushed[at] ?? 0) - value) * (0.9 / used));
  }
  /** The share of the thresholds that a claim uses up: the larger of the two measures. */
  function usedOf(claimed: Float32Array, truth: Float32Array): number {
    const [limit] = manifest.runtime.comparators;
    if (limit === undefined) throw new Error('the package has no thresholds');
    const far = compareUnits(
      referenceOf(claimed).bytes,
      referenceOf(truth).bytes,
      manifest.runtime,
    );
    return Math.max(far.l2 / limit.l2, far.max / limit.max);
  }
  /** Places of one picture's scores, the largest first. */
  const ranked = (values: Float32Array, item: number): number[] =>
    Array.from({ length: CLASSES }, (_, place) => item * CLASSES + place).sort(
      (a, b) => (values[b] ?? 0) - (values[a] ?? 0),
    );

  it('an answer at 0.9 of the thresholds passes each check and flips no label', () => {
    let flips = 0;
    for (let unit = 0; unit < UNITS; unit += 1) {
      const truth = unitOf(honest, unit);
      const claimed = ride(truth);
      expect(judge(claimed, unit, 'webgpu').kind).toBe('match');
      expect(usedOf(claimed, truth)).toBeGreaterThan(0.89);
      for (let item = 0; item < UNIT_ITEMS; item += 1) {
        if (ranked(truth, item)[0] !== ranked(claimed, item)[0]) flips += 1;
      }
    }
    expect(flips).toBe(0);
  });
});
