import { nearNames } from '#node/near-names.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import {
  ModelName,
  type ModelOptions,
  type ModelView,
  splitModelName,
} from '#protocol/api/models.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { ModelStore } from '../store/models.ts';
import { reject } from './answer.ts';

/** What one key may keep, so that there is room for others. */
export const MODELS_OF_KEY_MAX = 100;
export const MODEL_BYTES_OF_KEY_MAX = 8 * 1024 ** 3;

type Models = Pick<ModelStore, 'find' | 'list' | 'held'>;

/** The model of an id, or of an id and a revision; refuses with near names where there is none. */
export async function findModel(models: Models, name: string): Promise<ModelView> {
  const decoded = decodeWith(ModelName, name, 'model-unknown');
  const { id, revision } = splitModelName(name);
  const model = decoded.ok ? await models.find(id, revision) : undefined;
  return model ?? unknown(models, name.slice(0, 200));
}

async function unknown(models: Models, name: string): Promise<never> {
  const all = await models.list();
  const names = all.flatMap(({ id, revision }) => (revision ? [id, `${id}@${revision}`] : [id]));
  const near = nearNames(name, names);
  const way =
    near.length === 0
      ? 'GET /v1/models lists those there are, and POST /v1/models adds one'
      : `near names are ${near.join(', ')}`;
  return reject('model-unknown', `this hub has no model ${name}; ${way}`, 'model');
}

/** Refuses what takes the id of another key's models, so that nobody runs what a stranger named. */
export async function checkOwner(
  models: Models,
  { name }: Pick<ModelOptions, 'name'>,
  key: Pick<KeyView, 'id' | 'role'>,
): Promise<void> {
  const newest = await models.find(name);
  if (newest === undefined || newest.owned_by === key.id || key.role === 'operator') return;
  const message = `${name} is a model of another key; add yours under another name`;
  reject('model-exists', message, 'name');
}

/** Refuses one more model where its key keeps as many, or as many bytes, as one may. */
export async function checkRoom(
  models: Models,
  key: Pick<KeyView, 'id' | 'name'>,
  bytes: number,
): Promise<void> {
  const held = await models.held(key.id);
  if (held.models >= MODELS_OF_KEY_MAX || held.bytes + bytes > MODEL_BYTES_OF_KEY_MAX) {
    const message = `the key "${key.name}" keeps ${held.models} models of ${held.bytes} bytes, and may keep ${MODELS_OF_KEY_MAX} of ${MODEL_BYTES_OF_KEY_MAX}; remove one (DELETE /v1/models/…)`;
    reject('models-full', message);
  }
}
