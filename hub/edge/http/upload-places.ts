import type { KeyView } from '#protocol/api/keys.ts';
import { reject } from './answer.ts';

/** Forms that are on their way or wait for their turn. */
const UPLOADS_MAX = 64;
/** Of one key, so that there is room for others. */
const UPLOADS_OF_KEY_MAX = 32;

/** Bounds forms with files, of jobs and of models together. */
export interface UploadPlaces {
  /** Does the work of one form; refuses as `busy` where too many are on their way. */
  hold<T>(key: Pick<KeyView, 'id'>, work: () => Promise<T>): Promise<T>;
}

/** Opens the places of a hub. */
export function openUploadPlaces(): UploadPlaces {
  const open: string[] = [];
  return {
    async hold({ id }, work) {
      const own = open.filter((each) => each === id).length;
      if (open.length >= UPLOADS_MAX || own >= UPLOADS_OF_KEY_MAX) {
        const message = `the hub is taking ${own} uploads of this key and ${open.length - own} others; send this one again in a minute`;
        return reject('busy', message);
      }
      open.push(id);
      try {
        return await work();
      } finally {
        open.splice(open.indexOf(id), 1);
      }
    },
  };
}

/** Does one work after the other, whatever comes of those before. */
export function openTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
