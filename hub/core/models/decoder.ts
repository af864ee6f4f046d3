import type { Decoder } from '#protocol/models/decoder.ts';
import { decodeOnnxInputs } from '#protocol/onnx/decode.ts';
import { ONNX_DTYPES, type OnnxModel, type OnnxValue } from '#protocol/onnx/model.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { type ModelLimits, openModel } from './check.ts';

/** Tokens of a text on this grid at most: a device holds the keys and values of all of them. */
const CONTEXT_MAX = 1_024;
/** Rows that a step rule may add behind a text. */
const FILLERS_MAX = 4;
/** Positions of a model where nobody says how many it has. */
const POSITIONS = 2_048;
/** These look at all tokens of a run to quantise one: what comes later would change what was. */
const NOT_CAUSAL = ['DynamicQuantizeLinear', 'DynamicQuantizeMatMul', 'DynamicQuantizeLSTM'];
const TOKENS = ['input_ids', 'attention_mask', 'position_ids'];
const PAST = /^past_key_values\.(\d+)\.(key|value)$/;
const EXPORT = 'optimum-cli export onnx --task text-generation-with-past --model NAME FOLDER';

/** What the files beside a model say of texts. */
export interface TextLimits {
  /** Of `config.json`. */
  positions?: number | undefined;
  /** Tokens that end a text. */
  ends: readonly number[];
}

/** Tokens of a text of a model with so many positions. */
export const contextOf = (positions = POSITIONS): number =>
  Math.min(CONTEXT_MAX, positions - FILLERS_MAX);

/** Whether a model takes a cache, as those that write text do. */
export function writesText(bytes: Uint8Array): boolean {
  const inputs = decodeOnnxInputs(bytes);
  return inputs.ok && inputs.value.some(({ name }) => PAST.test(name));
}

/**
 * Checks an ONNX file of a model that writes text: tokens and a cache in, logits and the cache out,
 * under the names of Hugging Face's exports. A refusal names the rule and the way out.
 */
export function checkDecoder(
  bytes: Uint8Array,
  limits: ModelLimits,
  { positions, ends }: TextLimits,
): Result<Decoder> {
  const opened = openModel(bytes, limits);
  if (!opened.ok) return opened;
  const { model, survey } = opened.value;
  const blind = NOT_CAUSAL.find((op) => [...survey.operators].some((each) => each.endsWith(op)));
  if (blind !== undefined) {
    const message = `${blind} looks at later tokens to quantise a row, so that a text cannot be checked; quantise by token, or use weights of 4 or 8 bits with activations of 32`;
    return refuse('model-outputs-unsupported', message, blind);
  }
  const cache = findCache(model);
  if (!cache.ok) return cache;
  const vocab = sizesOf(model.graph.outputs.find(({ name }) => name === 'logits')).at(-1);
  if (typeof vocab !== 'number' || vocab < 1) {
    const message = `A model that writes text has an output "logits" of [batch, tokens, vocabulary]; export it as ${EXPORT}.`;
    return refuse('model-outputs-unsupported', message, 'logits');
  }
  const context = contextOf(positions);
  return accept({ ...cache.value, vocab, context, ends: [...ends] });
}

/** The keys and values that a model takes and gives: all of one shape, in f32. */
function findCache({ graph }: OnnxModel): Result<Pick<Decoder, 'layers' | 'kvHeads' | 'headDim'>> {
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const fed = graph.inputs.filter(({ name }) => !constants.has(name));
  const past = fed.filter(({ name }) => PAST.test(name));
  const odd = fed.find(({ name }) => !PAST.test(name) && !TOKENS.includes(name));
  const no = (what: string, path: string) =>
    refuse('model-inputs-mismatch', `${what}; export it as ${EXPORT}.`, path);
  if (odd !== undefined) return no(`Nothing is known to feed to "${odd.name}"`, odd.name);
  const names = new Set(fed.map(({ name }) => name));
  if (past.length === 0 || !names.has('input_ids') || !names.has('attention_mask')) {
    return no('The model has no past_key_values beside input_ids and attention_mask', 'model');
  }
  const [, kvHeads, , headDim] = sizesOf(past[0]);
  const isAlike = past.every((value) => {
    const sizes = sizesOf(value);
    return sizes.length === 4 && sizes[1] === kvHeads && sizes[3] === headDim && isFloat(value);
  });
  if (!isAlike || typeof kvHeads !== 'number' || typeof headDim !== 'number') {
    return no(
      'past_key_values are to be f32 of [batch, heads, tokens, numbers], all alike',
      'model',
    );
  }
  const given = new Set(graph.outputs.map(({ name }) => name));
  const lost = past.find(({ name }) => !given.has(name.replace('past_key_values', 'present')));
  if (lost !== undefined) return no(`The model does not give ${lost.name} back`, lost.name);
  return accept({ layers: past.length / 2, kvHeads, headDim });
}

const sizesOf = (value: OnnxValue | undefined) =>
  value?.type.kind === 'tensor' ? (value.type.dims ?? []) : [];
const isFloat = ({ type }: OnnxValue): boolean =>
  type.kind === 'tensor' && type.dataType === ONNX_DTYPES.f32;
