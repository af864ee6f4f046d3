import { describe, expect, it } from 'vitest';
import type { PackageDraft } from '#protocol/api/job.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type { Digest, JobId, Root } from '#protocol/values/ids.ts';
import { bytes, millis } from '#protocol/values/units.ts';
import { connect, openFakeWorld, receive, step } from './fake-world.ts';
import { checkPreparation, isCoupled } from './kinds/graph-preparation.ts';
import type { Preparation } from './state/events.ts';

const JOB = 'job_0123456789abcdef' as JobId;
const draft: PackageDraft = {
  name: 'm',
  file: { root: '22'.repeat(32) as Root, length: bytes(10) },
  runtime: {
    kind: 'graph',
    inputs: [{ name: 'x', dtype: 'f32', shape: [4, 2] }],
    unitItems: 4,
    graphOptimization: 'all',
  },
};
const output = (shape: number[]): TensorSpec => ({ name: 'y', dtype: 'f32', shape });
const run = (unit: number, computeMs: number, mark = '0') => ({
  unit,
  digest: mark.repeat(64) as Digest,
  computeMs: millis(computeMs),
});
const preparation = (found: Partial<Preparation>): Preparation => ({
  outputs: [output([4, 1])],
  answers: [new Uint8Array(16), new Uint8Array(16)],
  runs: [run(0, 9), run(7, 8, '1'), run(0, 1), run(0, 3), run(0, 2)],
  peakBytes: bytes(100),
  units: [0, 7],
  decoys: { names: [], units: [], samples: [] },
  ...found,
});
const check = (found: Partial<Preparation>) => checkPreparation({ draft }, preparation(found));
function prepared(checked: ReturnType<typeof checkPreparation>) {
  if (!checked.ok) throw new Error(checked.refusal.message);
  if (checked.value === 'coupled') throw new Error('its units are to hold one item');
  return checked.value;
}

describe('a new model', () => {
  it('that behaves is answered with its outputs, answers and median time', () => {
    const answer = prepared(check({}));
    expect(answer).toMatchObject({ units: [0, 7], unitMs: 3 });
    expect(answer.payload).toHaveLength(32);
    expect(answer).not.toHaveProperty('runsAlone');
  });

  it('that runs with one item as well says so: its units can be cut where they are dear', () => {
    const trial = { distances: [], runsAlone: true };
    expect(prepared(check({ neighbours: trial }))).toMatchObject({ runsAlone: true });
    const whole = prepared(check({ neighbours: { ...trial, runsAlone: false } }));
    expect(whole).not.toHaveProperty('runsAlone');
  });

  it.each([
    ['no rows per item', { outputs: [output([1, 4])] }, 'model-outputs-unsupported'],
    ['a scalar output', { outputs: [output([])] }, 'model-outputs-unsupported'],
    ['no output', { outputs: [] }, 'model-outputs-unsupported'],
    [
      'answers of two lengths',
      { answers: [new Uint8Array(16), new Uint8Array(12)] },
      'model-outputs-unsupported',
    ],
    ['two answers to one input', { runs: [run(0, 1), run(0, 1, '2')] }, 'model-run-failed'],
    [
      'outputs past the longest message',
      { outputs: [output([4, 2_200_000])], answers: [new Uint8Array(35_200_000)] },
      'model-outputs-unsupported',
    ],
  ] as const)('with %s is refused, with a way out', (_what, found, code) => {
    const checked = check(found);
    expect(checked).toMatchObject({ ok: false, refusal: { code } });
    if (!checked.ok) expect(checked.refusal.message.length).toBeGreaterThan(40);
  });

  it('with bulky outputs sends as many answers as fit', () => {
    const answer = new Uint8Array(20_000_000);
    const checked = check({ outputs: [output([4, 1_250_000])], answers: [answer, answer] });
    expect(checked).toMatchObject({ ok: true, value: { units: [0] } });
  });
});

