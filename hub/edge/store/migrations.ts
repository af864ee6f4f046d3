import { ANSWERS } from './answers.ts';
import { BATCHES } from './batches.ts';
import { BLOB_NAMES } from './blob-names.ts';
import { COMPACT_ROWS } from './compact-rows.ts';
import { DEVICE_FACTS, PROFILES } from './device-facts.ts';
import { EARNINGS } from './earnings.ts';
import { EXPORTS } from './exports.ts';
import { OF_JOBS } from './fact-types.ts';
import { KEYS } from './keys.ts';
import { MODEL_TRUST, MODELS } from './models.ts';
import { REMOVALS } from './removal.ts';
import { SEGMENTS } from './segments.ts';
import { WEBHOOKS } from './webhooks/open.ts';

/** No table of an older database holds so many rows. */
const PHASE = 1_000_000_000;
/** Where new numbers begin in a database that had none. */
const FACTS_BEFORE = 100 * PHASE;

/**
 * Gives every fact its number. Facts of older databases have none: they get one by their kind and
 * their place among their own kind, in an order in which they can be applied.
 */
function numberFacts(): string[] {
  const order = [
    ['verifier', 'number'],
    ['job', 'number'],
    ['job_recut', 'rowid'],
    ['job_package', 'rowid'],
    ['job_funding', 'number'],
    ['barred', 'number'],
    ['set_aside', 'number'],
    ['pardon', 'number'],
    ['job_move', 'number'],
    ['epoch', 'number'],
    ['lapsed', 'log_index'],
    ['committed', 'log_index'],
  ];
  const afterShards = [
    ['released', 'sequence'],
    ['verdict', 'number'],
    ['judged', 'number'],
    ['verifier_fault', 'rowid'],
    ['verifier_removed', 'rowid'],
    ['job_closing', 'number'],
    ['payout', 'leaf'],
    ['leaf_file', 'number'],
  ];
  const number = (table = '', key = '', phase = 0) => [
    `alter table ${table} add column fact integer not null default 0`,
    `update ${table} set fact = ${phase * PHASE} + ${key}`,
  ];
  return [
    ...order.flatMap(([table, key], phase) => number(table, key, phase)),
    // `fact` stands before `outputs`, so that it is read without walking their overflow pages.
    `create table accepted_numbered (sequence integer primary key, fact integer not null,
      log_index integer not null unique, job text not null, lease text not null,
      first_unit integer not null, end_unit integer not null, shard_json text not null,
      salt text not null, compute_ms real not null, outputs blob not null)`,
    `insert into accepted_numbered select sequence, ${20 * PHASE} + 2 * sequence, log_index, job,
      lease, first_unit, end_unit, shard_json, salt, compute_ms, outputs from accepted`,
    'drop table accepted',
    'alter table accepted_numbered rename to accepted',
    'create index accepted_by_unit on accepted (job, first_unit, end_unit)',
    'create index accepted_by_lease on accepted (lease)',
    ...number('voided', '2 * sequence + 1', 20),
    ...afterShards.flatMap(([table, key], phase) => number(table, key, 30 + phase)),
    `update job_move set fact = fact + ${60 * PHASE}
      where state in ('done', 'cancelled', 'refused')`,
    // Whatever followed from older verdicts has followed: none of it is decided again.
    `create table resolved (number integer primary key autoincrement, fact integer not null,
      resolved_json text not null)`,
    `insert into resolved (fact, resolved_json)
      select ${50 * PHASE} + max(number), json_object(
        'job', json_extract(signed_json, '$.verdict.job'),
        'lease', json_extract(signed_json, '$.verdict.lease'),
        'unit', json_extract(signed_json, '$.verdict.unit'),
        'outcome', case json_extract(signed_json, '$.verdict.kind')
          when 'mismatch' then 'right' else 'unfit' end,
        'at', json_extract(signed_json, '$.verdict.at'))
      from verdict where json_extract(signed_json, '$.verdict.kind') in ('mismatch', 'device-unfit')
      group by json_extract(signed_json, '$.verdict.lease'),
        json_extract(signed_json, '$.verdict.unit')`,
    'create table fact_count (facts integer not null)',
    `insert into fact_count values (${FACTS_BEFORE})`,
  ];
}

