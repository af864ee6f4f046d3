import {
  ONNX_DTYPES,
  type OnnxModel,
  type OnnxTensor,
  type OnnxValue,
  rawTensor,
} from '../model.ts';

const MASK = 'attention_mask';

/**
 * The model on the first half of its input alone: the second half of the last axis reads as zeros.
 * Where there is an attention mask, only that is cut, so that the tokens are left out, not
 * replaced. Undefined where no input has a last axis of known length.
 */
export function truncateInputs(model: OnnxModel): OnnxModel | undefined {
  const { graph } = model;
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const fed = graph.inputs.filter(({ name }) => !constants.has(name));
  const chosen = fed.some(({ name }) => name === MASK)
    ? fed.filter(({ name }) => name === MASK)
    : fed;
  const cuts = chosen.flatMap((input) => {
    const keep = maskFor(input);
    return keep === undefined ? [] : [{ input: input.name, keep }];
  });
  if (cuts.length === 0) return undefined;
  const renamed = new Map(cuts.map(({ input }) => [input, `${input}/first-half`]));
  const masking = cuts.map(({ input, keep }) => ({
    name: `${input}/cut`,
    opType: 'Mul',
    domain: '',
    inputs: [input, keep.name],
    outputs: [renamed.get(input) ?? input],
    attributes: [],
  }));
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => renamed.get(name) ?? name),
  }));
  const initializers = [...graph.initializers, ...cuts.map(({ keep }) => keep)];
  return { ...model, graph: { ...graph, nodes: [...masking, ...nodes], initializers } };
}

/** Ones, then zeros, along the last axis; it is broadcast over the others. */
function maskFor({ name, type }: OnnxValue): OnnxTensor | undefined {
  const length = type.kind === 'tensor' ? type.dims?.at(-1) : undefined;
  if (type.kind !== 'tensor' || typeof length !== 'number' || length < 2) return undefined;
  if ((type.dims?.length ?? 0) < 2) return undefined;
  const ones = Array.from({ length }, (_, place) => (place < Math.ceil(length / 2) ? 1 : 0));
  const tensor = (dtype: 'f32' | 'i64', values: Float32Array | BigInt64Array) =>
    rawTensor(`${name}/keep`, { dtype, dims: [length], data: new Uint8Array(values.buffer) });
  if (type.dataType === ONNX_DTYPES.f32) return tensor('f32', Float32Array.from(ones));
  if (type.dataType === ONNX_DTYPES.i64) return tensor('i64', BigInt64Array.from(ones, BigInt));
  return undefined;
}
