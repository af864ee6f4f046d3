import type { LoggedShard } from '#protocol/records/public-log.ts';
import type { LeaseId, Nonce } from '#protocol/values/ids.ts';
import type { CommittedShard } from '../../core/state/facts.ts';
import type { ShardFingerprints } from './port.ts';
import { parseRecord, readRows, type SqlDatabase } from './sql-database.ts';
import { sql } from './sql-tables.ts';

/** Logged commitments from an index on, by index. */
export async function loadCommitments(
  database: SqlDatabase,
  fromIndex: number,
  limit: number,
): Promise<CommittedShard[]> {
  const select = sql.selectFrom('committed').select('committed_json');
  const page = select.where('log_index', '>=', fromIndex).orderBy('log_index').limit(limit);
  const rows = await readRows(database, page.compile());
  return rows.map((row) => parseRecord(row.committed_json));
}

/** Accepted shards from a sequence on, in its order. */
export async function loadShards(
  database: SqlDatabase,
  fromSequence: number,
  limit: number,
): Promise<LoggedShard[]> {
  const rows = await readRows(
    database,
    sql
      .selectFrom('accepted')
      .leftJoin('voided', 'voided.sequence', 'accepted.sequence')
      .select(['accepted.shard_json', 'accepted.salt', 'voided.sequence as voided'])
      .where('accepted.sequence', '>=', fromSequence)
      .orderBy('accepted.sequence')
      .limit(limit)
      .compile(),
  );
  return rows.map((row) => ({
    shard: parseRecord(row.shard_json),
    salt: row.salt as Nonce,
    voided: row.voided !== null,
  }));
}

/** The fingerprints of the shard of a lease, with the log entry that gave their seed. */
export async function loadFingerprints(
  database: SqlDatabase,
  lease: LeaseId,
): Promise<ShardFingerprints | undefined> {
  const [row] = await readRows(
    database,
    sql
      .selectFrom('accepted')
      .innerJoin('committed', 'committed.log_index', 'accepted.log_index')
      .innerJoin('fingerprint', 'fingerprint.sequence', 'accepted.sequence')
      .select(['shard_json', 'fingerprints', 'committed_json'])
      .where('accepted.lease', '=', lease)
      .compile(),
  );
  if (row === undefined) return undefined;
  const { entry, logSignature } = parseRecord<CommittedShard>(row.committed_json);
  const { fingerprints } = row;
  return { shard: parseRecord(row.shard_json), entry, logSignature, fingerprints };
}
