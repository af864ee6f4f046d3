import { type TransferListItem, Worker, type WorkerOptions } from 'node:worker_threads';
import { fault, PocketgridError } from '#protocol/values/refusal.ts';
import type { TaskCall, TaskEnd, Tasks } from './tasks.ts';

const ENTRY = new URL('./thread-entry.mjs', import.meta.url);
const IDLE_MS = 60_000;

/** What a thread is allowed. */
export interface ThreadLimits {
  /** Time of one task from when it begins. */
  taskMs: number;
  /** Calls that wait or are at work. */
  callsMax: number;
  /** A thread that does nothing for so long is ended, with all the memory it took. */
  idleMs?: number;
  /** Its work is as urgent as that of the process: it does not step back for it. */
  isFirst?: boolean;
}

/** One worker thread that does tasks in turn. It starts when there is one, and again when it died. */
export interface Thread {
  /**
   * Throws the `PocketgridError` of the task, or one that says that the thread died, took too long,
   * or has too much to do.
   */
  run<T extends keyof Tasks>(
    task: T,
    input: Parameters<Tasks[T]>[0],
    transfer?: readonly TransferListItem[],
  ): ReturnType<Tasks[T]>;
  /** Ends the thread; what is at work or waits is refused. */
  close(): Promise<void>;
}

export function openThread(
  { taskMs, callsMax, idleMs = IDLE_MS, isFirst = false, ...rest }: ThreadLimits & WorkerOptions,
  entry = ENTRY,
): Thread {
  const options = { ...rest, workerData: { isFirst } };
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let calls = 0;
  let isClosed = false;

  const end = async () => {
    clearTimeout(idle);
    const ended = worker;
    worker = undefined;
    await ended?.terminate();
  };
  const open = (): Worker => {
    const opened = new Worker(entry, options);
    // Whoever waits for it hears of it as well.
    opened.on('error', () => undefined);
    opened.on('exit', () => {
      if (worker === opened) worker = undefined;
    });
    return opened;
  };
  const start = (): Worker => {
    clearTimeout(idle);
    worker ??= open();
    worker.ref();
    return worker;
  };
  const runAlone = async (call: TaskCall, transfer: readonly TransferListItem[]) => {
    if (isClosed) throw stopping();
    const running = start();
    try {
      return await ask(running, { call, transfer, taskMs });
    } catch (error) {
      // Only a refusal leaves a thread that is sure to be well.
      if (!(error instanceof PocketgridError) || error.cause !== undefined) await end();
      throw isClosed ? stopping() : error;
    } finally {
      if (worker !== undefined) {
        worker.unref();
        idle = setTimeout(() => void end(), idleMs).unref();
      }
    }
  };

  const runInTurn = async (call: TaskCall, transfer: readonly TransferListItem[]) => {
    if (calls >= callsMax) {
      throw fault('busy', 'the hub has too much of this to do; send it again in a minute');
    }
    calls += 1;
    const done = queue.then(() => runAlone(call, transfer));
    queue = done.catch(() => undefined);
    return done.finally(() => {
      calls -= 1;
    });
  };

  return {
    run<T extends keyof Tasks>(
      task: T,
      input: Parameters<Tasks[T]>[0],
      transfer: readonly TransferListItem[] = [],
    ) {
      return runInTurn({ task, input }, transfer) as ReturnType<Tasks[T]>;
    },
    async close() {
      isClosed = true;
      await end();
      await queue;
    },
  };
}

const stopping = () => fault('hub-stopping', 'the hub is stopping; send it again when it is back');

interface Asking {
  call: TaskCall;
  transfer: readonly TransferListItem[];
  taskMs: number;
}

/** One call and its end. */
function ask(worker: Worker, { call, transfer, taskMs }: Asking): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.postMessage(call, transfer);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      act();
    };
    const onMessage = (said: TaskEnd) =>
      settle(() => {
        if ('value' in said) resolve(said.value);
        else if ('refusal' in said) reject(new PocketgridError(said.refusal));
        else reject(new Error(said.bug));
      });
    const onError = (error: Error) => settle(() => reject(explainDeath(error)));
    const onExit = (code: number) => onError(new Error(`it ended with code ${code}`));
    const onLate = () => {
      const message = `it took longer than ${taskMs / 1_000} s, so it was given up; send less at a time`;
      onError(fault('input-too-big', message, new Error('late')));
    };
    const timer = setTimeout(onLate, taskMs);
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  });
}

function explainDeath(error: Error): PocketgridError {
  if (error instanceof PocketgridError) return error;
  const code = 'code' in error ? error.code : '';
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const message = 'this needs more memory than the hub has; send less at a time';
    return fault('input-too-big', message, error);
  }
  const message = `the hub's worker thread died of this (${error.message.slice(0, 300)}); it is started again, and the hub goes on`;
  return fault('internal', message, error);
}
