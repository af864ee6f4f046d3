import type { KeyView } from '#protocol/api/keys.ts';
import { reject } from './answer.ts';

/** How many calls may be in work: in all, and of one key, so that there is room for others. */
export interface PlaceLimits {
  most: number;
  ofKey: number;
}

/** Forms with files, of jobs and of models together, that are on their way or wait for their turn. */
const UPLOADS: PlaceLimits = { most: 64, ofKey: 32 };
/** Requests that somebody waits for. */
export const REQUESTS: PlaceLimits = { most: 1_024, ofKey: 512 };

/** Bounds calls that take long. */
export interface CallPlaces {
  /** Does the work of one call; refuses as `busy` where too many are in work. */
  hold<T>(key: Pick<KeyView, 'id'>, work: () => Promise<T>): Promise<T>;
}

/** Opens the places of a hub for one sort of calls. */
export function openCallPlaces({ most, ofKey } = UPLOADS): CallPlaces {
  const open: string[] = [];
  return {
    async hold({ id }, work) {
      const own = open.filter((each) => each === id).length;
      if (open.length >= most || own >= ofKey) {
        const message = `the hub has ${own} such calls of this key in work and ${open.length - own} others; send this one again in some seconds`;
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
