import { OF_JOBS } from './fact-types.ts';

/** Which fields of an old body a key was, or is now. */
const field = (...places: readonly string[]) => {
  const values = places.map((place) => `body->>'$.${place}'`);
  return values.length === 1 ? values[0] : `coalesce(${values.join()})`;
};
const JOB = field('job', 'record.id', 'shard.job', 'commitment.shard.job', 'signed.verdict.job');
const DEVICE = field(
  ...['device', 'shard.device', 'commitment.shard.device', 'signed.verdict.device'],
  'payout.record.device',
);
const FIRST_UNIT = field('shard.firstUnit', 'commitment.shard.firstUnit');
const UNIT_COUNT = field('shard.unitCount', 'commitment.shard.unitCount');

/**
 * Rows were JSON, and their keys were made of it: 3.5 kB a shard. From here on keys are columns,
 * names that come again are numbers of words, and outputs have a table of their own, so that their
 * pages are free when they go. Facts from before keep their JSON.
 */
export const COMPACT_ROWS: readonly string[] = [
  'create table word (number integer primary key, text text not null unique)',
  `insert into word (text) select ${JOB} from fact where ${JOB} is not null
    union select ${DEVICE} from fact where ${DEVICE} is not null`,
  'alter table fact rename to old_fact',
  `create table fact (number integer primary key, type text not null, place integer not null,
    job integer, device integer, lease blob, log_index integer, sequence integer,
    first_unit integer, end_unit integer, body blob not null, input_digests blob)`,
  `insert into fact select number, type, place,
    (select word.number from word where text = ${JOB}),
    (select word.number from word where text = ${DEVICE}),
    unhex(${field('commitment.shard.lease', 'signed.verdict.lease')}),
    ${field('shard.index', 'commitment.entry.index', 'index')},
    ${field('sequence', 'shard.sequence')},
    ${FIRST_UNIT}, ${FIRST_UNIT} + ${UNIT_COUNT}, body, input_digests from old_fact order by number`,
  'create table output (number integer primary key, fingerprints blob, outputs blob)',
  `insert into output select number, fingerprints, outputs from old_fact
    where type = 'accepted' and outputs is not null`,
  'alter table earning rename to old_earning',
  `create table earning (job integer, sequence integer, device integer,
    primary key (job, sequence)) without rowid`,
  `insert into earning select (select number from word where text = job), sequence,
    (select number from word where text = device) from old_earning`,
  'drop table old_earning',
  'create index earning_device on earning (device, sequence)',
  'alter table blob_name rename to old_blob_name',
  'create table blob_name (root text, job integer, primary key (root, job)) without rowid',
  // Nothing is called '': its number was none, and is 0.
  `insert into blob_name
    select root, coalesce((select number from word where text = job), 0) from old_blob_name`,
  'drop table old_blob_name',
  'drop table old_fact',
  ...indexes(),
];

/** What queries use; a unique index is for what may be said once. */
function indexes(): string[] {
  const once = (name: string, key: string, types: string) =>
    `create unique index ${name} on fact (${key}) where type ${types}`;
  return [
    'create unique index fact_place on fact (type, place) where place > 0',
    `create index fact_job on fact (job, number) where type in ${OF_JOBS}`,
    `create index job_owner on fact (body->>'$.record.developer', place) where type = 'job-created'`,
    once('cut_once', 'type, job', "in ('job-created', 'job-recut')"),
    once('move_once', 'type, job', "in ('job-packaged', 'job-funded', 'job-closing')"),
    once('committed_index', 'log_index', "= 'committed'"),
    once('unrevealed_index', 'log_index', "= 'unrevealed'"),
    once('accepted_sequence', 'sequence', "= 'accepted'"),
    once('voided_sequence', 'sequence', "= 'voided'"),
    once('released_sequence', 'sequence', "= 'released'"),
    once('accepted_units', 'job, first_unit, end_unit, log_index', "= 'accepted'"),
    once('payout_once', "body->>'$.payout.index'", "= 'payout-linked'"),
    once('leaves_once', "body->>'$.file.dataHash'", "= 'leaf-file'"),
    "create index committed_lease on fact (lease) where type = 'committed'",
    "create index verdict_lease on fact (lease) where type = 'verdict'",
    "create index kept_until on fact (body->>'$.keptUntil') where type = 'job-archived'",
    `create unique index earned_once on fact (body->>'$.earned.view.number')
      where type = 'job-archived' and body->>'$.earned.view.number' is not null`,
  ];
}
