import { detectFileKind, type FileKind } from '#protocol/files/file-kind.ts';
import { decodeText } from '#protocol/files/text.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { isSettings } from '../inputs/model-files.ts';
import type { InputFile } from '../inputs/port.ts';

type Json = Readonly<Record<string, unknown>>;

/** The JSON files of a model as it is published, as far as tasks need them. */
export interface Settings {
  /** `config.json`: kind and labels of the model. */
  config?: Json;
  /** `tokenizer.json`. */
  tokenizer?: Json;
  /** `tokenizer_config.json`. */
  tokenizerConfig?: Json;
  /** `generation_config.json`: tokens that end a text. */
  generation?: Json;
  /** `chat_template.jinja`, where the template is a file of its own. */
  chatTemplate?: string;
  /** `preprocessor_config.json`: how pictures become tensors. */
  preprocessor?: Json;
  /** `1_Pooling/config.json` of Sentence Transformers. */
  pooling?: Json;
  /** `sentence_bert_config.json`. */
  sentences?: Json;
  /** Of `modules.json`: the kinds of layers behind the graph, such as `Normalize`. */
  modules?: string[];
}

/** A model as it is published: files of the graph, and its settings. */
export interface Repository {
  model: InputFile[];
  settings: Settings;
}

/** Fields by which a JSON file is known; what it is called says less: two are `config.json`. */
type Known = Exclude<keyof Settings, 'modules' | 'chatTemplate'>;

const PREPROCESSOR = [
  ...['image_processor_type', 'feature_extractor_type', 'do_resize', 'do_rescale'],
  ...['do_normalize', 'image_mean'],
];
const KNOWN: readonly [Known, (json: Json) => boolean][] = [
  ['tokenizer', (json) => isObject(json['model']) && 'pre_tokenizer' in json],
  ['pooling', (json) => Object.keys(json).some((key) => key.startsWith('pooling_mode'))],
  ['preprocessor', (json) => PREPROCESSOR.some((key) => key in json)],
  ['config', (json) => 'model_type' in json],
  ['tokenizerConfig', (json) => 'tokenizer_class' in json || 'model_max_length' in json],
  ['sentences', (json) => 'max_seq_length' in json],
  ['generation', (json) => 'eos_token_id' in json],
];

/** Files of a repository that no task needs: words about it, and its weights in other formats. */
const BESIDE = new Set<FileKind>([
  ...(['text', 'csv', 'html', 'xml', 'svg', 'pdf', 'png', 'jpeg'] as const),
  ...(['safetensors', 'pytorch', 'pickle', 'hdf5', 'tflite', 'gguf', 'ort', 'openvino'] as const),
]);
const BESIDE_NAMES = /\.(?:model|txt|md|py)$|^\.git|(?:^|\/)LICENSE$/i;

/** A file of settings is no longer. */
export const SETTINGS_BYTES_MAX = 64 * 1024 * 1024;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Tells the settings of a model from the files of its graph; refuses where there is no graph. */
export function openRepository(files: readonly InputFile[]): Result<Repository> {
  const repository = sortRepository(files);
  if (!repository.ok || repository.value.model.length > 0) return repository;
  const message = `none of ${files.map(({ name }) => name).join(', ')} is an ONNX model; make one: optimum-cli export onnx --model NAME FOLDER`;
  return refuse('model-format', message.slice(0, 600), 'model');
}

/** Tells the settings of a model from the files of its graph, of which there may be none, by what is in them. */
export function sortRepository(files: readonly InputFile[]): Result<Repository> {
  const repository: Repository = { model: [], settings: {} };
  const from = new Map<Known, string>();
  for (const file of files) {
    if (/(?:^|\/)chat_template\.jinja$/.test(file.name)) {
      repository.settings.chatTemplate = new TextDecoder().decode(file.bytes);
      continue;
    }
    if (!isSettings(file)) {
      if (!isBeside(file)) repository.model.push(file);
      continue;
    }
    const json = readJson(file);
    if (!json.ok) return json;
    if (Array.isArray(json.value)) {
      const kinds = json.value.flatMap((each: unknown) => (isObject(each) ? each['type'] : []));
      const texts = kinds.filter((kind) => typeof kind === 'string');
      repository.settings.modules = texts.map((kind) => kind.slice(kind.lastIndexOf('.') + 1));
      continue;
    }
    const known = KNOWN.find(([, is]) => is(json.value as Json))?.[0];
    // Others, of training or of generating, say nothing that a task needs.
    if (known === undefined) continue;
    const twin = from.get(known);
    if (twin !== undefined) {
      const message = `${twin} and ${file.name} say the same of a model; send the files of one repository`;
      return refuse('request-invalid', message, file.name);
    }
    from.set(known, file.name);
    repository.settings[known] = json.value as Json;
  }
  return accept(repository);
}

const isBeside = ({ name, bytes }: InputFile): boolean =>
  BESIDE_NAMES.test(name) || BESIDE.has(detectFileKind(bytes));

function readJson({ name, bytes }: InputFile): Result<Json | unknown[]> {
  if (bytes.length > SETTINGS_BYTES_MAX) {
    return refuse('model-too-big', `${name} has more than 64 MiB; leave it out`, name);
  }
  const text = decodeText(bytes);
  try {
    const value: unknown = text.ok ? JSON.parse(text.value) : undefined;
    if (isObject(value) || Array.isArray(value)) return accept(value);
  } catch {
    // Told below.
  }
  return refuse('model-format', `${name} is not whole JSON; download it again`, name);
}