/** A number with all the digits it has. */
const real = (column: string) => `json(printf('%!.17g', ${column}))`;
const flag = (column: string) => `json(iif(${column}, 'true', 'false'))`;
const AT = `'at', ${real('at')}`;

/** Tables that kept one kind of fact each: the type, the fields, and the column of bytes. */
const KIND_TABLES: readonly [table: string, type: string, fields: string, bytes?: string][] = [
  ['verifier', 'verifier-enrolled', `'key', key, ${AT}`],
  ['verifier_removed', 'verifier-removed', `'key', key, ${AT}`],
  [
    'verifier_fault',
    'verifier-fault',
    `'verifier', verifier, 'job', job, 'lease', lease,
    'unit', unit, ${AT}`,
  ],
  ['job', 'job-created', "'record', json(record_json)", 'input_digests'],
  ['job_recut', 'job-recut', "'record', json(record_json)", 'input_digests'],
  ['job_package', 'job-packaged', "'job', job, 'manifest', json(manifest_json)"],
  [
    'job_move',
    'job-moved',
    `'job', job, 'state', state, 'reason', reason, ${AT},
    'refusal', json(refusal_json)`,
  ],
  ['job_funding', 'job-funded', "'job', job, 'funding', json(funding_json)"],
  ['job_closing', 'job-closing', `'job', job, ${AT}`],
  ['payout', 'payout-linked', "'payout', json(payout_json)"],
  ['leaf_file', 'leaf-file', "'file', json(file_json), 'root', root"],
  ['committed', 'committed', "'commitment', json(committed_json)"],
  [
    'accepted',
    'accepted',
    `'shard', json(shard_json), 'salt', salt,
    'computeMs', ${real('compute_ms')}`,
    'outputs',
  ],
  ['voided', 'voided', `'sequence', sequence, 'job', job, 'reason', reason, ${AT}`],
  ['released', 'released', `'sequence', sequence, 'job', job, ${AT}`],
  [
    'unrevealed',
    'unrevealed',
    `'index', log_index, 'device', device, 'atFault', ${flag('at_fault')},
    'resets', ${flag('resets')}, ${AT}`,
  ],
  ['verdict', 'verdict', "'signed', json(signed_json)"],
  ['judged', 'judged', "'verifier', verifier, 'through', through"],
  ['epoch', 'epoch', "'signed', json(signed_json)"],
  [
    'banned',
    'banned',
    `'device', device, 'until', ${real('until')}, 'reason', reason, ${AT},
    'work', json(work_json)`,
  ],
  ['pardon', 'pardoned', '*pardon_json'],
  ['resolved', 'resolved', '*resolved_json'],
  ['suspended', 'suspended', '*suspended_json'],
];

/**
 * Puts the facts of all tables into one. Their bytes come last in a row, the longest at the end, so
 * that SQLite reads the other columns without walking overflow pages. Generated columns are what
 * queries look for; a unique index is for what may be said once.
 */
