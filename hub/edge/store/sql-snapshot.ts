import type { Selectable } from 'kysely';
import type { JobId, LeaseId, PublicKey } from '#protocol/ids.ts';
import type { JobState } from '#protocol/job.ts';
import type { Refusal } from '#protocol/refusal.ts';
import { instant } from '#protocol/units.ts';
import type { Ban, Snapshot } from '../../core/events.ts';
import { countLapses, endedJobs, projectJobs, withoutRemoved } from '../../core/snapshot.ts';
import { parseRecord, type SqlDatabase } from './sql-database.ts';
import { decodeMoney, moneyQueries, type RowsOf } from './sql-money.ts';
import { type Query, sql, type Tables } from './sql-tables.ts';

/** Everything the hub needs after a restart, read in one transaction so that it fits together. */
export async function loadSnapshot(database: SqlDatabase): Promise<Snapshot> {
  const [jobs, packages, moves, accepted, voided, pending, verdicts, judged, barred, ...rest] =
    await readAll(database, snapshotQueries());
  const [
    verifiers,
    lastIndex,
    lastSequence,
    released,
    faults,
    lapses,
    epochs,
    removed,
    pardons,
    aside,
    ...money
  ] = rest;
  const moved = moves.map(readMove);
  return {
    jobs: projectJobs({
      created: jobs.map((row) => ({
        record: parseRecord(row.record_json),
        inputDigests: row.input_digests,
      })),
      packaged: packages.map((row) => ({
        job: row.job as JobId,
        manifest: parseRecord(row.manifest_json),
        canaries: parseRecord(row.canaries_json),
      })),
      moved,
    }),
    accepted: accepted.map((row) => parseRecord(row.shard_json)),
    released: released.map((row) => row.sequence),
    voided: voided.map((row) => parseRecord(row.shard_json)),
    pending: pending.map((row) => parseRecord(row.committed_json)),
    verdicts: verdicts.map((row) => parseRecord(row.signed_json)),
    epochs: epochs.map((row) => parseRecord(row.signed_json)),
    judged: judged.map((row) => ({ verifier: row.verifier as PublicKey, through: row.through })),
    barred: barred.map(readBan),
    lapses: countLapses(
      lapses.map((row) => ({
        device: row.device as PublicKey,
        blamed: row.blamed === 1,
        resets: row.resets === 1,
        at: instant(row.at),
      })),
    ),
    verifiers: withoutRemoved(
      verifiers.map((row) => row.key as PublicKey),
      removed.map((row) => row.key as PublicKey),
    ),
    removed: removed.map((row) => row.key as PublicKey),
    aside: aside.map((row) => parseRecord(row.aside_json)),
    pardons: pardons.map((row) => parseRecord(row.pardon_json)),
    faults: faults.map(({ verifier, lease, unit }) => ({
      verifier: verifier as PublicKey,
      lease: lease as LeaseId,
      unit,
    })),
    money: { ended: endedJobs(moved), ...decodeMoney(money) },
    nextIndex: (lastIndex[0]?.last ?? -1) + 1,
    nextSequence: (lastSequence[0]?.last ?? -1) + 1,
  };
}

const readBan = (row: Omit<Selectable<Tables['barred']>, 'number'>): Ban => ({
  device: row.device as PublicKey,
  until: instant(row.until),
  reason: row.reason,
  ...(row.work_json === null ? {} : { work: parseRecord(row.work_json) }),
  at: instant(row.at),
});

const readMove = (row: Selectable<Tables['job_move']>) => ({
  job: row.job as JobId,
  state: row.state as JobState,
  reason: row.reason,
  at: instant(row.at),
  ...(row.refusal_json === null ? {} : { refusal: parseRecord<Refusal>(row.refusal_json) }),
});

const snapshotQueries = () =>
  [
    sql.selectFrom('job').select(['record_json', 'input_digests']).orderBy('number').compile(),
    sql.selectFrom('job_package').selectAll().compile(),
    sql.selectFrom('job_move').selectAll().orderBy('number').compile(),
    sql
      .selectFrom('accepted')
      .leftJoin('voided', 'voided.sequence', 'accepted.sequence')
      .where('voided.sequence', 'is', null)
      .select('accepted.shard_json')
      .orderBy('accepted.sequence')
      .compile(),
    sql
      .selectFrom('voided')
      .innerJoin('accepted', 'accepted.sequence', 'voided.sequence')
      .select('accepted.shard_json')
      .orderBy('accepted.sequence')
      .compile(),
    sql
      .selectFrom('committed')
      .leftJoin('accepted', 'accepted.log_index', 'committed.log_index')
      .leftJoin('lapsed', 'lapsed.log_index', 'committed.log_index')
      .where('accepted.log_index', 'is', null)
      .where('lapsed.log_index', 'is', null)
      .select('committed.committed_json')
      .orderBy('committed.log_index')
      .compile(),
    sql.selectFrom('verdict').select('signed_json').orderBy('number').compile(),
    sql
      .selectFrom('judged')
      .select(({ fn }) => ['verifier', fn.max('through').as('through')])
      .groupBy('verifier')
      .orderBy('verifier')
      .compile(),
    sql
      .selectFrom('barred')
      .select(['device', 'until', 'reason', 'at', 'work_json'])
      .orderBy('number')
      .compile(),
    sql.selectFrom('verifier').select('key').orderBy('number').compile(),
    sql
      .selectFrom('committed')
      .select(({ fn }) => fn.max('log_index').as('last'))
      .compile(),
    sql
      .selectFrom('accepted')
      .select(({ fn }) => fn.max('sequence').as('last'))
      .compile(),
    sql.selectFrom('released').select('sequence').orderBy('sequence').compile(),
    sql.selectFrom('verifier_fault').select(['verifier', 'lease', 'unit']).compile(),
    sql.selectFrom('lapsed').selectAll().where('blamed', '=', 1).orderBy('log_index').compile(),
    sql.selectFrom('epoch').select('signed_json').orderBy('number').compile(),
    sql.selectFrom('verifier_removed').select('key').orderBy('key').compile(),
    sql.selectFrom('pardon').select('pardon_json').orderBy('number').compile(),
    sql.selectFrom('set_aside').select('aside_json').orderBy('number').compile(),
    ...moneyQueries(),
  ] as const;

async function readAll<const Q extends readonly Query<unknown>[]>(
  database: SqlDatabase,
  queries: Q,
): Promise<RowsOf<Q>> {
  return (await database.transact('read', queries)) as RowsOf<Q>;
}
