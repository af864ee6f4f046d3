import { type GraphBuilder, openGraph } from '#protocol/onnx/graph.ts';
import { intAttribute, intsAttribute } from '#protocol/onnx/model.ts';
import { openRandom, type Random } from './random.ts';
import { drawWeights } from './weights.ts';

export interface MobileNetConfig {
  /** Pixels a side. */
  side: number;
  classes: number;
  /** Multiplies every channel count. */
  width: number;
}

/** MobileNetV2 as published: 3.5 million parameters. */
export const MOBILENET: MobileNetConfig = { side: 224, classes: 1000, width: 1 };

/** Table 2 of Sandler et al. (2018): expansion, channels, repeats, first stride. */
const STAGES = [
  { expansion: 1, channels: 16, repeats: 1, stride: 1 },
  { expansion: 6, channels: 24, repeats: 2, stride: 2 },
  { expansion: 6, channels: 32, repeats: 3, stride: 2 },
  { expansion: 6, channels: 64, repeats: 4, stride: 2 },
  { expansion: 6, channels: 96, repeats: 3, stride: 1 },
  { expansion: 6, channels: 160, repeats: 3, stride: 2 },
  { expansion: 6, channels: 320, repeats: 1, stride: 1 },
] as const;
const STEM = 32;
const HEAD = 1280;

interface Builder {
  graph: GraphBuilder;
  random: Random;
  convolutions: number;
}

/**
 * MobileNetV2 with batch normalisation folded into the convolutions and weights drawn from a seed:
 * `image` f32 [batch, 3, side, side] → `logits` f32 [batch, classes].
 */
export function buildMobileNetV2(
  seed: number,
  { side, classes, width }: MobileNetConfig = MOBILENET,
): { model: Uint8Array; parameters: number } {
  const builder: Builder = { graph: openGraph(), random: openRandom(seed), convolutions: 0 };
  const { graph, random } = builder;
  const scale = (channels: number) => Math.max(8, Math.round((channels * width) / 8) * 8);
  let channels = scale(STEM);
  let values = addConvolution(builder, 'image', { from: 3, to: channels, kernel: 3, stride: 2 });
  for (const stage of STAGES) {
    const to = scale(stage.channels);
    for (let repeat = 0; repeat < stage.repeats; repeat++) {
      const stride = repeat === 0 ? stage.stride : 1;
      values = addBlock(builder, values, {
        from: channels,
        to,
        stride,
        expansion: stage.expansion,
      });
      channels = to;
    }
  }
  // The last layer is widened by more than one, never narrowed, as published.
  const head = width > 1 ? scale(HEAD) : HEAD;
  values = addConvolution(builder, values, { from: channels, to: head, kernel: 1, stride: 1 });
  const pooled = graph.node('Flatten', [graph.node('GlobalAveragePool', [values])], {
    attributes: [intAttribute('axis', 1)],
  });
  const weight = drawWeights(random, classes * head, 1 / Math.sqrt(head));
  graph.node(
    'Gemm',
    [
      pooled,
      graph.floats('classes.weight', [classes, head], weight),
      graph.floats('classes.bias', [classes], drawWeights(random, classes, 0.02)),
    ],
    { attributes: [intAttribute('transB', 1)], output: 'logits' },
  );
  const model = graph.encode({
    name: 'mobilenet-v2',
    inputs: [{ name: 'image', dtype: 'f32', dims: ['batch', 3, side, side] }],
    outputs: [{ name: 'logits', dtype: 'f32', dims: ['batch', classes] }],
  });
  return { model, parameters: graph.parameterCount() };
}

interface Convolution {
  from: number;
  to: number;
  kernel: 1 | 3;
  stride: number;
  depthwise?: boolean;
  /** Without ReLU6: the end of a bottleneck. */
  linear?: boolean;
}

/** Widen, filter each channel by itself, narrow; added to the input where the shape is the same. */
function addBlock(
  builder: Builder,
  input: string,
  block: { from: number; to: number; stride: number; expansion: number },
): string {
  const { from, to, stride, expansion } = block;
  const wide = from * expansion;
  const widened =
    expansion === 1
      ? input
      : addConvolution(builder, input, { from, to: wide, kernel: 1, stride: 1 });
  const filtered = addConvolution(builder, widened, {
    from: wide,
    to: wide,
    kernel: 3,
    stride,
    depthwise: true,
  });
  const narrowed = addConvolution(builder, filtered, {
    from: wide,
    to,
    kernel: 1,
    stride: 1,
    linear: true,
  });
  return stride === 1 && from === to ? builder.graph.node('Add', [narrowed, input]) : narrowed;
}

function addConvolution(builder: Builder, input: string, convolution: Convolution): string {
  const { graph, random } = builder;
  const { from, to, kernel, stride, depthwise = false, linear = false } = convolution;
  const name = `conv${builder.convolutions}`;
  builder.convolutions += 1;
  const perGroup = depthwise ? 1 : from;
  const fanIn = perGroup * kernel ** 2;
  const deviation = Math.sqrt((linear ? 1 : 2) / fanIn);
  const weight = drawWeights(random, to * fanIn, deviation);
  const pad = (kernel - 1) / 2;
  const output = graph.node(
    'Conv',
    [
      input,
      graph.floats(`${name}.weight`, [to, perGroup, kernel, kernel], weight),
      graph.floats(`${name}.bias`, [to], drawWeights(random, to, 0.02)),
    ],
    {
      attributes: [
        intsAttribute('kernel_shape', [kernel, kernel]),
        intsAttribute('strides', [stride, stride]),
        intsAttribute('pads', [pad, pad, pad, pad]),
        intAttribute('group', depthwise ? from : 1),
      ],
    },
  );
  if (linear) return output;
  const low = graph.floats(`${name}.low`, [], Float32Array.of(0));
  const high = graph.floats(`${name}.high`, [], Float32Array.of(6));
  return graph.node('Clip', [output, low, high]);
}
