import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import Sqlite from 'libsql';
import { openBoundedMap } from '#node/bounded-map.ts';
import { lockFile } from '#node/file-lock.ts';
import { PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';

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

/** What a statement is given in the place of a `?`. */
export type Value = string | number | Uint8Array | null;
/** One without values is run as it is. */
export type Statement = string | { sql: string; args: readonly Value[] };

/** A SQL database. Calls reject with a `PocketgridError`, and then nothing was changed. */
export interface Database {
  /** The rows of one query, bytes as `Uint8Array`. */
  read<Row>(sql: string, ...values: readonly Value[]): Promise<Row[]>;
  /** All statements in one transaction, durable when it resolves. */
  write(statements: readonly Statement[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a SQLite file, making it and its folder on first use; no other process opens it meanwhile.
 * `bytesMax` caps the file; past it writes are refused with `disk-full`.
 */
export async function openDatabaseFile(file: string, bytesMax?: number): Promise<Database> {
  await mkdir(dirname(resolve(file)), { recursive: true });
  const cap = bytesMax === undefined ? [] : [Math.floor(bytesMax / PAGE_BYTES)];
  const pragmas = [...PRAGMAS, ...cap.map((pages) => `pragma max_page_count = ${pages}`)];
  const unlock = await lockFile(`${file}.lock`).catch((cause: unknown) => {
    throw new PocketgridError(explain(cause), { cause });
  });
  try {
    const database = await openDatabase(resolve(file), pragmas);
    return {
      ...database,
      async close() {
        await database.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** Opens a SQLite file that another process may have open: for a row or two. */
export const openSharedDatabase = (file: string): Promise<Database> =>
  openDatabase(resolve(file), PRAGMAS);

/** Copies a database that others may be writing to, as it is at one moment, and syncs the copy. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const connection = orRefuse(() => new Sqlite(resolve(from)));
  try {
    orRefuse(() => connection.prepare('vacuum into ?').run([to]));
  } finally {
    connection.close();
  }
  const file = await open(to, 'r');
  await file.sync().finally(() => file.close());
}

/** A database in memory, for tests. */
export const openMemoryDatabase = (): Promise<Database> => openDatabase(':memory:', []);

/**
 * It prepares each statement once. The library frees a statement and what it was given when the
 * garbage collector finds it, which in a heap that hardly grows is never: of statements prepared
 * anew for each write, as by `@libsql/client`, a hub held 3 kB a shard.
 */
async function openDatabase(file: string, pragmas: readonly string[]): Promise<Database> {
  const connection = orRefuse(() => new Sqlite(file));
  const prepared = openBoundedMap<string, ReturnType<typeof prepare>>(STATEMENTS_KEPT);
  const prepare = (sql: string) => connection.prepare(sql);
  const statementOf = (sql: string) => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const statement = prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  const run = (statement: Statement): void => {
    if (typeof statement === 'string') connection.exec(statement);
    else statementOf(statement.sql).run(statement.args);
  };
  try {
    for (const pragma of pragmas) orRefuse(() => connection.exec(pragma));
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    async read<Row>(sql: string, ...values: readonly Value[]) {
      const rows = orRefuse(() => statementOf(sql).all(values)) as Record<string, unknown>[];
      for (const row of rows) giveBytes(row);
      return rows as Row[];
    },
    async write(statements) {
      orRefuse(() => {
        connection.exec('begin immediate');
        try {
          for (const statement of statements) run(statement);
          connection.exec('commit');
        } finally {
          if (connection.inTransaction) connection.exec('rollback');
        }
      });
    },
    async close() {
      connection.close();
    },
  };
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
    throw new PocketgridError(explain(cause), { cause });
  }
}

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
