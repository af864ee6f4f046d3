import { detectFileKind } from '#protocol/files/file-kind.ts';
import { describeForeign } from '#protocol/files/foreign.ts';
import { MODEL_FILE_BYTES_MAX, MODEL_PEAK_BYTES_MAX } from '#protocol/messages/control.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import {
  dtypeOfOnnx,
  nameOnnxType,
  type OnnxDimension,
  type OnnxModel,
  type OnnxValue,
} from '#protocol/onnx/model.ts';
import { RUNTIME_VERSIONS } from '#protocol/onnx/versions.ts';
import type { Dtype } from '#protocol/tensors/tensor.ts';
import { accept, type RefusalCode, type Result, refuse } from '#protocol/values/refusal.ts';
import { findBatch } from './batch.ts';
import { type GraphSurvey, surveyGraph } from './graph.ts';

/** What a model may cost. */
export interface ModelLimits {
  fileBytes: number;
  /** Estimated peak memory on a device; see `estimatePeak`. */
  peakBytes: number;
}

/** The largest model a hub takes: bytes of its file, and its estimated peak memory. */
export const MODEL_LIMITS: ModelLimits = {
  fileBytes: MODEL_FILE_BYTES_MAX,
  peakBytes: MODEL_PEAK_BYTES_MAX,
};

/** An input or output; a symbolic dimension is a string, '' where it has no name. */
export interface ModelValue {
  name: string;
  dtype: Dtype;
  /** Absent for an output whose rank only a run tells. Inputs always have it. */
  dims?: readonly OnnxDimension[];
}

/** An input of a model, its shape known. */
export interface ModelInput extends Required<ModelValue> {
  /** Counts the items; undefined where an item has all of the input. */
  axis: number | undefined;
}

/** What the hub knows of a model before anything runs it. */
export interface ModelFacts {
  inputs: readonly ModelInput[];
  outputs: readonly ModelValue[];
  /** Bytes of all constants. */
  weightBytes: number;
  peakBytes: number;
  opset: number;
  /** Distinct operators, sorted; those outside the standard domain as `domain:Operator`. */
  ops: readonly string[];
  /** The items per run the model was exported for, where it was fixed. */
  fixedBatch?: number;
  /** Whether an output has its items elsewhere than on its first axis. */
  movesOut: boolean;
  /** Whether a loop has no constant count of rounds: it is to be bounded at `LOOP_TRIPS_MAX`. */
  openLoops: boolean;
}

/** The newest versions of operator domains that onnxruntime-web 1.30.0 was seen to load. */
const DOMAIN_VERSIONS: Readonly<Record<string, number>> = {
  'ai.onnx': RUNTIME_VERSIONS.opset,
  'ai.onnx.ml': 5,
  'ai.onnx.training': 1,
  'ai.onnx.preview.training': 1,
  'com.microsoft': 1,
  'com.microsoft.experimental': 1,
  'com.microsoft.nchwc': 1,
  'com.ms.internal.nhwc': 1,
  'org.pytorch.aten': 1,
};
const VALUES_MAX = 16;
const NAME_MAX = 200;
const RANK_MAX = 8;

/** The runtime's own memory: the wasm module's heap before any model, with room for activations. */
const RUNTIME_BYTES = 32 * 1024 ** 2;

/** A session keeps the file's weights and a packed copy of them while it loads. */
export const estimatePeak = (weightBytes: number): number => 2 * weightBytes + RUNTIME_BYTES;

/** The most bytes of weights for an estimated peak of so many. */
export const weightsWithin = (peakBytes: number): number =>
  Math.floor((peakBytes - RUNTIME_BYTES) / 2);

/**
 * Checks an ONNX file by the rules of the grid. A refusal names the rule and the way out.
 * `batchAxis` names the axis that counts items by the input's name, where the model does not tell.
 */
