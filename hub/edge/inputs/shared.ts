import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { dtypeOfOnnx, type OnnxModel } from '#protocol/onnx/model.ts';
import { shareInputs } from '#protocol/onnx/shared.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { decodeTensorLines } from '#protocol/tensors/tensor-lines.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { detectFormat } from './format.ts';
import type { InputFile } from './port.ts';
import { decodeArchive, decodeArrays } from './tensor-files.ts';

/** What a developer says that all items share, by input: numbers, nested where there are axes. */
export type SharedValues = Readonly<Record<string, unknown>>;

/**
 * The model with what all items share made part of it: numbers of the options, and tensors of the
 * files, each named for its input. Without any it is the model as it came.
 */
export function foldShared(
  file: Uint8Array,
  values: SharedValues,
  files: readonly InputFile[],
): Result<Uint8Array> {
  const decoded = decodeFiles(files);
  if (!decoded.ok) return decoded;
  const tensors = decoded.value;
  if (Object.keys(values).length === 0) return foldTensors(file, tensors);
  const model = decodeOnnx(file);
  if (!model.ok) return model;
  for (const [name, value] of Object.entries(values)) {
    const tensor = decodeValue(model.value, name, value);
    if (!tensor.ok) return tensor;
    tensors.set(name, tensor.value);
  }
  return foldTensors(file, tensors);
}

function decodeFiles(files: readonly InputFile[]): Result<Map<string, Tensor>> {
  const tensors: { file: InputFile; format: 'safetensors' | 'npy' | 'npz' }[] = [];
  for (const file of files) {
    const format = detectFormat(file);
    if (!format.ok) return format;
    if (format.value === 'image' || format.value === 'jsonl') {
      const message = `${file.name} is shared by all items, and so is safetensors, NPY or NPZ, or numbers in the option shared`;
      return refuse('input-format', message, file.name);
    }
    tensors.push({ file, format: format.value });
  }
  const [first, ...others] = tensors;
  if (first === undefined) return accept(new Map());
  return others.length === 0 ? decodeArchive(first) : decodeArrays(tensors);
}

/** The model with these inputs made constants. */
export function foldTensors(
  file: Uint8Array,
  tensors: ReadonlyMap<string, Tensor>,
): Result<Uint8Array> {
  if (tensors.size === 0) return accept(file);
  const model = decodeOnnx(file);
  if (!model.ok) return model;
  const folded = shareInputs(model.value, tensors);
  return folded.ok ? accept(encodeOnnx(folded.value)) : folded;
}

function decodeValue({ graph }: OnnxModel, name: string, value: unknown): Result<Tensor> {
  const path = `shared.${name}`;
  const type = graph.inputs.find((input) => input.name === name)?.type;
  const dtype = type?.kind === 'tensor' ? dtypeOfOnnx(type.dataType) : undefined;
  if (type?.kind !== 'tensor' || dtype === undefined) {
    const names = graph.inputs.map((input) => `"${input.name}"`).join(', ');
    const message = `The model has no input "${name}" of numbers; its inputs are ${names}.`;
    return refuse('input-name', message, path);
  }
  const line = JSON.stringify({ [name]: value });
  const decoded = decodeTensorLines([{ name, dtype, shape: type.dims ?? [] }], line);
  if (!decoded.ok)
    return refuse(decoded.refusal.code, decoded.refusal.message.replace('line 1', path), path);
  const tensor = decoded.value.tensors.get(name);
  return tensor === undefined
    ? refuse('input-empty', `${path} holds nothing`, path)
    : accept({ ...tensor, shape: tensor.shape.slice(1) });
}
