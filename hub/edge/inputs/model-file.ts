import { detectFileKind } from '#protocol/files/file-kind.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { mergeExternal } from '#protocol/onnx/external.ts';
import { chooseOutputs } from '#protocol/onnx/outputs.ts';
import { lowerVersions } from '#protocol/onnx/versions.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { InputFile } from './port.ts';

/** The ONNX file that a job runs, and what its developer should know of how it was made. */
export interface ModelFile {
  file: Uint8Array;
  notes: Reason[];
}

/**
 * Makes one ONNX file of what was sent as the model: the file itself, or one with the data of others
 * put in, and with the outputs that were asked for. What cannot be decoded is left to the check.
 */
export function assembleModel(
  files: readonly InputFile[],
  outputs?: readonly string[],
): Result<ModelFile> {
  const main = findModel(files);
  if (!main.ok) return main;
  const decoded = decodeOnnx(main.value.bytes);
  if (!decoded.ok) return accept({ file: main.value.bytes, notes: [] });
  const merged = mergeExternal(
    decoded.value,
    files.filter((file) => file !== main.value),
  );
  if (!merged.ok) return merged;
  const chosen = chooseOutputs(merged.value, outputs);
  if (!chosen.ok) return chosen;
  const { left } = chosen.value;
  const model = lowerVersions(chosen.value.model);
  const isAsSent = files.length === 1 && model === merged.value;
  return accept({
    file: isAsSent ? main.value.bytes : encodeOnnx(model),
    notes:
      left.length === 0 ? [] : [why('outputs-left-out', { names: left.join(', ').slice(0, 600) })],
  });
}

/** The one file that is ONNX by its bytes. */
function findModel(files: readonly InputFile[]): Result<InputFile> {
  const [first, ...others] = files;
  const models = files.filter(({ bytes }) => detectFileKind(bytes) === 'onnx');
  const [only = others.length === 0 ? first : undefined, second] = models;
  if (only === undefined) {
    const sent = files.map(({ name }) => name).join(', ') || 'the files';
    const message = `none of ${sent} is an ONNX model; send the .onnx file as \`model\`, and beside it only files with its data`;
    return refuse('model-format', message, 'model');
  }
  if (second === undefined) return accept(only);
  const message = `${only.name} and ${second.name} are models; a job has one, so post a job for each`;
  return refuse('request-invalid', message, second.name);
}
