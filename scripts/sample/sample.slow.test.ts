import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNpy } from '#protocol/tensors/npy.ts';
import { PocketgridError, type Result } from '#protocol/values/refusal.ts';
import { openRandom } from '../models/random.ts';
import { openModel } from '../models/session.ts';
import { CLASSES, DIGITS, PIXELS, readDigits, SAMPLE_FOLDER, splitDigits } from './dataset.ts';
import { exportNetwork, importNetwork } from './export.ts';
import {
  type Layer,
  measureLoss,
  openConvolution,
  openDense,
  openPool,
  openRelu,
} from './layers.ts';
import { openNetwork, type Samples } from './network.ts';
import { trainNetwork } from './training.ts';

const readSample = (name: string) => readFile(new URL(name, SAMPLE_FOLDER));

function accepted<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new PocketgridError(result.refusal);
}

const tinyWidths = { first: 3, second: 4, hidden: 6 };

/** Checks a layer's gradients against central differences of a weighted sum of its outputs. */
function checkGradients(layer: Layer, inputs: number, seed: number): void {
  const random = openRandom(seed);
  const input = Float64Array.from({ length: inputs }, () => random.normal());
  for (const { value } of layer.parameters) {
    for (let index = 0; index < value.length; index++) value[index] = random.normal();
  }
  const weights = layer.forward(input).map(() => random.normal());
  const score = () =>
    layer.forward(input).reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0);
  layer.forward(input);
  const byInput = layer.backward(weights);
  const compare = (values: Float64Array, gradient: Float64Array) => {
    for (let trial = 0; trial < 8; trial++) {
      const index = random.below(values.length);
      const before = values[index] ?? 0;
      const step = 1e-6;
      values[index] = before + step;
      const above = score();
      values[index] = before - step;
      const below = score();
      values[index] = before;
      expect(gradient[index]).toBeCloseTo((above - below) / (2 * step), 5);
    }
  };
  compare(input, byInput);
  for (const { value, gradient } of layer.parameters) compare(value, gradient);
}

describe('layers', () => {
  const layers: [string, () => Layer, number][] = [
    ['convolution', () => openConvolution('c', { from: 2, to: 3, side: 4 }), 32],
    ['relu', openRelu, 20],
    ['pool', () => openPool(3, 4), 48],
    ['dense', () => openDense('d', { from: 7, to: 5 }), 7],
  ];
  for (const [name, open, inputs] of layers) {
    it(`${name}: gradients agree with central differences`, () => {
      fc.assert(
        fc.property(fc.integer(), (seed) => checkGradients(open(), inputs, seed)),
        { numRuns: 20 },
      );
    });
  }

  it('loss: its gradient agrees with central differences', () => {
    const logit = fc.double({ min: -5, max: 5, noNaN: true });
    const logits = fc.array(logit, { minLength: CLASSES, maxLength: CLASSES });
    fc.assert(
      fc.property(logits, fc.nat(CLASSES - 1), (values, label) => {
        const at = Float64Array.from(values);
        const { gradient } = measureLoss(at, label);
        for (let index = 0; index < CLASSES; index++) {
          const moved = (by: number) => {
            const other = Float64Array.from(at);
            other[index] = (other[index] ?? 0) + by;
            return measureLoss(other, label).loss;
          };
          expect(gradient[index]).toBeCloseTo((moved(1e-6) - moved(-1e-6)) / 2e-6, 5);
        }
      }),
    );
  });
});

describe('training', () => {
  const random = openRandom(5);
  const images = Array.from({ length: 12 }, (_, item) =>
    Float64Array.from({ length: PIXELS }, () => random.uniform() * (item % 2 === 0 ? 1 : 0.2)),
  );
  const samples: Samples = {
    imageOf: (item) => images[item] ?? new Float64Array(PIXELS),
    labelOf: (item) => item % 2,
  };
  const items = images.map((_, item) => item);
  const recipe = { seed: 3, widths: tinyWidths, epochs: 30, batch: 4, rate: 1e-2, shift: 0 };

  it('gives the same bytes each time', () => {
    const short = { ...recipe, epochs: 2, shift: 1 };
    const [first, second] = [1, 2].map(() =>
      exportNetwork(trainNetwork(short, samples, { items })),
    );
    expect(first).toEqual(second);
  });

  it('lowers the loss', () => {
    const losses: number[] = [];
    trainNetwork(recipe, samples, { items, report: (_, loss) => losses.push(loss) });
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 4);
  });

  it('reads back the network it wrote', () => {
    const network = openNetwork(tinyWidths, openRandom(9));
    const bytes = exportNetwork(network);
    expect(exportNetwork(accepted(importNetwork(bytes)))).toEqual(bytes);
  });
});

describe('the committed sample', () => {
  it('holds out a fifth that training does not touch', () => {
    const { train, heldOut } = splitDigits();
    expect(heldOut).toHaveLength(359);
    expect(new Set([...train, ...heldOut]).size).toBe(DIGITS);
    expect(train.length + heldOut.length).toBe(DIGITS);
  });

  it('agrees with the data set it was made from', async () => {
    const { images, labels } = await readDigits();
    const uploaded = accepted(decodeNpy(await readSample('digits.npy')));
    expect(uploaded).toMatchObject({ dtype: 'f32', shape: [DIGITS, 1, 8, 8] });
    expect(Buffer.from(uploaded.data).equals(Buffer.from(images.buffer))).toBe(true);
    const stored = JSON.parse((await readSample('labels.json')).toString());
    expect(stored).toMatchObject({ labels, heldOut: splitDigits().heldOut });
  });

  it('runs in onnxruntime-web as the training script computed it, at 97 % or more', async () => {
    const file = await readSample('digits.onnx');
    expect(file.length).toBeLessThanOrEqual(500_000);
    const network = accepted(importNetwork(file));
    const { images, labels } = await readDigits();
    const { heldOut } = splitDigits();
    const session = await openModel(file);
    const data = Float32Array.from(
      heldOut.flatMap((item) => [...images.subarray(item * PIXELS, (item + 1) * PIXELS)]),
    );
    const outputs = await session.run({ image: { data, shape: [heldOut.length, 1, 8, 8] } });
    await session.close();
    const logits = outputs['logits'] ?? new Float32Array(0);
    expect(logits).toHaveLength(heldOut.length * CLASSES);
    let right = 0;
    let difference = 0;
    for (const [row, item] of heldOut.entries()) {
      const ours = network.forward(
        Float64Array.from(data.subarray(row * PIXELS, (row + 1) * PIXELS)),
      );
      const theirs = logits.subarray(row * CLASSES, (row + 1) * CLASSES);
      for (const [index, value] of ours.entries()) {
        difference = Math.max(difference, Math.abs(value - (theirs[index] ?? Number.NaN)));
      }
      if (theirs.indexOf(Math.max(...theirs)) === labels[item]) right += 1;
    }
    expect(difference).toBeLessThan(1e-4);
    expect(right / heldOut.length).toBeGreaterThanOrEqual(0.97);
  });
});
