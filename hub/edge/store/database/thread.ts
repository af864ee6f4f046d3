import { Worker } from 'node:worker_threads';
import { PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { Place } from './connection.ts';
import { type Packed, packStatements } from './packing.ts';
import type { Database, Value } from './port.ts';

const ENTRY = new URL('./thread-entry.mjs', import.meta.url);

/** What the thread is asked. It does what it is asked in turn. */
export type Ask =
  | { open: Place }
  | { read: { sql: string; values: readonly Value[] } }
  | { write: Packed }
  | { close: true };
/** What it answers to each; `cause` is the words of what it failed with. */
export type Answer = { value: unknown } | { refusal: Refusal; cause: string };

interface Waiter {
  resolve(value: unknown): void;
  reject(error: PocketgridError): void;
}

/**
 * Opens a database on a thread of its own, so that no sync of the disk holds sockets up. A thread
 * that dies takes the process along: nobody knows what of its last write is on disk, and the next
 * start does.
 */
export async function openDatabaseThread(place: Place): Promise<Database> {
  const worker = new Worker(ENTRY, { execArgv: [] });
  const waiting: Waiter[] = [];
  let isClosed = false;
  worker.on('message', (answer: Answer) => {
    const waiter = waiting.shift();
    if (waiting.length === 0) worker.unref();
    if ('value' in answer) waiter?.resolve(answer.value);
    else {
      const cause = new Error(answer.cause);
      waiter?.reject(new PocketgridError(answer.refusal, { cause }));
    }
  });
  const exit = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      if (!isClosed) throw new Error(`the thread of the database ended with code ${code}`);
      resolve();
    });
  });
  const ask = (question: Ask, transfer: ArrayBuffer[] = []): Promise<unknown> => {
    if (isClosed) return Promise.reject(new PocketgridError(CLOSED));
    return new Promise((resolve, reject) => {
      if (waiting.length === 0) worker.ref();
      waiting.push({ resolve, reject });
      worker.postMessage(question, transfer);
    });
  };
  const close = async () => {
    const closing = ask({ close: true });
    isClosed = true;
    await closing;
    worker.ref();
    await exit;
  };
  await ask({ open: place }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    read: async <Row>(sql: string, ...values: readonly Value[]) =>
      (await ask({ read: { sql, values } })) as Row[],
    async write(statements) {
      const packed = packStatements(statements);
      await ask({ write: packed }, [packed.bytes.buffer]);
    },
    close,
  };
}

const CLOSED = refusal('hub-stopping', 'the database is closed; retry when the hub is back');
