import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import Sqlite from 'libsql';
import { openBoundedMap } from '#node/bounded-map.ts';
import { PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { Statement, Value } from './port.ts';

const PAGE_BYTES = 4096;
/** Prepared statements that are kept; the hub has about fifty. */
const STATEMENTS_KEPT = 128;

/**
 * WAL with synchronous=FULL syncs the log at every commit, so a resolved `write` outlives kill -9
 * and a power cut; `fullfsync` asks the same of macOS, where a plain fsync stops at the drive's
 * cache.
 */
const PRAGMAS = [
  // The command line writes keys while a hub runs: a moment's wait is no failure.
  'pragma busy_timeout = 2000',
  'pragma journal_mode = wal',
  'pragma synchronous = full',
  'pragma fullfsync = on',
  'pragma checkpoint_fullfsync = on',
  'pragma journal_size_limit = 67108864',
  'pragma temp_store = memory',
];

/** A connection to SQLite that works on the thread of its caller. Calls throw a `PocketgridError`. */
export interface Connection {
  /** The rows of one query, bytes as `Uint8Array`. */
  read(sql: string, values: readonly Value[]): Record<string, unknown>[];
  /** All statements in one transaction. */
  write(statements: Iterable<Statement>): void;
  close(): void;
}

/** Where a database is: a file that may grow to `bytesMax`, or memory. */
export type Place = { file: string; bytesMax?: number | undefined } | 'memory';

/**
 * Opens a connection. It prepares each statement once. The library frees a statement and what it was
 * given when the garbage collector finds it, which in a heap that hardly grows is never: of
 * statements prepared anew for each write a hub held 3 kB a shard.
 */
export function openConnection(place: Place): Connection {
  const sqlite = orRefuse(() => new Sqlite(place === 'memory' ? ':memory:' : resolve(place.file)));
  const prepared = openBoundedMap<string, ReturnType<typeof prepare>>(STATEMENTS_KEPT);
  const prepare = (sql: string) => sqlite.prepare(sql);
  const statementOf = (sql: string) => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const statement = prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  const run = (statement: Statement): void => {
    if (typeof statement === 'string') sqlite.exec(statement);
    else statementOf(statement.sql).run(statement.args);
  };
  try {
    for (const pragma of pragmasOf(place)) orRefuse(() => sqlite.exec(pragma));
  } catch (error) {
    sqlite.close();
    throw error;
  }
  return {
    read(sql, values) {
      const rows = orRefuse(() => statementOf(sql).all(values)) as Record<string, unknown>[];
      for (const row of rows) giveBytes(row);
      return rows;
    },
    write(statements) {
      orRefuse(() => {
        sqlite.exec('begin immediate');
        try {
          for (const statement of statements) run(statement);
          sqlite.exec('commit');
        } finally {
          if (sqlite.inTransaction) sqlite.exec('rollback');
        }
      });
    },
    close: () => void sqlite.close(),
  };
}

/** Copies a database that others may be writing to, as it is at one moment, and syncs the copy. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const sqlite = orRefuse(() => new Sqlite(resolve(from)));
  try {
    orRefuse(() => sqlite.prepare('vacuum into ?').run([to]));
  } finally {
    sqlite.close();
  }
  const file = await open(to, 'r');
  await file.sync().finally(() => file.close());
}

function pragmasOf(place: Place): readonly string[] {
  if (place === 'memory') return [];
  const { bytesMax } = place;
  if (bytesMax === undefined) return PRAGMAS;
  return [...PRAGMAS, `pragma max_page_count = ${Math.floor(bytesMax / PAGE_BYTES)}`];
}

/** The library gives bytes as an `ArrayBuffer`. */
function giveBytes(row: Record<string, unknown>): void {
  for (const column in row) {
    const value = row[column];
    if (value instanceof ArrayBuffer) row[column] = new Uint8Array(value);
  }
}

function orRefuse<T>(call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw toRefusal(cause);
  }
}

/** What to say of an error of the database. */
export const toRefusal = (cause: unknown): PocketgridError =>
  new PocketgridError(explain(cause), { cause });

function explain(error: unknown): Refusal {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return refusal('disk-full', 'the disk is full, nothing was stored; free some space and retry');
  }
  if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
    const message = 'another process has this database open; stop that hub or use another --data';
    return refusal('busy', message);
  }
  // Its words name files and columns, and strangers hear of it: the log has them, with the cause.
  const why = code === '' ? '' : ` (${code})`;
  return refusal(
    'storage-failed',
    `the database failed${why}; nothing was stored, the operator finds why in the hub's log`,
  );
}
