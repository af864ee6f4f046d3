import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { sha256 } from '#protocol/bytes/digest.ts';
import { compareTensors } from '#protocol/checks/comparison.ts';
import { FINGERPRINT_BYTES_MAX, projectTaps } from '#protocol/checks/fingerprint.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { makeDecoy } from '#protocol/onnx/decoys/decoy.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxModel } from '#protocol/onnx/model.ts';
import { listResiduals } from '#protocol/onnx/residuals.ts';
import { addTaps, removeTaps } from '#protocol/onnx/taps.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';
import { makeMiniLmInputs, makeMobileNetInputs } from '../models/inputs.ts';
import { buildMiniLm } from '../models/minilm.ts';
import { buildMobileNetV2 } from '../models/mobilenet.ts';
import { runOnce } from '../models/session.ts';

const BERT = { layers: 4, hidden: 32, heads: 4, vocab: 100, seq: 16 };
const ITEMS = 3;

const decode = (bytes: Uint8Array): OnnxModel => must(decodeOnnx(bytes));

const tap = (model: OnnxModel) => must(addTaps(model));

const run = (model: OnnxModel, inputs: Record<string, Tensor>) =>
  runOnce(encodeOnnx(model), inputs);

const picture = (): Tensor => {
  const values = Float32Array.from({ length: ITEMS * 64 }, (_, place) => Math.abs(Math.sin(place)));
  return { dtype: 'f32', shape: [ITEMS, 1, 8, 8], data: new Uint8Array(values.buffer) };
};

const SUBJECTS = [
  {
    name: 'an encoder',
    open: async () => decode(buildMiniLm(5, BERT).model),
    inputs: makeMiniLmInputs(5, { ...BERT, items: ITEMS }),
    output: 'embedding',
    channels: [32, 32, 32, 32],
  },
  {
    name: 'a MobileNet',
    open: async () => decode(buildMobileNetV2(5, { side: 32, classes: 10, width: 0.25 }).model),
    inputs: makeMobileNetInputs(5, { side: 32, items: ITEMS }),
    output: 'logits',
    channels: [8, 16, 24, 40],
  },
  {
    name: 'the digits network, by its layers',
    open: async () => decode(new Uint8Array(await readFile('public/sample/digits.onnx'))),
    inputs: { image: picture() },
    output: 'logits',
    channels: [48, 64, 64, 10],
  },
];

describe.each(SUBJECTS)('taps of $name', ({ open, inputs, output, channels }) => {
  it('are means for each item and channel, and leave the outputs as they were', async () => {
    const model = await open();
    const tapped = tap(model);
    const outputs = await run(tapped.model, inputs);
    const lengths = tapped.taps.map((name) => (outputs[name]?.length ?? 0) / ITEMS);
    expect(lengths).toEqual(channels);
    for (const name of tapped.taps) expect(outputs[name]?.every(Number.isFinite)).toBe(true);
    expect(outputs[output]).toEqual((await run(model, inputs))[output]);
  });

  it('give a fingerprint of 256 bytes that tells an int8 decoy from the model', async () => {
    const model = await open();
    const decoy = makeDecoy('int8-channel', model);
    if ('reason' in decoy) throw new Error(decoy.reason);
    const prints: Uint8Array[] = [];
    for (const each of [model, decoy.model]) {
      const tapped = tap(each);
      const outputs = await run(tapped.model, inputs);
      const taps = tapped.taps.map((name) => outputs[name] ?? new Float32Array(0));
      const scales = taps.map((tap) => Math.max(...tap.map(Math.abs)));
      prints.push(projectTaps(taps, sha256(new Uint8Array(1)), scales));
    }
    const [right, wrong] = prints;
    expect(right).toHaveLength(FINGERPRINT_BYTES_MAX);
    const bytes = new Uint8Array(0);
    // A half has 11 bits: honest noise of 1e-6 is lost in it, weights of 8 bits are not.
    expect(compareTensors(wrong ?? bytes, right ?? bytes, 'f16').l2).toBeGreaterThan(1e-3);
  });
});

describe('a graph', () => {
  const model = decode(buildMiniLm(5, BERT).model);
  const { graph } = model;

  it('that has no layers, or far too many nodes, is refused taps with a sentence', () => {
    const [node] = graph.nodes;
    if (node === undefined) throw new Error('no nodes');
    for (const nodes of [[], Array.from({ length: 5_001 }, () => node)]) {
      expect(addTaps({ ...model, graph: { ...graph, nodes } })).toMatchObject({
        ok: false,
        refusal: { code: 'model-outputs-unsupported', message: /Post it without taps/ },
      });
    }
  });

  it('with taps has fewer blocks a decoy could skip, and all of them once they are removed', () => {
    const { model: tapped, taps } = tap(model);
    const blocks = listResiduals(graph);
    expect(listResiduals(tapped.graph).length).toBeLessThan(blocks.length);
    expect(listResiduals(removeTaps(tapped, taps).graph)).toEqual(blocks);
  });

  it('with a value called tap0 keeps it; the taps get other names', () => {
    const outputs = [...graph.outputs, ...graph.outputs.map((each) => ({ ...each, name: 'tap0' }))];
    const last = graph.nodes.at(-1);
    const copy = { name: 'copy', opType: 'Identity', domain: '', attributes: [] };
    const nodes = [...graph.nodes, { ...copy, inputs: last?.outputs ?? [], outputs: ['tap0'] }];
    const { taps } = tap({ ...model, graph: { ...graph, nodes, outputs } });
    expect(taps).toEqual(['tap_0', 'tap_1', 'tap_2', 'tap_3']);
  });
});
