import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { DECOY_NAMES, type DecoyName, makeDecoy } from '#protocol/onnx/decoys/decoy.ts';
import { listWeights, quantizeWeights } from '#protocol/onnx/decoys/weights.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxModel } from '#protocol/onnx/model.ts';
import { listResiduals } from '#protocol/onnx/residuals.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';
import { makeMiniLmInputs, makeMobileNetInputs } from '../models/inputs.ts';
import { buildMiniLm } from '../models/minilm.ts';
import { buildMobileNetV2 } from '../models/mobilenet.ts';
import { runOnce } from '../models/session.ts';

const BERT = { layers: 4, hidden: 32, heads: 4, vocab: 100, seq: 16 };

const decode = (bytes: Uint8Array): OnnxModel => must(decodeOnnx(bytes));

async function readDigitsModel(): Promise<OnnxModel> {
  return decode(new Uint8Array(await readFile('public/sample/digits.onnx')));
}

async function run(model: OnnxModel, inputs: Record<string, Tensor>): Promise<Float32Array> {
  const outputs = await runOnce(encodeOnnx(model), inputs);
  return Object.values(outputs)[0] ?? new Float32Array(0);
}

const picture = (side: number, channels: number): Tensor => {
  const values = Float32Array.from({ length: 2 * channels * side * side }, (_, place) =>
    Math.abs(Math.sin(place + 1)),
  );
  return { dtype: 'f32', shape: [2, channels, side, side], data: new Uint8Array(values.buffer) };
};

const SUBJECTS: {
  name: string;
  open: () => Promise<OnnxModel>;
  inputs: Record<string, Tensor>;
  blocks: number;
  without: DecoyName[];
}[] = [
  {
    name: 'an encoder',
    open: async () => decode(buildMiniLm(5, BERT).model),
    inputs: makeMiniLmInputs(5, { ...BERT, items: 3 }),
    blocks: 8,
    without: [],
  },
  {
    name: 'a MobileNet',
    open: async () => decode(buildMobileNetV2(5, { side: 32, classes: 10, width: 0.25 }).model),
    inputs: makeMobileNetInputs(5, { side: 32, items: 2 }),
    // Ten as published; at a quarter of the width the first block keeps its shape as well.
    blocks: 11,
    without: [],
  },
  {
    name: 'the digits network',
    open: readDigitsModel,
    inputs: { image: picture(8, 1) },
    blocks: 0,
    without: ['skipped-quarter', 'early-exit'],
  },
];

describe.each(SUBJECTS)('decoys of $name', ({ open, inputs, blocks, without }) => {
  it('are made where the model has such a short cut, and say why where not', async () => {
    const model = await open();
    expect(listResiduals(model.graph)).toHaveLength(blocks);
    const missing = DECOY_NAMES.filter((name) => 'reason' in makeDecoy(name, model));
    expect(missing).toEqual(without);
  });

  it('load in the runtime, keep the shape of the output and change its values', async () => {
    const model = await open();
    const right = await run(model, inputs);
    const seen = new Set([String(right)]);
    for (const name of DECOY_NAMES) {
      const decoy = makeDecoy(name, model);
      if ('reason' in decoy) continue;
      const wrong = await run(decoy.model, inputs);
      expect(wrong, name).toHaveLength(right.length);
      expect(wrong.every(Number.isFinite), name).toBe(true);
      seen.add(String(wrong));
    }
    // Each differs from the model and from every other.
    expect(seen.size).toBe(1 + DECOY_NAMES.length - without.length);
  });

  it('leave the model they are made of as it was', async () => {
    const model = await open();
    const before = encodeOnnx(model);
    for (const name of DECOY_NAMES) makeDecoy(name, model);
    expect(Buffer.compare(encodeOnnx(model), before)).toBe(0);
  });
});

describe('a skipped layer', () => {
  it('is not computed: its weights are gone from the file', () => {
    const model = decode(buildMiniLm(5, BERT).model);
    const weights = (name: DecoyName) => {
      const decoy = makeDecoy(name, model);
      return 'model' in decoy ? listWeights(decoy.model.graph).length : 0;
    };
    const whole = listWeights(model.graph).length;
    expect(weights('skipped-quarter')).toBeLessThan(whole);
    expect(weights('early-exit')).toBeLessThan(weights('skipped-quarter'));
  });
});

describe('quantised weights', () => {
  const oneLayer = (values: Float32Array, dims: number[]): OnnxModel => ({
    ...decode(buildMobileNetV2(1, { side: 32, classes: 2, width: 0.1 }).model),
    graph: {
      name: 'one',
      nodes: [
        {
          name: 'product',
          opType: 'MatMul',
          domain: '',
          inputs: ['x', 'w'],
          outputs: ['y'],
          attributes: [],
        },
      ],
      initializers: [
        { name: 'w', dataType: 1, dims, storage: 'raw', data: new Uint8Array(values.buffer) },
      ],
      sparseInitializers: [],
      inputs: [],
      outputs: [],
    },
  });
  const weightOf = (model: OnnxModel) =>
    new Float32Array(
      Uint8Array.from(model.graph.initializers[0]?.data ?? new Uint8Array(0)).buffer,
    );

  it('are at most half a step away, with a scale of their own for each group', () => {
    const value = fc.float({ min: -8, max: 8, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 12, maxLength: 12 }), (list) => {
        const values = Float32Array.from(list);
        // [4 terms, 3 channels]: columns are channels.
        const rounded = weightOf(quantizeWeights(oneLayer(values, [4, 3]), 7, 'channel'));
        for (let channel = 0; channel < 3; channel += 1) {
          const places = [0, 1, 2, 3].map((term) => term * 3 + channel);
          const step = Math.max(...places.map((place) => Math.abs(values[place] ?? 0))) / 7;
          for (const place of places) {
            const error = Math.abs((rounded[place] ?? 0) - (values[place] ?? 0));
            expect(error).toBeLessThanOrEqual(step / 2 + 1e-6);
          }
        }
      }),
    );
  });

  it('share a scale within a block of terms alone', () => {
    // One channel of four terms in two blocks: the small block keeps its small step.
    const values = Float32Array.of(100, -50, 0.07, -0.03);
    const rounded = weightOf(quantizeWeights(oneLayer(values, [4, 1]), 7, { block: 2 }));
    expect(rounded[2]).toBeCloseTo(0.07, 6);
    expect(rounded[3]).toBeCloseTo(-0.03, 6);
    const together = weightOf(quantizeWeights(oneLayer(values, [4, 1]), 7, 'tensor'));
    expect([together[2], Math.abs(together[3] ?? 1)]).toEqual([0, 0]);
  });
});
