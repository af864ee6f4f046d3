import type { EndedJobView } from '#protocol/settlement/money-api.ts';
import type { Fact } from '../../core/state/facts.ts';
import type { Database, Statement } from './database/port.ts';
import type { FactReader } from './fact-reader.ts';
import { FACT, type FactRow } from './fact-rows.ts';
import { IS_VOID, OF_JOBS } from './fact-types.ts';
import type { Store } from './port.ts';
import { WORD } from './words.ts';

const NUMBER = "body->>'$.earned.view.number'";

/** Shards of archived jobs that earn, by job and by device. */
export const EARNINGS: string[] = [
  `create table earning (job text, sequence integer, device text, primary key (job, sequence))
    without rowid`,
  'create index earning_device on earning (device, sequence)',
  `create unique index earned_once on fact (${NUMBER})
    where type = 'job-archived' and ${NUMBER} is not null`,
];

/** Lists what earns of the jobs that these facts archive: it stands, and lies in their runs. */
export const listEarnings = (facts: readonly Fact[]): Statement[] =>
  facts.flatMap((fact) => {
    if (fact.type !== 'job-archived' || fact.earned === undefined) return [];
    const sql = `insert into earning (job, sequence, device)
      select fact.job, fact.sequence, fact.device from fact
      where fact.type = 'accepted' and fact.job = ${WORD} and not ${IS_VOID}
        and exists (select 1 from json_each(?) as run
          where run.value->>'$.first' <= fact.first_unit and fact.end_unit <= run.value->>'$.end')`;
    return [{ sql, args: [fact.job, JSON.stringify(fact.earned.runs)] }];
  });

/** The calls of a store that tell of earnings of archived jobs. */
export function openEarnings(
  { read }: Database,
  facts: FactReader,
): Pick<Store, 'endedJobs' | 'endedJob' | 'earningsOf'> {
  const views = (rows: readonly { view: string }[]) =>
    rows.map(({ view }) => JSON.parse(view) as EndedJobView);
  return {
    async endedJobs(after, limit) {
      const sql = `select body->'$.earned.view' as view from fact where type = 'job-archived'
        and ${NUMBER} is not null and ${NUMBER} > ? order by ${NUMBER} limit ?`;
      return views(await read(sql, after, limit));
    },
    async endedJob(job) {
      // The list of types is what its index has.
      const sql = `select body->'$.earned.view' as view from fact where type = 'job-archived'
        and type in ${OF_JOBS} and job = ${WORD}`;
      const rows = await read<{ view: string | null }>(sql, job);
      return views(rows.flatMap(({ view }) => (view === null ? [] : [{ view }])))[0];
    },
    async earningsOf({ job, device }, from, limit) {
      const of = job === undefined ? 'device' : 'job';
      const sql = `select ${FACT} from earning
        join fact on fact.type = 'accepted' and fact.sequence = earning.sequence
        where earning.${of} = ${WORD} and earning.sequence >= ? order by earning.sequence limit ?`;
      const rows = await read<FactRow>(sql, job ?? device ?? null, from, limit);
      return (await facts.decode<'accepted'>(rows)).map(({ shard }) => shard);
    },
  };
}