const joinTables = (): string[] => [
  `create table fact (number integer primary key, type text not null, place integer not null,
    body text not null, input_digests blob, fingerprints blob, outputs blob,
    job text as (coalesce(body->>'$.job', body->>'$.record.id', body->>'$.shard.job')),
    lease text as (coalesce(body->>'$.shard.lease', body->>'$.commitment.shard.lease',
      body->>'$.signed.verdict.lease')),
    log_index integer as (coalesce(body->>'$.shard.index', body->>'$.commitment.entry.index',
      body->>'$.index')),
    sequence integer as (coalesce(body->>'$.sequence', body->>'$.shard.sequence')),
    first_unit integer as (body->>'$.shard.firstUnit'),
    end_unit integer as (body->>'$.shard.firstUnit' + body->>'$.shard.unitCount'))`,
  ...KIND_TABLES.flatMap(([table, type, fields, bytes]) => [
    `insert into fact (number, type, place, body, ${bytes ?? 'outputs'})
      select fact, '${type}', row_number() over (order by fact),
        ${fields.startsWith('*') ? fields.slice(1) : `json_object(${fields})`}, ${bytes ?? 'null'}
      from ${table}`,
    ...(type === 'accepted' ? FINGERPRINTS : []),
    `drop table ${table}`,
  ]),
  ...['refusal', 'work'].map((name) => {
    return `update fact set body = json_remove(body, '$.${name}')
      where type in ('job-moved', 'banned') and json_type(body, '$.${name}') = 'null'`;
  }),
  'drop table fingerprint',
  'drop table fact_count',
  'create unique index fact_place on fact (type, place)',
  'create unique index fact_sequence on fact (type, sequence) where sequence is not null',
  'create unique index fact_index on fact (type, log_index) where log_index is not null',
  "create unique index cut_once on fact (type, job) where type in ('job-created', 'job-recut')",
  `create unique index move_once on fact (type, job)
    where type in ('job-packaged', 'job-funded', 'job-closing')`,
  "create unique index payout_once on fact (body->>'$.payout.index') where type = 'payout-linked'",
  "create unique index leaves_once on fact (body->>'$.file.dataHash') where type = 'leaf-file'",
  'create index fact_lease on fact (type, lease) where lease is not null',
  "create index fact_units on fact (job, first_unit, end_unit) where type = 'accepted'",
];

const FINGERPRINTS = [
  `update fact set fingerprints = (select fingerprints from fingerprint
    where fingerprint.sequence = fact.sequence) where type = 'accepted'
    and sequence in (select sequence from fingerprint)`,
];

/** Moves what a manifest or a draft says of a graph into its runtime. */
function nestGraph(record: string): string {
  const fields = [
    ...['inputs', 'outputs', 'unitItems', 'graphOptimization', 'coupled'],
    ...['reference', 'comparators', 'calibrated', 'taps'],
  ];
  const places = fields.map((field) => `'$.${record}.${field}'`);
  const values = fields.map((field, at) => `'${field}', body -> ${places[at]}`);
  // `json_patch` leaves out what is null: what it does not have.
  return `update fact set body = json_set(json_remove(body, ${places}),
    '$.${record}.runtime', json_patch('{"kind":"graph"}', json_object(${values})))
    where json_type(body, '$.${record}') is not null
      and json_type(body, '$.${record}.runtime') is not 'object'`;
}

