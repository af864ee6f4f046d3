import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Client, createClient, type InStatement, type InValue } from '@libsql/client';
import { lockFile } from '#node/file-lock.ts';
import { PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';

const PAGE_BYTES = 4096;

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

/** A SQL database. Calls reject with a `PocketgridError`, and then nothing was changed. */
export interface Database {
  /** The rows of one query, bytes as `Uint8Array`. */
  read<Row>(sql: string, ...values: InValue[]): Promise<Row[]>;
  /** All statements in one transaction, durable when it resolves. */
  write(statements: InStatement[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a SQLite file, making it and its folder on first use; no other process opens it meanwhile.
 * `bytesMax` caps the file; past it writes are refused with `disk-full`.
 *
 * It stays on the client's `batch`: that keeps the one connection between calls (the client pools
 * them since 0.18; before, `transaction` handed its connection over and opened another) and writes
 * 44,000 to 77,000 rows of 1.3 kB a second in groups of 256. The native `libsql` package with a
 * prepared statement gave 91,000, which does not pay for a second dependency.
 */
export async function openDatabaseFile(file: string, bytesMax?: number): Promise<Database> {
  await mkdir(dirname(resolve(file)), { recursive: true });
  const cap = bytesMax === undefined ? [] : [Math.floor(bytesMax / PAGE_BYTES)];
  const pragmas = [...PRAGMAS, ...cap.map((pages) => `pragma max_page_count = ${pages}`)];
  const unlock = await orRefuse(lockFile(`${file}.lock`));
  try {
    const database = await openDatabase(pathToFileURL(file).href, pragmas);
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
  openDatabase(pathToFileURL(file).href, PRAGMAS);

/** Copies a database that others may be writing to, as it is at one moment, and syncs the copy. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const client = createClient({ url: pathToFileURL(from).href, concurrency: 1 });
  try {
    await orRefuse(client.execute({ sql: 'vacuum into ?', args: [to] }));
  } finally {
    client.close();
  }
  const file = await open(to, 'r');
  await file.sync().finally(() => file.close());
}

/** A database in memory, for tests. */
export const openMemoryDatabase = (): Promise<Database> => openDatabase(':memory:', []);

async function openDatabase(url: string, pragmas: readonly string[]): Promise<Database> {
  // Pragmas belong to a connection: with one connection, every statement runs under them.
  const client: Client = createClient({ url, concurrency: 1 });
  try {
    for (const pragma of pragmas) await orRefuse(client.execute(pragma));
  } catch (error) {
    client.close();
    throw error;
  }
  return {
    async read<Row>(sql: string, ...args: InValue[]) {
      const { rows } = await orRefuse(client.execute({ sql, args }));
      return rows.map(decodeRow) as Row[];
    },
    async write(statements) {
      await orRefuse(client.batch(statements, 'write'));
    },
    async close() {
      client.close();
    },
  };
}

/** The client gives bytes as an `ArrayBuffer`. */
function decodeRow(row: object): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) {
    decoded[column] = value instanceof ArrayBuffer ? new Uint8Array(value) : value;
  }
  return decoded;
}

const orRefuse = <T>(call: Promise<T>): Promise<T> =>
  call.catch((cause: unknown) => {
    throw new PocketgridError(explain(cause), { cause });
  });

function explain(error: unknown): Refusal {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return refusal('disk-full', 'the disk is full, nothing was stored; free some space and retry');
  }
  if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
    const message = 'another process has this database open; stop that hub or use another --data';
    return refusal('busy', message);
  }
  const why = error instanceof Error ? error.message : String(error);
  return refusal(
    'storage-failed',
    `the database failed (${why}); nothing was stored, check the disk and the data directory`,
  );
}
