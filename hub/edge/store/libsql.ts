import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Client, createClient, type InStatement, type InValue } from '@libsql/client';
import { PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { Store } from './port.ts';
import type { SqlDatabase } from './sql-database.ts';
import { openSqlStore } from './sql-store.ts';

const PAGE_BYTES = 4096;

/**
 * WAL with synchronous=FULL syncs the log at every commit, so a resolved `append` outlives kill -9
 * and a power cut; `fullfsync` asks the same of macOS, where a plain fsync stops at the drive's
 * cache.
 */
const PRAGMAS = [
  'pragma journal_mode = wal',
  'pragma synchronous = full',
  'pragma fullfsync = on',
  'pragma checkpoint_fullfsync = on',
  'pragma journal_size_limit = 67108864',
  'pragma temp_store = memory',
];

/**
 * Opens the store in a SQLite file, making it and its folder on first use. `bytesMax` caps the
 * file; past it appends are refused with `disk-full`.
 *
 * It stays on the client's `batch`: that keeps the one connection between calls (the client pools
 * them since 0.18; before, `transaction` handed its connection over and opened another) and writes
 * 44,000 to 77,000 rows of 1.3 kB a second in groups of 256. The native `libsql` package with a
 * prepared statement gave 91,000, which does not pay for a second dependency.
 */
export async function openLibsqlStore(
  file: string,
  options: { bytesMax?: number } = {},
): Promise<Store> {
  await mkdir(dirname(resolve(file)), { recursive: true });
  const pragmas = [...PRAGMAS];
  if (options.bytesMax !== undefined) {
    pragmas.push(`pragma max_page_count = ${Math.floor(options.bytesMax / PAGE_BYTES)}`);
  }
  const unlock = await lockFile(`${file}.lock`);
  try {
    const store = await openSqlStore(await openLibsqlDatabase(file, pragmas));
    return {
      ...store,
      async close() {
        await store.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/**
 * Keeps a second hub off the same data directory until it is called back or the process ends: an
 * open transaction on a database of its own. SQLite's exclusive locking mode would do the same to
 * the main file, but the native library closes a connection only when the garbage collector has
 * found its last statement; a transaction's lock goes with its rollback.
 */
async function lockFile(file: string): Promise<() => Promise<void>> {
  let client: Client | undefined;
  try {
    client = createClient({ url: pathToFileURL(file).href, concurrency: 1 });
    const held = await client.transaction('write');
    const owner = client;
    return async () => {
      await held.rollback();
      owner.close();
    };
  } catch (error) {
    client?.close();
    throw storeError(error);
  }
}

/** A SQLite file as a database that the store can use, as it is. */
export async function openLibsqlDatabase(
  file: string,
  pragmas: readonly string[] = [],
): Promise<SqlDatabase> {
  let client: Client | undefined;
  try {
    // Pragmas belong to a connection: with one connection, every statement runs under them.
    client = createClient({ url: pathToFileURL(file).href, concurrency: 1 });
    for (const pragma of pragmas) await client.execute(pragma);
    return overClient(client);
  } catch (error) {
    client?.close();
    throw storeError(error);
  }
}

const overClient = (client: Client): SqlDatabase => ({
  async transact(mode, statements) {
    try {
      const batch: InStatement[] = statements.map(({ sql, parameters }) => ({
        sql,
        args: [...parameters] as InValue[],
      }));
      const sets = await client.batch(batch, mode);
      return sets.map((set) => set.rows.map(decodeRow));
    } catch (error) {
      throw storeError(error);
    }
  },
  async close() {
    client.close();
  },
});

/** The client gives bytes as an `ArrayBuffer`. */
function decodeRow(row: object): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) {
    decoded[column] = value instanceof ArrayBuffer ? new Uint8Array(value) : value;
  }
  return decoded;
}

function storeError(error: unknown): PocketgridError {
  if (error instanceof PocketgridError) return error;
  return new PocketgridError(explain(error), { cause: error });
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
  const why = error instanceof Error ? error.message : String(error);
  return refusal(
    'storage-failed',
    `the database failed (${why}); nothing was stored, check the disk and the data directory`,
  );
}
