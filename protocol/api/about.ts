import * as v from 'valibot';
import { isPictureTask, TaskName } from '../tasks/task.ts';
import { DeveloperId, JobId } from '../values/ids.ts';
import { plainLine } from '../values/plain-line.ts';
import { JOB_CATEGORIES } from './job-words.ts';
import { ModelName } from './models.ts';

/** What a job is about, roughly: contributors may leave a category out. */
export const JobCategory = v.picklist(
  JOB_CATEGORIES,
  `expected one of ${JOB_CATEGORIES.join(', ')}`,
);
export type JobCategory = v.InferOutput<typeof JobCategory>;

/** What a job computes, in one sentence of its developer. */
export const JobPurpose = plainLine(200);

/** Who posted a job and what it computes, for those who compute it. */
export const JobAbout = v.strictObject({
  job: JobId,
  name: v.string(),
  /** Whose key it was posted with. */
  developer: DeveloperId,
  /** What the operator calls that key; absent where it is an operator's own. */
  developerName: v.exactOptional(v.string()),
  category: JobCategory,
  /** What its developer says; absent where he said nothing. */
  purpose: v.exactOptional(JobPurpose),
  task: v.exactOptional(TaskName),
  /** The model of the hub that it was made of. */
  model: v.exactOptional(ModelName),
});
export type JobAbout = v.InferOutput<typeof JobAbout>;

/** The category of a job whose developer named none. */
export function categoryOf(task: TaskName | undefined): JobCategory {
  if (task === undefined) return 'other';
  return isPictureTask(task) ? 'vision' : 'language';
}

const BLOCKS_MAX = 100;
const few = (what: string) => `block at most ${BLOCKS_MAX} ${what}`;

/** What a device computes nothing of, as its person chose. */
export const Blocks = v.strictObject({
  jobs: v.pipe(v.array(JobId), v.maxLength(BLOCKS_MAX, few('jobs'))),
  developers: v.pipe(v.array(DeveloperId), v.maxLength(BLOCKS_MAX, few('developers'))),
  categories: v.pipe(v.array(JobCategory), v.maxLength(JOB_CATEGORIES.length)),
});
export type Blocks = v.InferOutput<typeof Blocks>;

/** Nothing is blocked. */
export const BLOCKS_NONE: Blocks = { jobs: [], developers: [], categories: [] };

/** Whether any job could be blocked by these. */
export const blocksAny = ({ jobs, developers, categories }: Blocks): boolean =>
  jobs.length + developers.length + categories.length > 0;

/** Whether a job is blocked. */
export const isBlocked = (
  { jobs, developers, categories }: Blocks,
  about: Pick<JobAbout, 'job' | 'developer' | 'category'>,
): boolean =>
  jobs.includes(about.job) ||
  developers.includes(about.developer) ||
  categories.includes(about.category);