/**
 * What brings a database from version n to n + 1, at index n; one transaction each. A migration
 * that has shipped never changes. `outputs` comes last in its row so that SQLite reads the other
 * columns without walking the overflow pages of the bytes.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `create table job (number integer primary key autoincrement, id text not null unique,
      record_json text not null, input_digests blob not null)`,
    'create table job_package (job text primary key, manifest_json text not null)',
    `create table job_move (number integer primary key autoincrement, job text not null,
      state text not null, reason text not null, at real not null, refusal_json text)`,
    `create table committed (log_index integer primary key, lease text not null unique,
      committed_json text not null)`,
    `create table accepted (sequence integer primary key, log_index integer not null unique,
      job text not null, lease text not null, first_unit integer not null,
      end_unit integer not null, shard_json text not null, salt text not null,
      compute_ms real not null, outputs blob not null)`,
    'create index accepted_by_unit on accepted (job, first_unit, end_unit)',
    `create table voided (sequence integer primary key, job text not null, reason text not null,
      at real not null)`,
    `create table verdict (number integer primary key autoincrement, lease text not null,
      signed_json text not null)`,
    'create index verdict_by_lease on verdict (lease)',
    `create table judged (number integer primary key autoincrement, verifier text not null,
      through integer not null)`,
    'create index judged_by_verifier on judged (verifier, through)',
    `create table barred (number integer primary key autoincrement, device text not null,
      until real not null, reason text not null, at real not null)`,
    'create index barred_by_device on barred (device, number)',
    `create table verifier (number integer primary key autoincrement, key text not null unique,
      at real not null)`,
    'create table api_key (hash text primary key, name text not null)',
  ],
  [
    'create table released (sequence integer primary key, job text not null, at real not null)',
    `create table verifier_fault (verifier text not null, job text not null, lease text not null,
      unit integer not null, at real not null)`,
    `update job set record_json = json_set(record_json, '$.assurance', 0)`,
    `update accepted set shard_json = json_set(shard_json, '$.before', 0)`,
    `create table lapsed (log_index integer primary key, device text not null,
      blamed integer not null, resets integer not null, at real not null)`,
    'create index accepted_by_lease on accepted (lease)',
  ],
  [`create table epoch (number integer primary key autoincrement, signed_json text not null)`],
  [
    `create table auditor (number integer primary key autoincrement, key text not null unique,
      at real not null)`,
    'create table verifier_removed (key text primary key, at real not null)',
    `create table appeal (number integer primary key autoincrement, appeal_json text not null)`,
  ],
  [`alter table job_package add column canaries_json text not null default '[]'`],
  ['create table seal (number integer primary key autoincrement, fact_json text not null)'],
  ['create table set_aside (number integer primary key autoincrement, aside_json text not null)'],
  [
    `create table job_funding (number integer primary key autoincrement, job text not null unique,
      funding_json text not null)`,
    `create table job_closing (number integer primary key autoincrement, job text not null unique,
      at real not null)`,
    'create table payout (leaf integer primary key, payout_json text not null)',
    `create table leaf_file (number integer primary key autoincrement, data_hash text not null unique,
      root text not null, file_json text not null)`,
  ],
  ['create table fingerprint (sequence integer primary key, fingerprints blob not null)'],
  ['drop table auditor'],
  // Assurance had numbers. What two devices had to agree on (2) waits for later work from here on.
  [
    `update job set record_json = json_set(record_json, '$.assurance',
      case json_extract(record_json, '$.assurance')
        when 0 then 'instant' when 3 then 'full' else 'settled' end)`,
  ],
  [
    'alter table barred add column work_json text',
    `update barred set work_json = (
      select json_object('lease', json_extract(appeal_json, '$.lease'),
        'unit', json_extract(appeal_json, '$.unit'))
      from appeal where json_extract(appeal_json, '$.stage') = 'convicted'
        and json_extract(appeal_json, '$.device') = barred.device
        and json_extract(appeal_json, '$.at') = barred.at)`,
    'create table pardon (number integer primary key autoincrement, pardon_json text not null)',
    `insert into pardon (pardon_json)
      select json_object('device', json_extract(ended.appeal_json, '$.device'),
        'bannedAt', json_extract(began.appeal_json, '$.at'),
        'reason', 'other verifiers found its unit right',
        'at', json_extract(ended.appeal_json, '$.at'))
      from appeal as ended join appeal as began
        on json_extract(began.appeal_json, '$.stage') = 'convicted'
        and json_extract(began.appeal_json, '$.lease') = json_extract(ended.appeal_json, '$.lease')
        and json_extract(began.appeal_json, '$.unit') = json_extract(ended.appeal_json, '$.unit')
      where json_extract(ended.appeal_json, '$.stage') = 'overturned' order by ended.number`,
    'drop table appeal',
  ],
  [
    `create table job_recut (job text primary key, record_json text not null,
      input_digests blob not null)`,
  ],
  // Jobs posted before keys had names share one.
  [
    `update job set record_json =
      json_set(record_json, '$.developer', 'dev_0000000000000000')`,
  ],
  // No unit is computed twice any more. Second computations of jobs that go on are void; those of
  // jobs that ended were paid, and stand.
  [
    `insert into voided (sequence, job, reason, at)
      select sequence, job, 'units are computed once from now on',
        json_extract(shard_json, '$.at')
      from accepted where json_extract(shard_json, '$.leg') = 2
        and sequence not in (select sequence from voided)
        and job not in (select job from job_move where state in ('done', 'cancelled', 'refused'))`,
    `update accepted set shard_json = json_remove(shard_json, '$.leg')
      where json_extract(shard_json, '$.leg') = 2`,
    `update committed set committed_json = json_remove(committed_json, '$.shard.leg')
      where json_extract(committed_json, '$.shard.leg') = 2`,
  ],
  ['drop table seal'],
  ['alter table job_package drop column canaries_json'],
  numberFacts(),
  // Packages that name canaries are read no more: jobs that go on with one end, to be posted again.
  [
    `insert into job_move (fact, job, state, reason, at)
      select (select facts from fact_count) + row_number() over (order by job) - 1, job,
        'cancelled', 'its package is of an older version of this hub; post the job again',
        unixepoch() * 1000.0
      from job_package where json_extract(manifest_json, '$.canaries') is not null
        and (select state from job_move where job_move.job = job_package.job
          order by number desc limit 1) in ('quoted', 'running', 'finishing')`,
    `update fact_count set facts = facts + (select count(*) from job_move where fact >= facts)`,
  ],
  // Words that the field uses: a ban, a suspension, a commitment never revealed, a period.
  [
    'alter table barred rename to banned',
    'alter table set_aside rename to suspended',
    'alter table suspended rename column aside_json to suspended_json',
    'alter table lapsed rename to unrevealed',
    'alter table unrevealed rename column blamed to at_fault',
    `update accepted set shard_json = json_set(json_remove(shard_json, '$.before'),
      '$.standing', json_extract(shard_json, '$.before'))`,
    `update leaf_file set file_json = json_set(json_remove(file_json, '$.epoch'),
      '$.period', json_extract(file_json, '$.epoch'))`,
  ],
  joinTables(),
  // Reasons were sentences. A ban names its work, and what is void has a verdict.
  [
    `update fact set body = json_set(body, '$.reason', json_object('code', 'stated',
      'values', json_object('text', body->>'$.reason')))
      where type in ('job-moved', 'suspended')`,
    `update fact set body = json_remove(body, '$.reason') where type in ('voided', 'banned')`,
  ],
  // What only a graph has stands under `runtime`. Packages keep their ids: `digestPackage`.
  [nestGraph('manifest'), nestGraph('record.draft')],
  ['drop index fact_place', 'create unique index fact_place on fact (type, place) where place > 0'],
  // Jobs have numbers, and those that ended are read from here.
  [
    `update fact set place = numbered.place from
      (select number, row_number() over (order by number) as place from fact
        where type = 'job-created') as numbered
      where fact.number = numbered.number`,
    `create index fact_job on fact (job, number) where type in ${OF_JOBS}`,
    ...BLOB_NAMES,
    ...EARNINGS,
    ...REMOVALS,
  ],
  // Units behind a device and package were counted; their cost makes them work (`unitCost`).
  [
    `create table cost as select body->>'$.job' as job, max(1, cast(
      body->>'$.manifest.referenceUnitMs' * 1000 + 0.5 as integer)) as unit_cost
      from fact where type = 'job-packaged'`,
    'create unique index cost_of on cost (job)',
    `update fact set body = json_remove(json_set(body, '$.shard.counted', 'package',
      '$.shard.workBefore', body->>'$.shard.standing' * priced.unit_cost,
      '$.shard.unitCost', priced.unit_cost), '$.shard.standing')
      from (select number, coalesce(unit_cost, 1) as unit_cost
        from fact left join cost using (job) where type = 'accepted') as priced
      where fact.number = priced.number`,
    'drop table cost',
  ],
  KEYS,
  COMPACT_ROWS,
  // Bans, closings and leaf files have numbers, and devices are found by what is said of them.
  DEVICE_FACTS,
  // Outputs of archived jobs move to segments; those of jobs that were archived before move as well.
  SEGMENTS,
  MODELS,
  BATCHES,
  WEBHOOKS,
  ANSWERS,
  // Inputs that are added to open jobs are said of a job as a whole.
  ['drop index fact_job', `create index fact_job on fact (job, number) where type in ${OF_JOBS}`],
  MODEL_TRUST,
  EXPORTS,
  PROFILES,
];
