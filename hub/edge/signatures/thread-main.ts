import { parentPort } from 'node:worker_threads';
import { verify } from '#node/verify.ts';
import type { Signed } from '#protocol/bytes/signature.ts';

// The thread of signatures: whether each of a message is right, in turn. Started by `thread.ts`.
parentPort?.on('message', (all: readonly Signed[]) => {
  parentPort?.postMessage(all.map(verify));
});