export function checkModel(
  bytes: Uint8Array,
  limits: ModelLimits,
  batchAxis: Readonly<Record<string, number>> = {},
): Result<ModelFacts> {
  const opened = openModel(bytes, limits);
  if (!opened.ok) return opened;
  const { model, survey, peakBytes, opset } = opened.value;
  const outputs = checkOutputs(model);
  if (!outputs.ok) return outputs;
  const inputs = checkInputs(model, outputs.value, batchAxis);
  if (!inputs.ok) return inputs;
  return accept({
    ...inputs.value,
    outputs: outputs.value,
    weightBytes: survey.weightBytes,
    openLoops: survey.openLoops,
    peakBytes,
    opset,
    ops: [...survey.operators].sort(),
  });
}

/** A model that the runtime of the grid may load, and what was found in it. */
export interface OpenModel {
  model: OnnxModel;
  survey: GraphSurvey;
  /** Estimated. */
  peakBytes: number;
  /** Of the standard operators. */
  opset: number;
}

/** Reads an ONNX file, and refuses one that no device could load, whatever it is for. */
export function openModel(bytes: Uint8Array, limits: ModelLimits): Result<OpenModel> {
  if (bytes.length > limits.fileBytes) {
    return refuse(
      'model-too-big',
      `The model is ${megabytes(bytes.length)} and the limit is ${megabytes(limits.fileBytes)}. Use a smaller or quantised variant (4-bit weights are an eighth of f32).`,
    );
  }
  const decoded = decodeOnnx(bytes);
  if (!decoded.ok) return refuseForeign(bytes) ?? decoded;
  const model = decoded.value;
  const versions = checkVersions(model);
  if (!versions.ok) return versions;
  const [local] = model.functions;
  if (local !== undefined) {
    return refuse(
      'model-operator-domain',
      `The model defines its own function "${local.name}"; phones run only standard operators. Inline it: onnx.inliner.inline_local_functions(model).`,
      local.name,
    );
  }
  const survey = surveyGraph(model.graph);
  if (survey.refusal !== undefined) return { ok: false, refusal: survey.refusal };
  const peakBytes = estimatePeak(survey.weightBytes);
  if (peakBytes > limits.peakBytes) {
    return refuse(
      'model-memory',
      `With ${megabytes(survey.weightBytes)} of weights the model needs about ${megabytes(peakBytes)} of a device's memory, over the budget of ${megabytes(limits.peakBytes)}. Use a smaller or 4-bit variant (MatMulNBits), or raise the hub's budget.`,
    );
  }
  return accept({ model, survey, peakBytes, opset: versions.value });
}

