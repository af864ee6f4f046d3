import type { Blocks, JobAbout, JobCategory } from '#protocol/api/about.ts';
import { JOB_CATEGORIES } from '#protocol/api/job-words.ts';
import type { DeveloperId, JobId } from '#protocol/values/ids.ts';

interface Named<Id> {
  id: Id;
  /** As it was called when it was blocked; absent for the operator. */
  name?: string;
}

/** What the person of this device wants no work of, with the names to show it by. */
export interface KeptBlocks {
  jobs: readonly Named<JobId>[];
  developers: readonly Named<DeveloperId>[];
  categories: readonly JobCategory[];
}

/** Nothing is blocked. */
export const KEPT_BLOCKS_NONE: KeptBlocks = { jobs: [], developers: [], categories: [] };

/** What the wire takes at most. */
const KEPT_MAX = 100;
const NAME_MAX = 120;

/** What the hub is told of it. */
export const wireBlocks = ({ jobs, developers, categories }: KeptBlocks): Blocks => ({
  jobs: jobs.map(({ id }) => id),
  developers: developers.map(({ id }) => id),
  categories: [...categories],
});

const withNew = <Id>(list: readonly Named<Id>[], entry: Named<Id>): readonly Named<Id>[] =>
  [...list.filter(({ id }) => id !== entry.id), entry].slice(-KEPT_MAX);

/** Wants no work of this job any more. */
export const blockJob = (kept: KeptBlocks, { job, name }: JobAbout): KeptBlocks => ({
  ...kept,
  jobs: withNew(kept.jobs, { id: job, name }),
});

/** Wants no work of who posted this job any more. */
export const blockDeveloper = (
  kept: KeptBlocks,
  { developer: id, developerName: name }: JobAbout,
): KeptBlocks => ({
  ...kept,
  developers: withNew(kept.developers, name === undefined ? { id } : { id, name }),
});

/** Wants work of a category, or none. */
export const switchCategory = (
  kept: KeptBlocks,
  category: JobCategory,
  wanted: boolean,
): KeptBlocks => {
  const others = kept.categories.filter((each) => each !== category);
  return { ...kept, categories: wanted ? others : [...others, category] };
};

/** Takes a block of a job or of who posted some back. */
export const unblock = (kept: KeptBlocks, id: JobId | DeveloperId): KeptBlocks => ({
  ...kept,
  jobs: kept.jobs.filter((each) => each.id !== id),
  developers: kept.developers.filter((each) => each.id !== id),
});

/** Reads stored blocks; what is damaged is left out. */
export function decodeBlocks(stored: unknown): KeptBlocks {
  if (typeof stored !== 'object' || stored === null) return KEPT_BLOCKS_NONE;
  const { jobs, developers, categories } = stored as Record<string, unknown>;
  const wanted = Array.isArray(categories) ? categories : [];
  return {
    jobs: decodeNamed<JobId>(jobs, /^job_[0-9a-f]{16}$/),
    developers: decodeNamed<DeveloperId>(developers, /^dev_[0-9a-f]{16}$/),
    categories: JOB_CATEGORIES.filter((each) => wanted.includes(each)),
  };
}

function decodeNamed<Id>(stored: unknown, form: RegExp): readonly Named<Id>[] {
  if (!Array.isArray(stored)) return [];
  const entries = stored.flatMap((entry: unknown): Named<Id>[] => {
    const { id, name } = (entry ?? {}) as Record<string, unknown>;
    if (typeof id !== 'string' || !form.test(id)) return [];
    const said = typeof name === 'string' ? { name: name.slice(0, NAME_MAX) } : {};
    return [{ id: id as Id, ...said }];
  });
  return entries.slice(-KEPT_MAX);
}
