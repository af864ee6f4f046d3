import type { JobId, Root } from '#protocol/values/ids.ts';
import type { Fact } from '../../core/state/facts.ts';
import type { Database, Statement } from './database/port.ts';
import { OF_JOBS } from './fact-types.ts';
import { WORD } from './words.ts';

/**
 * Where outputs of archived jobs lie, and the archived jobs whose outputs have not been looked at: made of
 * facts, and written with them.
 */
export const SEGMENTS: readonly string[] = [
  `create table segment (job integer, first integer, end integer, shards integer, root text,
    primary key (job, first)) without rowid`,
  'create index segment_root on segment (root)',
  'create table outputs_due (job integer primary key)',
  `insert or ignore into outputs_due select job from fact where type = 'job-archived'
    and not exists (select 1 from fact as gone where gone.type in ${OF_JOBS}
      and gone.type = 'data-removed' and gone.job = fact.job)`,
];

/** A segment, as its row has it. */
export interface SegmentRow {
  first: number;
  end: number;
  shards: number;
  root: Root;
}

/** What these facts say of where outputs lie, in their order. */
export const followOutputs = (facts: readonly Fact[]): Statement[] =>
  facts.flatMap((fact): Statement[] => {
    switch (fact.type) {
      case 'job-archived':
        return [
          say('insert or ignore into outputs_due select number from word where text = ?', fact.job),
        ];
      case 'data-removed':
        return [say(`delete from segment where job = ${WORD}`, fact.job), endDue(fact.job)];
      case 'outputs-kept':
        return fact.segment === undefined
          ? [endDue(fact.job)]
          : keepSegment(fact.job, fact.segment);
      default:
        return [];
    }
  });

const say = (sql: string, ...args: readonly (string | number)[]): Statement => ({ sql, args });
const endDue = (job: JobId) => say(`delete from outputs_due where job = ${WORD}`, job);

/**
 * Of a job whose data went meanwhile, nothing is kept. Rows go only where a segment has their bytes:
 * this one, by its root.
 */
function keepSegment(job: JobId, { first, end, shards, root }: SegmentRow): Statement[] {
  const insert = `insert or ignore into segment (first, end, shards, root, job)
    select ?, ?, ?, ?, job from outputs_due where job = ${WORD}`;
  const remove = `delete from output where number >= ? and number < ?
    and (select fact.job from fact where fact.number = output.number) =
      (select job from segment where first = ? and root = ? and job = ${WORD})`;
  return [say(insert, first, end, shards, root, job), say(remove, first, end, first, root, job)];
}

/** Whether outputs lie in this blob. */
export const namesSegment = async ({ read }: Database, root: Root): Promise<boolean> =>
  (await read('select job from segment where root = ? limit 1', root)).length > 0;

/** Segments of a job, by its number among words, that may have facts of these numbers. */
export const readSegments = (
  { read }: Database,
  { job, first, last }: { job: number; first: number; last: number },
): Promise<SegmentRow[]> =>
  read(
    `select first, end, shards, root from segment where job = ? and first <= ? and end > ?
      order by first`,
    ...[job, last, first],
  );
