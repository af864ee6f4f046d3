import { pathToFileURL } from 'node:url';
import { type Client, createClient } from '@libsql/client';

/**
 * Keeps other processes off until it is called back or this one ends, however it does: an open
 * transaction on a database of its own. Throws where another process has the lock.
 */
export async function lockFile(file: string): Promise<() => Promise<void>> {
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
    const message =
      'this chain is open in another process: stop that one, or choose another --data';
    throw new Error(message, { cause: error });
  }
}
