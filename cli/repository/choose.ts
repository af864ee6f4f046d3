import { posix } from 'node:path';
import type { ModelDtype, ModelLimits } from '#protocol/api/models.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { externalFiles } from '#protocol/onnx/external.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { showBytes } from '../show-bytes.ts';
import type { Entry, Repository } from './repository.ts';

/** What names of files say behind `model`, by how the weights are kept. */
const SUFFIXES: readonly (readonly [ModelDtype, string])[] = [
  ['fp32', ''],
  ['fp16', '_fp16'],
  ['q8', '_quantized'],
  ['int8', '_int8'],
  ['uint8', '_uint8'],
  ['q4', '_q4'],
  ['q4f16', '_q4f16'],
  ['bnb4', '_bnb4'],
];
/** Where they lie: as Transformers.js has them, and as Optimum writes them. */
const FOLDERS = ['onnx/', ''];
/** Files that say how a model is used. */
export const SETTINGS: readonly string[] = [
  ...['config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'],
  ...['preprocessor_config.json', 'modules.json', 'sentence_bert_config.json'],
  ...['1_Pooling/config.json', 'generation_config.json', 'chat_template.jinja'],
];
/** A file holds the graph beside its weights: so much more may it have than they may. */
const GRAPH_BYTES = 16 * 1024 * 1024;

/** An ONNX file of a repository and how its weights are kept, with the size of all it needs. */
export interface Variant {
  onnx: Entry;
  dtype?: ModelDtype;
  bytes: number;
}

/**
 * Chooses one ONNX file: that of the dtype asked for; else fp32 where it fits, else the largest that
 * fits. The refusal says which there are.
 */
export function chooseVariant(
  { title, entries, only }: Repository,
  limits: ModelLimits,
  asked?: ModelDtype,
): Result<Variant> {
  const variants = only === undefined ? listVariants(entries) : [{ onnx: only, bytes: 0 }];
  const [first] = variants;
  if (first === undefined) return refuseNone(title, entries);
  const listed = variants.map(showVariant).join(', ');
  if (asked !== undefined && only === undefined) {
    const variant = variants.find(({ dtype }) => dtype === asked);
    if (variant === undefined) {
      return refuse('request-invalid', `${title} has no ${asked}; it has ${listed}`, 'dtype');
    }
    if (variant.bytes <= limits.weightBytes + GRAPH_BYTES) return accept(variant);
    const message = `${asked} of ${title} has ${showBytes(variant.bytes)}, and the hub takes ${showBytes(limits.weightBytes)} of weights; choose another: ${listed}`;
    return refuse('model-memory', message, 'dtype');
  }
  const fitting = variants.filter(({ bytes }) => bytes <= limits.weightBytes);
  const chosen =
    fitting.find(({ dtype }) => dtype === 'fp32') ??
    fitting.toSorted((a, b) => b.bytes - a.bytes)[0];
  if (chosen !== undefined) return accept(chosen);
  const message = `the hub takes ${showBytes(limits.weightBytes)} of weights, and ${title} has ${listed}; quantise it to q4, or choose a smaller model`;
  return refuse('model-memory', message);
}

const showVariant = ({ dtype, onnx, bytes }: Variant): string =>
  `${dtype ?? onnx.path} (${showBytes(bytes)})`;

function listVariants(entries: readonly Entry[]): Variant[] {
  for (const folder of FOLDERS) {
    const found = SUFFIXES.flatMap(([dtype, suffix]) => {
      const onnx = entries.find(({ path }) => path === `${folder}model${suffix}.onnx`);
      return onnx === undefined ? [] : [{ onnx, dtype, bytes: sizeOf(onnx, entries) }];
    });
    if (found.length > 0) return found;
  }
  const all = entries.filter(({ path }) => path.endsWith('.onnx'));
  const [single] = all;
  if (single === undefined || all.length > 1) return [];
  return [{ onnx: single, bytes: sizeOf(single, entries) }];
}

/** Bytes of an ONNX file and of those beside it that are called as its data is. */
function sizeOf(onnx: Entry, entries: readonly Entry[]): number {
  const beside = entries.filter(
    ({ path }) =>
      path.startsWith(onnx.path) && /^[._]data(_\d+)?$/.test(path.slice(onnx.path.length)),
  );
  return [onnx, ...beside].reduce((sum, { bytes = 0 }) => sum + bytes, 0);
}

function refuseNone(title: string, entries: readonly Entry[]): Result<never> {
  const others = entries.filter(({ path }) => path.endsWith('.onnx')).map(({ path }) => path);
  if (others.length > 0) {
    const message = `${title} has no model.onnx, and several others: ${others.slice(0, 10).join(', ')}; download the one you want and add it by its path`;
    return refuse('model-format', message);
  }
  const source = title.startsWith('hf:') ? title.slice(3).replace(/@.*/, '') : 'OWNER/NAME';
  const message = `${title} has no ONNX files; make them, in Python: pip install optimum[onnx] && optimum-cli export onnx --model ${source} FOLDER; then: pocketgrid model add FOLDER`;
  return refuse('model-format', message);
}

/** The files that an ONNX file keeps data in, as entries of its repository. */
export function findData(
  bytes: Uint8Array,
  onnx: Entry,
  { title, entries }: Pick<Repository, 'title' | 'entries'>,
): Result<Entry[]> {
  const decoded = decodeOnnx(bytes);
  if (!decoded.ok) return decoded;
  const found: Entry[] = [];
  for (const location of externalFiles(decoded.value)) {
    const path = posix.join(posix.dirname(onnx.path), location);
    const entry = entries.find((each) => each.path === path);
    if (entry === undefined) {
      const message = `${onnx.path} keeps its data in ${location}, which ${title} has not; export the model again`;
      return refuse('model-external-data', message, location);
    }
    found.push(entry);
  }
  return accept(found);
}

/** The files that say how the model of a repository is used. */
export const findSettings = ({ entries, only }: Repository): Entry[] =>
  only === undefined ? entries.filter(({ path }) => SETTINGS.includes(path)) : [];