/** Names what was sent in place of a model, where its bytes tell. */
function refuseForeign(bytes: Uint8Array): Result<never> | undefined {
  const kind = detectFileKind(bytes);
  if (kind === 'onnx' || kind === 'unknown') return undefined;
  const code = kind === 'empty' ? 'model-truncated' : 'model-format';
  return refuse(code, `The model ${describeForeign(kind, 'model')}.`);
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** The version of the standard operators; 0 where the model imports none. */
function checkVersions({ irVersion, opsetImports }: OnnxModel): Result<number> {
  const named = opsetImports.map(({ domain, version }) => ({
    domain: domain || 'ai.onnx',
    version,
  }));
  const odd = named.find(({ domain, version }) => {
    const newest = DOMAIN_VERSIONS[domain];
    return newest !== undefined && !(version >= 1 && version <= newest);
  });
  if (odd !== undefined || !(irVersion >= 1 && irVersion <= RUNTIME_VERSIONS.ir)) {
    const { domain, version } = odd ?? {};
    const found =
      odd === undefined
        ? `IR version ${irVersion}; 1 to ${RUNTIME_VERSIONS.ir}`
        : `version ${version} of the operators of ${domain}; 1 to ${DOMAIN_VERSIONS[odd.domain]}`;
    const lower =
      domain === 'ai.onnx' ? 'model = onnx.version_converter.convert_version(model, 17); ' : '';
    const way =
      odd === undefined || lower !== ''
        ? `In Python: ${lower}model.ir_version = 8; onnx.save(model, "lower.onnx")`
        : `Export it for ${domain} ${DOMAIN_VERSIONS[odd.domain]}`;
    return refuse(
      'model-opset',
      `The model uses ${found} are what the runtime of the grid loads. ${way}.`,
    );
  }
  return accept(named.find(({ domain }) => domain === 'ai.onnx')?.version ?? 0);
}

type BatchFacts = Pick<ModelFacts, 'inputs' | 'fixedBatch' | 'movesOut'>;

function checkInputs(
  { graph }: OnnxModel,
  outputs: readonly ModelValue[],
  asked: Readonly<Record<string, number>>,
): Result<BatchFacts> {
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const fed = graph.inputs.filter(({ name }) => !constants.has(name));
  const code = 'model-inputs-mismatch';
  if (fed.length === 0 || fed.length > VALUES_MAX) {
    return refuse(
      code,
      `The model has ${fed.length} inputs that are not constants; 1 to ${VALUES_MAX} are supported. Export it with its data as inputs.`,
    );
  }
  const inputs: Required<ModelValue>[] = [];
  for (const value of fed) {
    const checked = checkValue(value, { code, what: 'Input' });
    if (!checked.ok) return checked;
    const { name, dtype, dims } = checked.value;
    if (dims === undefined) {
      return refuse(
        code,
        `Input "${name}" does not say how many dimensions it has. Export with input shapes, the first one the batch.`,
        name,
      );
    }
    inputs.push({ name, dtype, dims });
  }
  if (new Set(inputs.map(({ name }) => name)).size !== inputs.length) {
    return refuse(code, 'Two inputs have the same name. Export the model with distinct names.');
  }
  return findBatch(inputs, outputs, asked);
}

function checkOutputs({ graph }: OnnxModel): Result<ModelValue[]> {
  const code = 'model-outputs-unsupported';
  if (graph.outputs.length === 0 || graph.outputs.length > VALUES_MAX) {
    return refuse(
      code,
      `The model has ${graph.outputs.length} outputs; 1 to ${VALUES_MAX} are supported. Export only what you need.`,
    );
  }
  const outputs: ModelValue[] = [];
  for (const value of graph.outputs) {
    const checked = checkValue(value, { code, what: 'Output' });
    if (!checked.ok) return checked;
    outputs.push(checked.value);
  }
  return accept(outputs);
}

/** The rules inputs and outputs share: a named dense tensor of a dtype we carry. */
function checkValue(
  { name, type }: OnnxValue,
  { code, what }: { code: RefusalCode; what: string },
): Result<ModelValue> {
  const no = (problem: string) => refuse(code, `${what} "${name}" ${problem}`, name);
  if (name === '' || name.length > NAME_MAX) {
    return no(
      `has a name of ${name.length} characters; 1 to ${NAME_MAX} are supported. Rename it.`,
    );
  }
  if (type.kind !== 'tensor') {
    return no(
      `is no tensor (${type.kind}). Export the model with plain tensors as its ends; of scikit-learn with to_onnx(model, x, options={"zipmap": False}).`,
    );
  }
  const dtype = dtypeOfOnnx(type.dataType);
  if (dtype === undefined) {
    return no(
      `is of type ${nameOnnxType(type.dataType)}, which the grid does not carry. Convert it to one of f64, f32, f16, i64, i32, i16, i8, u8, bool; do text outside the model.`,
    );
  }
  if (type.dims === undefined) return accept({ name, dtype });
  if (type.dims.length > RANK_MAX) {
    return no(
      `has ${type.dims.length} dimensions; at most ${RANK_MAX} are supported. Reshape it in the model.`,
    );
  }
  if (what === 'Output' && type.dims.includes(0)) {
    return no('has a dimension of 0 and holds nothing. Export it without.');
  }
  // Some exporters write −1 where they mean "any".
  const dims = type.dims.map((size) => (typeof size === 'number' && size < 0 ? '' : size));
  return accept({ name, dtype, dims });
}