describe('a new model of several items a unit', () => {
  const moved = (l2: number, max = l2) => [
    { output: 'y', l2: 0, max: 0 },
    { output: 'z', l2, max },
  ];

  it.each<[string, ReturnType<typeof moved>, boolean]>([
    ['with equal answers', moved(0), false],
    ['with another order of sums', moved(9e-5, 9e-3), false],
    ['with answers past it by norm', moved(1.1e-4, 0), true],
    ['with answers past it by one number', moved(0, 1.1e-2), true],
    ['with answers beyond measure', moved(1e9), true],
  ])('%s is told coupled by what its items did apart', (_what, distances, coupled) => {
    expect(isCoupled({ runsAlone: true, distances })).toBe(coupled);
  });

  it('that was not tried, or in which nothing could be run, is not coupled', () => {
    expect(isCoupled(undefined)).toBe(false);
    expect(isCoupled({ runsAlone: false, distances: [] })).toBe(false);
  });

  it.each([
    [true, { type: 'coupled', job: JOB }],
    [false, { type: 'unpreparable', job: JOB, refusal: { code: 'model-outputs-unsupported' } }],
  ])('that is coupled is cut where it runs alone (%s), else refused', (runsAlone, told) => {
    const world = openFakeWorld();
    connect(world);
    receive(world, { type: 'prepare', job: JOB, draft, inputs: draft.file, units: 8 });
    const asked = world.effects.findLast((effect) => effect.type === 'prepare');
    const neighbours = { runsAlone, distances: moved(1) };
    const result = { ok: true, value: preparation({ neighbours }) } as const;
    step(world, { type: 'prepared', task: asked?.task ?? 0, result });
    expect(world.effects.findLast((effect) => effect.type === 'send')).toMatchObject({
      message: told,
    });
    expect(world.effects.filter(({ type }) => type === 'send-frame')).toEqual([]);
  });
});

describe('a new model with taps', () => {
  const taps = ['a', 'b'];
  const spec = (name: string): TensorSpec => ({ name, dtype: 'f32', shape: [4, 1] });
  const inside = (...values: number[]) =>
    new Uint8Array(Float32Array.from(values.flatMap((value) => Array(4).fill(value))).buffer);
  const checkTaps = (found: Preparation['taps']) => {
    const ran = preparation(found === undefined ? {} : { taps: found });
    return checkPreparation({ draft: { ...draft, runtime: { ...draft.runtime, taps } } }, ran);
  };

  it('is answered with its taps, each scaled by the power of two under its RMS', () => {
    const specs = taps.map(spec);
    expect(prepared(checkTaps({ specs, bytes: inside(5, 0, 5, 0) })).taps).toEqual([
      { ...specs[0], scale: 4 },
      { ...specs[1], scale: 1 },
    ]);
    const small = checkTaps({ specs, bytes: inside(1e-30, -3e38, -1e-30, 3e38) });
    const scales = prepared(small).taps?.map(({ scale }) => scale);
    for (const scale of scales ?? []) expect(Math.log2(scale)).toBe(Math.round(Math.log2(scale)));
    expect(scales?.[0]).toBeLessThanOrEqual(1e-30);
    expect(scales?.[1]).toBeGreaterThan(1e38);
  });

  it.each<[what: string, found: Preparation['taps']]>([
    ['that gave none', undefined],
    ['in another order', { specs: taps.toReversed().map(spec), bytes: inside(1, 1, 1, 1) }],
    [
      'of another dtype',
      { specs: [spec('a'), { ...spec('b'), dtype: 'f16' }], bytes: inside(1, 1, 1, 1) },
    ],
    [
      'of more than a mebibyte',
      {
        specs: [spec('a'), { ...spec('b'), shape: [4, 70_000] }],
        bytes: new Uint8Array(2 * 4 * (4 + 280_000)),
      },
    ],
  ])('%s is refused with a way out', (_what, found) => {
    expect(checkTaps(found)).toMatchObject({
      ok: false,
      refusal: { code: 'model-outputs-unsupported', message: /post the job without taps/ },
    });
  });
});
