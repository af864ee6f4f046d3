import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { lockFile } from '#node/file-lock.ts';
import { openConnection, type Place, toRefusal } from './connection.ts';
import type { Database } from './port.ts';
import { openDatabaseThread } from './thread.ts';

/**
 * Opens a SQLite file on a thread of its own, making it and its folder on first use; no other
 * process opens it meanwhile. `bytesMax` caps the file; past it writes are refused with `disk-full`.
 */
export async function openDatabaseFile(file: string, bytesMax?: number): Promise<Database> {
  await mkdir(dirname(resolve(file)), { recursive: true });
  const unlock = await lockFile(`${file}.lock`).catch((cause: unknown) => {
    throw toRefusal(cause);
  });
  try {
    const database = await openDatabaseThread({ file, bytesMax });
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
export const openSharedDatabase = async (file: string): Promise<Database> => openHere({ file });

/** A database in memory, for tests. */
export const openMemoryDatabase = async (): Promise<Database> => openHere('memory');

/** A database on this thread. */
function openHere(place: Place): Database {
  const connection = openConnection(place);
  return {
    read: async <Row>(sql: string, ...values: Parameters<Database['read']>[1][]) =>
      connection.read(sql, values) as Row[],
    write: async (statements) => connection.write(statements),
    close: async () => connection.close(),
  };
}
