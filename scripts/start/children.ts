import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { killGroup } from '../command.ts';

const STOP_MS_MAX = 5_000;
const LAST_LINES = 12;

/** A program of ours running beside this one. */
export interface Child {
  /** Its first line of JSON that holds `"ready": true`. Rejects when it ends before. */
  ready: Promise<Record<string, unknown>>;
  /** Settles when it has ended; the sentence says how. */
  ended: Promise<string>;
  /** SIGKILL or another signal, for it and all that it started. */
  kill(signal?: NodeJS.Signals): void;
}

export interface Children {
  /**
   * Starts `tsx FILE WORDS…`. Its log lines are kept quiet; its errors come with its name before.
   */
  start(name: string, words: readonly string[], options: StartOptions): Child;
  /** Aborted when they are being stopped: nothing is to be started then. */
  closed: AbortSignal;
  /** SIGTERM to all, SIGKILL after five seconds; settles when none is left. */
  close(): Promise<void>;
}

export interface StartOptions {
  readyMsMax: number;
  env?: Record<string, string>;
  /** Hears how it ended, when it was not told to; else that is shown. */
  onEnd?(sentence: string): void;
  /** Hears each line that it prints. */
  onLine?(line: string): void;
}

/** `say` shows a line of a child's errors. */
export function openChildren(say: (line: string) => void): Children {
  const running = new Map<ChildProcess, Promise<string>>();
  const closing = new AbortController();
  // The last word, however this program ends: children have groups of their own.
  const killAll = () => {
    for (const { pid } of running.keys()) if (pid !== undefined) killGroup(pid, 'SIGKILL');
  };
  process.on('exit', killAll);
  return {
    closed: closing.signal,
    start(name, words, { readyMsMax, env = {}, onEnd = say, onLine = () => {} }) {
      const program = spawnProgram(words, env);
      const last: string[] = [];
      const note = (line: string) => {
        onLine(line);
        last.push(line);
        if (last.length > LAST_LINES) last.shift();
        if (!closing.signal.aborted && isError(line)) say(`[${name}] ${describeLine(line)}`);
      };
      if (program.stderr) createInterface({ input: program.stderr }).on('line', note);
      const ended = watchEnd(name, program).then((sentence) => {
        running.delete(program);
        if (closing.signal.aborted) return sentence;
        const told = [sentence, ...last.map((line) => `  ${describeLine(line)}`)].join('\n');
        onEnd(told);
        return told;
      });
      running.set(program, ended);
      const ready = Promise.race([
        firstReady(program, note),
        ended.then((sentence) => Promise.reject(new Error(sentence))),
        lateAfter(name, readyMsMax, program),
      ]);
      // Whoever awaits it hears of it; until then it is no unhandled rejection.
      ready.catch(() => undefined);
      const kill = (signal: NodeJS.Signals = 'SIGKILL') => {
        if (program.pid !== undefined) killGroup(program.pid, signal);
      };
      return { ready, ended, kill };
    },
    async close() {
      closing.abort();
      const waits = [...running].map(([each, ended]) => stop(each, ended));
      await Promise.all(waits);
      process.off('exit', killAll);
    },
  };
}

function spawnProgram(words: readonly string[], env: Record<string, string>): ChildProcess {
  // A group of its own: a Ctrl-C in the terminal reaches this program alone, which stops the rest.
  return spawn(process.execPath, ['--import', 'tsx', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...env },
  });
}

function watchEnd(name: string, child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(`${name} could not be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      const how = signal === null ? `status ${code}` : `signal ${signal}`;
      resolve(`${name} ended with ${how}.`);
    });
  });
}

function firstReady(
  child: ChildProcess,
  note: (line: string) => void,
): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const value = readRecord(line);
      if (value?.['ready'] === true) resolve(value);
      else note(line);
    });
  });
}

function lateAfter(name: string, limitMs: number, child: ChildProcess): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${name} was not ready after ${limitMs / 1000} s.`)),
      limitMs,
    );
    timer.unref();
    child.on('exit', () => clearTimeout(timer));
  });
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  killGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => killGroup(pid, 'SIGKILL'), STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
  // What it started itself goes with it.
  killGroup(pid, 'SIGKILL');
}

/** The text of a log line: pino writes JSON, Node's own complaints are plain. */
function describeLine(line: string): string {
  const entry = readRecord(line);
  const text = entry?.['msg'] ?? entry?.['message'];
  // An API key is shown in the dashboard's address and nowhere else.
  return (typeof text === 'string' ? text : line).replace(/\bpg_[\w-]+/g, 'pg_…');
}

function isError(line: string): boolean {
  const level = readRecord(line)?.['level'];
  if (level === undefined) return /error|refus|cannot|fail/i.test(line);
  return typeof level === 'number'
    ? level >= 40
    : ['warn', 'error', 'fatal'].includes(String(level));
}

function readRecord(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
