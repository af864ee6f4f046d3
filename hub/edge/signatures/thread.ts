import { Worker } from 'node:worker_threads';
import type { Signed } from '#protocol/bytes/signature.ts';

const ENTRY = new URL('./thread-entry.mjs', import.meta.url);

/** Checks signatures on a thread of its own. */
export interface SignatureThread {
  /** Whether a signature is right; never, once this is closed. */
  verify(signed: Signed): Promise<boolean>;
  close(): Promise<void>;
}

type Settle = (isRight: boolean) => void;

/**
 * Opens the thread. What one turn of the event loop asks goes over in one message: to wake a thread
 * takes about as long as a check. A thread that dies takes the process along, as it would if it
 * were this one.
 */
export function openSignatureThread(): SignatureThread {
  const worker = new Worker(ENTRY, { execArgv: [] });
  const sent: Settle[][] = [];
  let asked: { signed: Signed; settle: Settle }[] = [];
  let isClosed = false;
  worker.unref();
  worker.on('message', (answers: readonly boolean[]) => {
    const settles = sent.shift() ?? [];
    for (const [at, settle] of settles.entries()) settle(answers[at] === true);
  });
  worker.on('exit', (code) => {
    if (!isClosed) throw new Error(`the thread of signatures ended with code ${code}`);
  });
  function sendAll(): void {
    sent.push(asked.map(({ settle }) => settle));
    worker.postMessage(asked.map(({ signed }) => signed));
    asked = [];
  }
  return {
    verify: (signed) =>
      new Promise((settle) => {
        if (isClosed) return;
        if (asked.length === 0) setImmediate(sendAll);
        asked.push({ signed, settle });
      }),
    async close() {
      isClosed = true;
      await worker.terminate();
    },
  };
}
