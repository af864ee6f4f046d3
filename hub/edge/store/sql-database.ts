import type { JobId } from '#protocol/values/ids.ts';
import { type Query, sql } from './sql-tables.ts';

/** A statement with its bound values. */
export interface SqlStatement {
  sql: string;
  parameters: readonly unknown[];
}

/** What a database must offer. */
export interface SqlDatabase {
  /**
   * All statements in one transaction, durable when it resolves; the rows of each, keyed by column,
   * bytes as `Uint8Array`. Rejects with a `PocketgridError`, and then nothing was changed.
   */
  transact(mode: 'read' | 'write', statements: readonly SqlStatement[]): Promise<unknown[][]>;
  close(): Promise<void>;
}

/** Our own JSON, written by `encodeFactRows` from typed facts: it is not checked a second time. */
export const parseRecord = <T>(text: string): T => JSON.parse(text) as T;

/** The rows of one query. */
export async function readRows<O>(database: SqlDatabase, query: Query<O>): Promise<O[]> {
  const [rows] = await database.transact('read', [query]);
  return (rows ?? []) as O[];
}

/** Accepted shards of a job, joined with what voids them, without those that are void. */
export const selectLiveShards = (job: JobId) =>
  sql
    .selectFrom('accepted')
    .leftJoin('voided', 'voided.sequence', 'accepted.sequence')
    .where('voided.sequence', 'is', null)
    .where('accepted.job', '=', job);
