import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { KINDS } from './hostile-kinds.ts';

/**
 * Strangers of many kinds in one process: told `{hub, sockets}` by a line of JSON on stdin, and
 * `{stop: true}`. Each stays as near to the hub's bounds as it can, and comes back when it is closed.
 */
const BACK_AFTER_MS = 500;
/** Those of this machine that the hub bounds as those of strangers. */
const ADDRESSES = 20;
const addressOf = (number: number) => `127.0.0.${2 + (number % ADDRESSES)}`;

const leaving = new AbortController();

/** One socket after the other, for as long as the flood lasts. */
async function haunt(hub: string, number: number): Promise<void> {
  const open = KINDS[number % KINDS.length];
  while (!leaving.signal.aborted) {
    const socket = open?.(hub, addressOf(number));
    if (socket === undefined) return;
    const leave = () => socket.end();
    leaving.signal.addEventListener('abort', leave);
    await socket.closed;
    leaving.signal.removeEventListener('abort', leave);
    await sleep(BACK_AFTER_MS);
  }
}

// Strangers have machines of their own: these must not take the hub's.
setPriority(constants.priority.PRIORITY_LOW);
for await (const line of createInterface({ input: process.stdin })) {
  const {
    hub,
    sockets = 0,
    stop,
  } = JSON.parse(line) as Record<'hub', string | undefined> & {
    sockets?: number;
    stop?: true;
  };
  if (hub !== undefined) {
    for (let number = 0; number < sockets; number += 1) void haunt(hub, number);
    process.stdout.write(`${JSON.stringify({ flooding: sockets })}\n`);
  }
  if (stop) {
    leaving.abort();
    process.stdout.write(`${JSON.stringify({ stopped: true })}\n`);
  }
}
