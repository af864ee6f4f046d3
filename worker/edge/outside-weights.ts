import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxTensor } from '#protocol/onnx/model.ts';

/** Smaller tensors stay in the graph: the runtime looks at them while it infers shapes. */
const OUTSIDE_BYTES_MIN = 16 * 1024;
/** The name by which a graph knows its own file. */
const FILE = 'model';

/** A model as a runtime takes it: its graph, and the file that its weights are read out of. */
export interface OutsideWeights {
  graph: Uint8Array;
  externalData: { path: string; data: Uint8Array }[];
}

/**
 * A graph that names its weights as external data, which lie in the model's own file: nothing is
 * copied. A runtime that parses a whole file holds its weights twice or three times, and of external
 * data once. A file that cannot be read stays whole: the runtime says what is wrong.
 */
export function putWeightsOutside(file: Uint8Array): OutsideWeights {
  const decoded = decodeOnnx(file);
  const whole = { graph: file, externalData: [] };
  if (!decoded.ok) return whole;
  const { graph, functions } = decoded.value;
  // Of functions we keep too little to write them again.
  if (functions.length > 0 || !graph.initializers.some(liesRaw)) return whole;
  const initializers = graph.initializers.map((tensor): OnnxTensor => {
    if (!liesRaw(tensor)) return tensor;
    const { data, ...rest } = tensor;
    const offset = data.byteOffset - file.byteOffset;
    const external = { location: FILE, offset, length: data.length };
    return { ...rest, data: new Uint8Array(0), external };
  });
  return {
    graph: encodeOnnx({ ...decoded.value, graph: { ...graph, initializers } }),
    externalData: [{ path: FILE, data: file }],
  };
}

const liesRaw = ({ storage, data, external }: OnnxTensor): boolean =>
  storage === 'raw' && external === undefined && data.length >= OUTSIDE_BYTES_MIN;
