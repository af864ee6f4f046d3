import type { JobRecord } from '#protocol/api/job.ts';
import type { AcceptedShard, SignedVerdict } from '#protocol/records/records.ts';
import type { JobId, LeaseId, Nonce } from '#protocol/values/ids.ts';
import type { CommittedShard } from '../../core/state/facts.ts';
import type { ReceiptParts } from './port.ts';
import { receiptInputs } from './receipt-inputs.ts';
import { parseRecord, readRows, type SqlDatabase, selectLiveShards } from './sql-database.ts';
import { sql } from './sql-tables.ts';

/** Receipts of a job's shards that end after a unit, by first unit. */
export async function loadReceipts(
  database: SqlDatabase,
  page: { job: JobId; fromUnit: number; limit: number },
): Promise<ReceiptParts[]> {
  const rows = await readRows(
    database,
    selectLiveShards(page.job)
      .innerJoin('committed', 'committed.log_index', 'accepted.log_index')
      .select(COLUMNS)
      .where('accepted.end_unit', '>', page.fromUnit)
      .orderBy('accepted.first_unit')
      .orderBy('accepted.sequence')
      .limit(page.limit)
      .compile(),
  );
  return readParts(database, page.job, rows);
}

/** The receipt of the accepted shard that came from a lease, void or not. */
export async function loadReceipt(
  database: SqlDatabase,
  lease: LeaseId,
): Promise<ReceiptParts | undefined> {
  const rows = await readRows(
    database,
    sql
      .selectFrom('accepted')
      .innerJoin('committed', 'committed.log_index', 'accepted.log_index')
      .select(['accepted.job', ...COLUMNS])
      .where('accepted.lease', '=', lease)
      .compile(),
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return (await readParts(database, row.job as JobId, [row]))[0];
}

const COLUMNS = [
  'accepted.lease',
  'accepted.shard_json',
  'accepted.salt',
  'committed.committed_json',
] as const;

type ShardRow = { lease: string; shard_json: string; salt: string; committed_json: string };

async function readParts(
  database: SqlDatabase,
  id: JobId,
  rows: readonly ShardRow[],
): Promise<ReceiptParts[]> {
  const job = await loadJob(database, id);
  if (job === undefined) return [];
  const verdicts = await loadVerdicts(
    database,
    rows.map((row) => row.lease),
  );
  return rows.map((row) => {
    const shard = parseRecord<AcceptedShard>(row.shard_json);
    const committed = parseRecord<CommittedShard>(row.committed_json);
    return {
      shard,
      salt: row.salt as Nonce,
      commitmentSignature: committed.signature,
      log: committed.entry,
      logSignature: committed.logSignature,
      inputs: receiptInputs(job, shard),
      verdicts: verdicts.get(shard.lease) ?? [],
    };
  });
}

async function loadJob(database: SqlDatabase, id: JobId) {
  const recut = sql.selectFrom('job_recut').select(['record_json', 'input_digests']);
  const created = sql.selectFrom('job').select(['record_json', 'input_digests']);
  const [row] = [
    ...(await readRows(database, recut.where('job', '=', id).compile())),
    ...(await readRows(database, created.where('id', '=', id).compile())),
  ];
  if (row === undefined) return undefined;
  return { record: parseRecord<JobRecord>(row.record_json), inputDigests: row.input_digests };
}

async function loadVerdicts(database: SqlDatabase, leases: readonly string[]) {
  const byLease = new Map<string, SignedVerdict[]>();
  if (leases.length === 0) return byLease;
  const select = sql.selectFrom('verdict').select(['lease', 'signed_json']);
  const query = select.where('lease', 'in', leases).orderBy('number').compile();
  for (const row of await readRows(database, query)) {
    const signed = parseRecord<SignedVerdict>(row.signed_json);
    const known = byLease.get(row.lease);
    if (known === undefined) byLease.set(row.lease, [signed]);
    else known.push(signed);
  }
  return byLease;
}
