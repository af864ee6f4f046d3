import { type GraphBuilder, openGraph } from '#protocol/onnx/graph.ts';
import { intAttribute, intsAttribute } from '#protocol/onnx/model.ts';
import { openRandom, type Random } from './random.ts';
import { drawWeights } from './weights.ts';

/** What a model of patches ends in: classes of the picture, vectors, or classes and a box a patch. */
export type PatchEnd = { classes: number } | 'vectors' | { objects: number };

const CHANNELS = 3;
const PATCH = 8;
const BOX = 4;

interface Builder {
  graph: GraphBuilder;
  random: Random;
  hidden: number;
}

/**
 * A small model of pictures as it is published: `pixel_values` f32 [batch, channels, height, width],
 * any height and width that hold a patch of 8 pixels → `logits`; or `last_hidden_state` and
 * `pooler_output`; or, with a `pixel_mask`, `logits` and `pred_boxes` of each patch. Its weights are
 * drawn from a seed.
 */
export function buildPatches(seed: number, hidden: number, end: PatchEnd): Uint8Array {
  const builder: Builder = { graph: openGraph(), random: openRandom(seed), hidden };
  const { graph } = builder;
  const patches = addPatches(builder);
  const axes = ['batch_size', 'num_channels', 'height', 'width'];
  const inputs = [{ name: 'pixel_values', dtype: 'f32' as const, dims: axes }];
  const output = (name: string, ...dims: (string | number)[]) => ({
    ...{ name, dtype: 'f32' as const, dims: ['batch_size', ...dims] },
  });
  if (end === 'vectors') {
    graph.node('Identity', [patches], { output: 'last_hidden_state' });
    graph.node('Tanh', [addMean(builder, patches)], { output: 'pooler_output' });
    const outputs = [
      output('last_hidden_state', 'patches', hidden),
      output('pooler_output', hidden),
    ];
    return graph.encode({ name: 'patches', inputs, outputs });
  }
  if ('classes' in end) {
    addLinear(builder, addMean(builder, patches), { to: end.classes, output: 'logits' });
    return graph.encode({ name: 'patches', inputs, outputs: [output('logits', end.classes)] });
  }
  const seen = addMask(builder, patches);
  addLinear(builder, seen, { to: end.objects, output: 'logits' });
  const boxes = addLinear(builder, seen, { to: BOX });
  graph.node('Sigmoid', [boxes], { output: 'pred_boxes' });
  return graph.encode({
    name: 'patches',
    inputs: [
      ...inputs,
      { name: 'pixel_mask', dtype: 'i64', dims: ['batch_size', 'mask_height', 'mask_width'] },
    ],
    outputs: [output('logits', 'queries', end.objects), output('pred_boxes', 'queries', BOX)],
  });
}

/** A vector of each patch: [batch, patches, hidden]. */
function addPatches({ graph, random, hidden }: Builder): string {
  const width = CHANNELS * PATCH * PATCH;
  const weight = drawWeights(random, hidden * width, 1 / Math.sqrt(width));
  const weights = graph.floats('patch.weight', [hidden, CHANNELS, PATCH, PATCH], weight);
  const bias = graph.floats('patch.bias', [hidden], drawWeights(random, hidden, 0.1));
  const cut = graph.node('Conv', ['pixel_values', weights, bias], {
    attributes: [
      intsAttribute('kernel_shape', [PATCH, PATCH]),
      intsAttribute('strides', [PATCH, PATCH]),
    ],
  });
  const flat = graph.node('Reshape', [cut, graph.integers('flat', [0, hidden, -1])]);
  const rows = graph.node('Transpose', [flat], { attributes: [intsAttribute('perm', [0, 2, 1])] });
  return graph.node('Tanh', [rows]);
}

const addMean = ({ graph }: Builder, patches: string): string =>
  graph.node('ReduceMean', [patches], {
    attributes: [intsAttribute('axes', [1]), intAttribute('keepdims', 0)],
  });

/** Nothing where the mask says that there is no picture. */
function addMask({ graph }: Builder, patches: string): string {
  const share = graph.node(
    'ReduceMean',
    [graph.node('Cast', ['pixel_mask'], { attributes: [intAttribute('to', 1)] })],
    { attributes: [intsAttribute('axes', [1, 2]), intAttribute('keepdims', 1)] },
  );
  return graph.node('Mul', [patches, share]);
}

function addLinear(
  { graph, random, hidden }: Builder,
  input: string,
  { to, output }: { to: number; output?: string },
): string {
  const name = `linear${to}`;
  const weight = graph.floats(`${name}.weight`, [hidden, to], drawWeights(random, hidden * to, 2));
  const bias = graph.floats(`${name}.bias`, [to], drawWeights(random, to, 0.1));
  const product = graph.node('MatMul', [input, weight]);
  return graph.node('Add', [product, bias], output === undefined ? {} : { output });
}
