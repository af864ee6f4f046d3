import { openBoundedMap } from '#node/bounded-map.ts';
import type { ModelFile } from '#protocol/api/models.ts';
import { must, type Result } from '#protocol/values/refusal.ts';
import type { BlobStore } from '../blobs/port.ts';
import { readModelFiles } from '../inputs/model-files.ts';
import { SETTINGS_BYTES_MAX, type Settings, sortRepository } from './repository.ts';

type Blobs = Pick<BlobStore, 'read'>;

/** Reads the settings of a model that the hub keeps, and not its weights. Throws what is wrong with them. */
export async function readSettings(files: readonly ModelFile[], blobs: Blobs): Promise<Settings> {
  const kept = files.filter(({ blob }) => blob.length <= SETTINGS_BYTES_MAX);
  return must(sortRepository(await readModelFiles({ kept }, blobs))).settings;
}

/** Opens something of a model's settings, and keeps what was opened first of at most so many models. */
export function keepOpened<T>(
  most: number,
  open: (settings: Settings) => Result<T>,
): (files: readonly ModelFile[], blobs: Blobs) => Promise<T> {
  const opened = openBoundedMap<string, T>(most);
  return async (files, blobs) => {
    const place = files.map(({ blob }) => blob.root).join();
    const known = opened.get(place) ?? must(open(await readSettings(files, blobs)));
    opened.set(place, known);
    return known;
  };
}
