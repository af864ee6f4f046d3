import * as v from 'valibot';
import { readBlobRange } from '#client/blobs.ts';
import { listModels, readModelStats, removeModel } from '#client/models.ts';
import type { ModelView } from '#protocol/api/models.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import type { ModelSettings } from '../../core/model-facts.ts';
import { openHub } from '../hub.ts';
import { postModel } from './upload.ts';

/** A longer file of settings says nothing that is shown here. */
const SETTINGS_BYTES_MAX = 4 * 1024 * 1024;

const Config = v.object({
  architectures: v.fallback(v.array(v.string()), []),
  id2label: v.fallback(v.record(v.string(), v.string()), {}),
});
const Mask = v.union([v.string(), v.pipe(v.object({ content: v.string() }), v.transform(textOf))]);
const Tokenizer = v.object({ mask_token: v.fallback(v.nullish(Mask), undefined) });

function textOf({ content }: { content: string }): string {
  return content;
}

/** What the pages of developers ask of the models that a hub keeps. */
export const modelCalls = {
  fetchModels: (key: string) => listModels(openHub(key)),
  fetchModelStats: (key: string) => readModelStats(openHub(key)),
  postModel,
  removeModel: (key: string, name: string) => removeModel(openHub(key), name),

  /** What the settings of a model say; a model without any says nothing. */
  async fetchSettings(key: string, { files }: ModelView): Promise<Result<ModelSettings>> {
    const [config, tokenizer] = await Promise.all([
      readSettings(key, files, { path: 'config.json', schema: Config }),
      readSettings(key, files, { path: 'tokenizer_config.json', schema: Tokenizer }),
    ]);
    if (!config.ok) return config;
    if (!tokenizer.ok) return tokenizer;
    const mask = tokenizer.value?.mask_token;
    return accept({
      files: files.map(({ name }) => name),
      architectures: config.value?.architectures ?? [],
      labels: Object.values(config.value?.id2label ?? {}),
      ...(typeof mask === 'string' && { mask }),
    });
  },
};

/** One JSON file of a model; undefined where it has none, or none that is known here. */
async function readSettings<S extends v.GenericSchema>(
  key: string,
  files: ModelView['files'],
  { path, schema }: { path: string; schema: S },
): Promise<Result<v.InferOutput<S> | undefined>> {
  const file = files.find(({ name }) => name === path);
  if (file === undefined || file.blob.length > SETTINGS_BYTES_MAX) return accept(undefined);
  const { root, length } = file.blob;
  const bytes = await readBlobRange(openHub(key), { root, offset: 0, length });
  // Removed meanwhile: what the names of the files say is enough to go on.
  if (!bytes.ok && bytes.refusal.code === 'blob-unknown') return accept(undefined);
  if (!bytes.ok) return bytes;
  const decoded = decodeJson(schema, new TextDecoder().decode(bytes.value));
  return accept(decoded.ok ? decoded.value : undefined);
}
