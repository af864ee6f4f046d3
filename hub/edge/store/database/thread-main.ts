import { type MessagePort, parentPort } from 'node:worker_threads';
import { PocketgridError } from '#protocol/values/refusal.ts';
import { type Connection, openConnection, toRefusal } from './connection.ts';
import { unpackStatements } from './packing.ts';
import type { Answer, Ask } from './thread.ts';

/** The thread of a database: answers each message, in turn. Started through `thread-entry.mjs`. */
function listen(port: MessagePort): void {
  let connection: Connection | undefined;
  const perform = (ask: Ask): unknown => {
    if ('open' in ask) connection = openConnection(ask.open);
    else if ('read' in ask) return connection?.read(ask.read.sql, ask.read.values);
    else if ('write' in ask) connection?.write(unpackStatements(ask.write));
    else connection?.close();
    return undefined;
  };
  port.on('message', (ask: Ask) => {
    const answer = answerOf(() => perform(ask));
    port.postMessage(answer, 'value' in answer ? buffersOf(answer.value) : []);
    if ('close' in ask) port.close();
  });
}

function answerOf(call: () => unknown): Answer {
  try {
    return { value: call() };
  } catch (error) {
    const { refusal, cause } = error instanceof PocketgridError ? error : toRefusal(error);
    return { refusal, cause: cause instanceof Error ? (cause.stack ?? cause.message) : '' };
  }
}

/** Bytes in rows go over without a copy: each value has a buffer to itself. */
const buffersOf = (rows: unknown): ArrayBuffer[] =>
  Array.isArray(rows)
    ? rows.flatMap((row: object) =>
        Object.values(row).flatMap((value: unknown) =>
          value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : [],
        ),
      )
    : [];

if (parentPort !== null) listen(parentPort);
