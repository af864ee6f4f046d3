import { accept, PocketgridError, type Result, refuse } from '../values/refusal.ts';
import { inputsOnly, model } from './format.ts';
import type { OnnxModel, OnnxValue } from './model.ts';
import { fail, openWire, type WireReader } from './wire.ts';

/**
 * Decodes an ONNX file. Tensor data are views of `bytes`: nothing is copied. Any bytes at all give
 * a model or a refusal (`model-truncated`, `model-too-big`), never an exception.
 *
 * Stricter than protocol buffers in one way: a part that must come once and comes twice is refused,
 * because a runtime would merge the two and run something else than what we checked.
 */
export const decodeOnnx = (bytes: Uint8Array): Result<OnnxModel> => readWhole(bytes, readModel);

/** The inputs of an ONNX file, by a walk that skips all else: microseconds for any weights. */
export const decodeOnnxInputs = (bytes: Uint8Array): Result<OnnxValue[]> =>
  readWhole(bytes, (reader) => inputsOnly.read(reader).graph?.inputs ?? []);

function readWhole<T>(bytes: Uint8Array, read: (reader: WireReader) => T): Result<T> {
  try {
    return accept(read(openWire(bytes)));
  } catch (cause) {
    if (cause instanceof PocketgridError) return { ok: false, refusal: cause.refusal };
    return refuse(
      'model-truncated',
      'This is not an ONNX model, or it was cut off on the way. Upload the complete .onnx file.',
    );
  }
}

function readModel(reader: WireReader): OnnxModel {
  const { graph, ...found } = model.read(reader);
  if (graph === undefined) return fail('it has no graph');
  if (found.opsetImports.length === 0) return fail('it names no opset, so it seems cut off');
  return { ...found, graph };
}
