import type { JobState } from '#protocol/api/job.ts';
import type { JobId, LeaseId, PublicKey, Root } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import type { AppliedFact } from '../../core/state/facts.ts';
import { parseRecord, type SqlDatabase } from './sql-database.ts';
import { type FactTable, type Query, type StoredRow, sql } from './sql-tables.ts';

/** A fact and its number in the order of appending. */
interface Numbered {
  number: number;
  fact: AppliedFact;
}

/** Reads the facts of one table. */
interface Reader {
  query: Query<unknown>;
  decode(row: unknown): Numbered;
}

/**
 * The facts that make the hub's state, in the order of appending, read in one transaction so that
 * they fit together. What later facts have replaced is left out: commitments that were opened or
 * were never revealed, and the bytes of accepted shards.
 */
export async function loadFacts(database: SqlDatabase): Promise<AppliedFact[]> {
  const readers = factReaders();
  const sets = await database.transact(
    'read',
    readers.map(({ query }) => query),
  );
  const numbered = readers.flatMap(({ decode }, at) => (sets[at] ?? []).map(decode));
  numbered.sort((a, b) => a.number - b.number);
  return numbered.map(({ fact }) => fact);
}

/** A fact without its type. */
type FactBody<T extends AppliedFact['type']> = Omit<Extract<AppliedFact, { type: T }>, 'type'>;

const reader = <R extends { fact: number }>(
  query: Query<R>,
  decode: (row: R) => AppliedFact,
): Reader => ({
  query,
  decode: (row) => ({ number: (row as R).fact, fact: decode(row as R) }),
});

/** A table of few, short rows. */
const whole = <T extends FactTable>(table: T, decode: (row: StoredRow<T>) => AppliedFact): Reader =>
  reader(
    sql.selectFrom(table).selectAll().compile() as Query<StoredRow<T> & { fact: number }>,
    decode,
  );

const factReaders = (): Reader[] => [
  whole('job', (row) => ({
    type: 'job-created',
    record: parseRecord(row.record_json),
    inputDigests: row.input_digests,
  })),
  whole('job_recut', (row) => ({
    type: 'job-recut',
    record: parseRecord(row.record_json),
    inputDigests: row.input_digests,
  })),
  whole('job_package', (row) => ({
    type: 'job-packaged',
    job: row.job as JobId,
    manifest: parseRecord(row.manifest_json),
  })),
  whole('job_move', (row) => ({
    type: 'job-moved',
    job: row.job as JobId,
    state: row.state as JobState,
    reason: row.reason,
    at: instant(row.at),
    ...(row.refusal_json === null ? {} : { refusal: parseRecord(row.refusal_json) }),
  })),
  ...shardReaders(),
  whole('verdict', (row) => ({ type: 'verdict', signed: parseRecord(row.signed_json) })),
  whole('judged', (row) => ({
    type: 'judged',
    verifier: row.verifier as PublicKey,
    through: row.through,
  })),
  whole('epoch', (row) => ({ type: 'epoch', signed: parseRecord(row.signed_json) })),
  ...deviceReaders(),
  ...moneyReaders(),
];

const shardReaders = (): Reader[] => [
  reader(
    sql
      .selectFrom('committed')
      .leftJoin('accepted', 'accepted.log_index', 'committed.log_index')
      .leftJoin('unrevealed', 'unrevealed.log_index', 'committed.log_index')
      .where('accepted.log_index', 'is', null)
      .where('unrevealed.log_index', 'is', null)
      .select(['committed.fact', 'committed.committed_json'])
      .compile(),
    (row) => ({ type: 'committed', commitment: parseRecord(row.committed_json) }),
  ),
  reader(sql.selectFrom('accepted').select(['fact', 'shard_json']).compile(), (row) => ({
    type: 'accepted',
    shard: parseRecord(row.shard_json),
  })),
  whole('voided', (row) => ({
    type: 'voided',
    sequence: row.sequence,
    job: row.job as JobId,
    reason: row.reason,
    at: instant(row.at),
  })),
  whole('released', (row) => ({
    type: 'released',
    sequence: row.sequence,
    job: row.job as JobId,
    at: instant(row.at),
  })),
  whole('unrevealed', (row) => ({
    type: 'unrevealed',
    index: row.log_index,
    device: row.device as PublicKey,
    atFault: row.at_fault === 1,
    resets: row.resets === 1,
    at: instant(row.at),
  })),
];

const deviceReaders = (): Reader[] => [
  whole('banned', (row) => ({
    type: 'banned',
    device: row.device as PublicKey,
    until: instant(row.until),
    reason: row.reason,
    ...(row.work_json === null ? {} : { work: parseRecord(row.work_json) }),
    at: instant(row.at),
  })),
  whole('pardon', (row) => ({
    type: 'pardoned',
    ...parseRecord<FactBody<'pardoned'>>(row.pardon_json),
  })),
  whole('resolved', (row) => ({
    type: 'resolved',
    ...parseRecord<FactBody<'resolved'>>(row.resolved_json),
  })),
  whole('suspended', (row) => ({
    type: 'suspended',
    ...parseRecord<FactBody<'suspended'>>(row.suspended_json),
  })),
  whole('verifier', (row) => ({
    type: 'verifier-enrolled',
    key: row.key as PublicKey,
    at: instant(row.at),
  })),
  whole('verifier_removed', (row) => ({
    type: 'verifier-removed',
    key: row.key as PublicKey,
    at: instant(row.at),
  })),
  whole('verifier_fault', (row) => ({
    type: 'verifier-fault',
    verifier: row.verifier as PublicKey,
    job: row.job as JobId,
    lease: row.lease as LeaseId,
    unit: row.unit,
    at: instant(row.at),
  })),
];

const moneyReaders = (): Reader[] => [
  whole('job_funding', (row) => ({
    type: 'job-funded',
    job: row.job as JobId,
    funding: parseRecord(row.funding_json),
  })),
  whole('job_closing', (row) => ({
    type: 'job-closing',
    job: row.job as JobId,
    at: instant(row.at),
  })),
  whole('payout', (row) => ({ type: 'payout-linked', payout: parseRecord(row.payout_json) })),
  whole('leaf_file', (row) => ({
    type: 'leaf-file',
    file: parseRecord(row.file_json),
    root: row.root as Root,
  })),
];
