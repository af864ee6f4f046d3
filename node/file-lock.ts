import Sqlite from 'libsql';

/**
 * Keeps other processes off until it is called back or this process ends, however it does. Throws
 * where another process has the lock. It is an open transaction on a database of its own: SQLite's
 * exclusive locking mode would do the same to a main file, but the native library closes a
 * connection only when the garbage collector has found its last statement; a transaction's lock
 * goes with its rollback.
 */
export async function lockFile(file: string): Promise<() => Promise<void>> {
  const connection = new Sqlite(file);
  try {
    connection.exec('begin immediate');
  } catch (error) {
    connection.close();
    throw error;
  }
  return async () => {
    connection.exec('rollback');
    connection.close();
  };
}
