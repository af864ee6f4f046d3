import { expect, it } from 'vitest';
import { decodeOnnx } from './decode.ts';
import { encodeOnnx } from './encode.ts';
import { graphAttribute, intsAttribute, type OnnxModel, type OnnxNode } from './model.ts';
import { lowerVersions } from './versions.ts';

const node = (opType: string, over: Partial<OnnxNode> = {}): OnnxNode => ({
  ...{ name: '', opType, domain: '', inputs: ['x'], outputs: ['y'], attributes: [], ...over },
});
const graphOf = (...nodes: OnnxNode[]) => ({
  ...{ name: 'g', nodes, initializers: [], sparseInitializers: [], inputs: [], outputs: [] },
});
const model = (irVersion: number, opset: number, ...nodes: OnnxNode[]): OnnxModel => ({
  ...{ irVersion, producerName: '', functions: [], graph: graphOf(...nodes) },
  opsetImports: [
    { domain: 'ai.onnx.ml', version: 5 },
    { domain: '', version: opset },
  ],
});
const versions = ({ irVersion, opsetImports }: OnnxModel) => [
  irVersion,
  ...opsetImports.map(({ version }) => version),
];

it('a model of newer versions is one of the runtime where none of its operators changed', () => {
  expect(versions(lowerVersions(model(14, 28, node('MatMul'))))).toEqual([13, 5, 26]);
  expect(
    versions(lowerVersions(model(10, 27, node('Range', { domain: 'com.microsoft' })))),
  ).toEqual([10, 5, 26]);
});

it('a model keeps its opset where an operator changed, inside a branch too, or is not known', () => {
  const inner = node('If', { attributes: [graphAttribute('then_branch', graphOf(node('Cast')))] });
  for (const used of [node('Cast'), inner]) {
    expect(versions(lowerVersions(model(14, 28, used)))).toEqual([13, 5, 28]);
  }
  expect(versions(lowerVersions(model(10, 29, node('MatMul'))))).toEqual([10, 5, 29]);
});

it('a model that the runtime loads is left as it is', () => {
  const loaded = model(13, 26, node('Cast'));
  expect(lowerVersions(loaded)).toBe(loaded);
});

it('the largest 64-bit integer of an attribute is kept, though no double holds it', () => {
  const ends = [2 ** 63, -(2 ** 63), 7];
  const sent = model(8, 9, node('Slice', { attributes: [intsAttribute('ends', ends)] }));
  const bytes = encodeOnnx(sent);
  const largest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
  expect(Buffer.from(bytes).includes(Buffer.from(largest))).toBe(true);
  expect(decodeOnnx(bytes)).toEqual({ ok: true, value: sent });
  const inexact = model(8, 9, node('Slice', { attributes: [intsAttribute('ends', [2 ** 60])] }));
  expect(() => encodeOnnx(inexact)).toThrow(/cannot be changed without loss/);
});
