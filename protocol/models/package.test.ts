import { expect, test } from 'vitest';
import { digestRecord } from '../bytes/digest.ts';
import type { Root } from '../values/ids.ts';
import { bytes, millis } from '../values/units.ts';
import {
  digestPackage,
  PACKAGE_FORMAT,
  type PackageManifest,
  REFERENCE_LANE,
  unitCost,
  withMeasured,
} from './package.ts';

const file = { root: 'ab'.repeat(32) as Root, length: bytes(1_000) };
const MANIFEST: PackageManifest = {
  format: PACKAGE_FORMAT,
  name: 'digits',
  variants: [{ dtype: 'f32', file, needs: [] }],
  runtime: {
    kind: 'graph',
    inputs: [{ name: 'x', dtype: 'f32', shape: [4, 8] }],
    outputs: [{ name: 'y', dtype: 'f32', shape: [4, 10] }],
    unitItems: 4,
    reference: REFERENCE_LANE,
    comparators: [{ output: 'y', l2: 1e-4, max: 1e-3 }],
    taps: [{ name: 'tap0', dtype: 'f32', shape: [4, 3], scale: 0.5 }],
  },
  providers: ['wasm'],
  knownAnswers: [{ inputs: file, outputs: file }],
  peakBytes: bytes(2_000),
  referenceUnitMs: millis(1.25),
};
const id = digestPackage(MANIFEST);

test('the id of a package ignores what a job or a measurement says', () => {
  const { runtime } = MANIFEST;
  const measured = { peakBytes: bytes(9), referenceUnitMs: millis(7), taps: runtime.taps };
  const others: PackageManifest[] = [
    { ...MANIFEST, name: 'numbers', knownAnswers: [], providers: ['webgpu'] },
    { ...MANIFEST, runtime: { ...runtime, comparators: [] } },
    withMeasured(MANIFEST, measured),
    withMeasured(MANIFEST, {
      ...measured,
      taps: runtime.taps.map((tap) => ({ ...tap, scale: 4 })),
    }),
  ];
  for (const other of others) expect(digestPackage(other)).toBe(id);
});

test('the id of a package follows all that is executed', () => {
  const { runtime } = MANIFEST;
  const [input] = runtime.inputs;
  if (input === undefined) throw new Error('no input');
  const runtimes: PackageManifest['runtime'][] = [
    { ...runtime, unitItems: 8 },
    { ...runtime, inputs: [{ ...input, shape: [4, 9] }] },
    { ...runtime, outputs: [{ ...input, name: 'y' }] },
    { ...runtime, reference: { ...REFERENCE_LANE, graphOptimization: 'basic' } },
    { ...runtime, taps: [] },
  ];
  const other = { ...file, root: 'cd'.repeat(32) as Root };
  const ids = [
    ...runtimes.map((changed) => digestPackage({ ...MANIFEST, runtime: changed })),
    digestPackage({ ...MANIFEST, variants: [{ dtype: 'f32', file: other, needs: [] }] }),
  ];
  expect(new Set([id, ...ids]).size).toBe(ids.length + 1);
});

test('a package of an older format keeps the id it had', () => {
  const second = { ...MANIFEST, format: 'pocketgrid/package@2' as const };
  expect(digestPackage(second)).toBe(digestRecord(second));
  const { runtime, ...rest } = { ...MANIFEST, format: 'pocketgrid/package@1' as const };
  const { kind, ...graph } = runtime;
  const first = digestPackage({ ...rest, runtime });
  expect(first).toBe(digestRecord({ ...rest, ...graph, runtime: kind }));
});

test('a unit costs whole microseconds, and one at least', () => {
  const costs = [0, 0.0001, 0.0104, 1.25, 2.0005].map((ms) =>
    unitCost({ referenceUnitMs: millis(ms) }),
  );
  expect(costs).toEqual([1, 1, 10, 1_250, 2_001]);
});
