import type { JobId } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Fact } from '../../core/state/facts.ts';
import type { Database, Statement } from './database/port.ts';
import { OF_JOBS } from './fact-types.ts';
import { WORD } from './words.ts';

const UNTIL = "body->>'$.keptUntil'";

/** Archived jobs by when their inputs and results go. */
export const REMOVALS: string[] = [
  `create index kept_until on fact (${UNTIL}) where type = 'job-archived'`,
];

/** What goes with the facts that say so: outputs, fingerprints, and the names of blobs. */
export const removeData = (facts: readonly Fact[]): Statement[] =>
  facts.flatMap((fact) => {
    if (fact.type !== 'data-removed') return [];
    const args = [fact.job];
    const outputs = `delete from output where number in
      (select number from fact where type = 'accepted' and job = ${WORD})`;
    return [
      { sql: outputs, args },
      { sql: `delete from blob_name where job = ${WORD}`, args },
    ];
  });

/** What `Store.expired` says. */
export async function readExpired(
  { read }: Database,
  now: Instant,
  limit: number,
): Promise<JobId[]> {
  const sql = `select word.text as job from fact join word on word.number = fact.job
    where type = 'job-archived' and ${UNTIL} <= ? and not exists
    (select 1 from fact as gone where gone.type in ${OF_JOBS} and gone.type = 'data-removed'
      and gone.job = fact.job)
    order by ${UNTIL} limit ?`;
  return (await read<{ job: JobId }>(sql, now, limit)).map(({ job }) => job);
}
