import type { Readable } from 'node:stream';
import { WebSocket } from 'ws';

/** What a program of ours holds, in bytes, once its garbage is collected. */
export interface ProgramMemory {
  /** On the heap, and outside of it in buffers. */
  heap: number;
  /** Of the whole process, threads included. */
  resident: number;
}

/** Of Node: opens the debugger of a program, on any free port of this machine alone. */
export const INSPECT = '--inspect=127.0.0.1:0';
const ANSWER_MS_MAX = 60_000;
const READ = `JSON.stringify({
  heap: process.memoryUsage().heapUsed + process.memoryUsage().external,
  resident: process.memoryUsage.rss(),
})`;

/**
 * Reads the memory of a program that was started with `INSPECT`, through its debugger: where that
 * is, the program says first on its standard error.
 */
export function openMemoryReader(errors: Readable | null): () => Promise<ProgramMemory> {
  const address = new Promise<string>((resolve) => {
    errors?.on('data', (chunk) => {
      const [, url] = /Debugger listening on (ws:\S+)/.exec(String(chunk)) ?? [];
      if (url !== undefined) resolve(url);
    });
  });
  return async () => {
    const socket = new WebSocket(await address);
    try {
      await answerOf(socket, 'open');
      // What the first round frees may hold the last word on what the second one frees.
      for (let round = 0; round < 2; round += 1) await call(socket, 'HeapProfiler.collectGarbage');
      const { result } = await call(socket, 'Runtime.evaluate', { expression: READ });
      return JSON.parse(String(result?.value)) as ProgramMemory;
    } finally {
      socket.terminate();
    }
  };
}

async function call(socket: WebSocket, method: string, params: object = {}) {
  const answered = answerOf(socket, 'message');
  socket.send(JSON.stringify({ id: 1, method, params }));
  return (JSON.parse(await answered) as { result: { result?: { value: unknown } } }).result;
}

function answerOf(socket: WebSocket, event: 'open' | 'message'): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the debugger is silent')), ANSWER_MS_MAX);
    const end = (settle: () => void) => {
      clearTimeout(late);
      settle();
    };
    socket.once('error', (error) => end(() => reject(error)));
    socket.once(event, (data) => end(() => resolve(String(data))));
  });
}
