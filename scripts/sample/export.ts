import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { openGraph } from '#protocol/onnx/graph.ts';
import { intAttribute, intsAttribute } from '#protocol/onnx/model.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { openRandom } from '../models/random.ts';
import { CLASSES, SIDE } from './dataset.ts';
import { type Network, openNetwork } from './network.ts';

/** The network as ONNX: `image` f32 [batch, 1, 8, 8] in 0..1 → `logits` f32 [batch, 10]. */
export function exportNetwork(network: Network): Uint8Array {
  const graph = openGraph();
  const names = network.parameters.map(({ name, dims, value }) =>
    graph.floats(name, dims, Float32Array.from(value)),
  );
  const layer = (opType: string, input: string, number: number) =>
    graph.node(opType, [input, ...names.slice(number * 2, number * 2 + 2)], {
      attributes:
        opType === 'Conv'
          ? [intsAttribute('kernel_shape', [3, 3]), intsAttribute('pads', [1, 1, 1, 1])]
          : [intAttribute('transB', 1)],
      ...(number === 3 ? { output: 'logits' } : {}),
    });
  const first = graph.node('Relu', [layer('Conv', 'image', 0)]);
  const second = graph.node('Relu', [layer('Conv', first, 1)]);
  const pooled = graph.node('MaxPool', [second], {
    attributes: [intsAttribute('kernel_shape', [2, 2]), intsAttribute('strides', [2, 2])],
  });
  const flat = graph.node('Flatten', [pooled], { attributes: [intAttribute('axis', 1)] });
  const hidden = graph.node('Relu', [layer('Gemm', flat, 2)]);
  layer('Gemm', hidden, 3);
  return graph.encode({
    name: 'digits',
    inputs: [{ name: 'image', dtype: 'f32', dims: ['batch', 1, SIDE, SIDE] }],
    outputs: [{ name: 'logits', dtype: 'f32', dims: ['batch', CLASSES] }],
  });
}

/** Reads a network back from the ONNX file that `exportNetwork` wrote. */
export function importNetwork(file: Uint8Array): Result<Network> {
  const decoded = decodeOnnx(file);
  if (!decoded.ok) return decoded;
  const tensors = new Map(decoded.value.graph.initializers.map((tensor) => [tensor.name, tensor]));
  const widthOf = (name: string) => tensors.get(`${name}.bias`)?.dims[0] ?? 0;
  const widths = { first: widthOf('conv1'), second: widthOf('conv2'), hidden: widthOf('dense1') };
  const network = openNetwork(widths, openRandom(0));
  for (const { name, value } of network.parameters) {
    const data = tensors.get(name)?.data;
    if (data?.length !== value.length * 4) {
      return refuse('model-inputs-mismatch', `${name} is missing: give a file of sample:train`);
    }
    value.set(new Float32Array(Uint8Array.from(data).buffer));
  }
  return accept(network);
}
