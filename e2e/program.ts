import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 8_000;
const LINES_MAX = 2_000;

/** A program as a process of its own. */
export interface Program {
  readonly name: string;
  /** Its output so far, both streams, the newest 2,000 lines. */
  readonly lines: readonly string[];
  /** The first line that fits, now or later; rejects when the program ends before. */
  line(pattern: RegExp): Promise<string>;
  /** `kill -9`; settles when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, then SIGKILL; settles when it is gone. */
  stop(): Promise<void>;
}

/** Starts `FILE WORDS…` as TypeScript from the root of the repository. */
export const openProgram = (name: string, words: readonly string[]): Program =>
  openCommand(name, [process.execPath, '--import', 'tsx', ...words]);

/** Starts any command, with what else its environment holds. */
export function openCommand(
  name: string,
  [command = '', ...words]: readonly string[],
  env: Record<string, string> = {},
): Program {
  const child = spawn(command, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > LINES_MAX) lines.shift();
      for (const listener of listeners) listener(line);
    });
  }
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  // Whatever happens to the test runner, no program outlives it.
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  void gone.then(() => process.off('exit', killNow));
  const end = (signal: NodeJS.Signals) => endProgram(child, gone, signal);
  return {
    name,
    lines,
    line: (pattern) => waitForLine({ name, lines, listeners, gone }, pattern),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

/** Runs a program until it prints such a line, its last, and gives that; throws when it never does. */
export async function runProgram(
  name: string,
  words: readonly string[],
  last = /^done/,
): Promise<string> {
  const program = openProgram(name, words);
  try {
    return await program.line(last);
  } finally {
    await program.stop();
  }
}

interface Listening {
  name: string;
  lines: readonly string[];
  listeners: Set<(line: string) => void>;
  gone: Promise<void>;
}

function waitForLine({ name, lines, listeners, gone }: Listening, pattern: RegExp) {
  const told = lines.find((line) => pattern.test(line));
  if (told !== undefined) return Promise.resolve(told);
  return new Promise<string>((resolve, reject) => {
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      listeners.delete(listen);
      finish();
    };
    const fail = (how: string) => () =>
      reject(new Error(`${name} ${how} without ${pattern}:\n${lines.slice(-12).join('\n')}`));
    const listen = (line: string) => {
      if (pattern.test(line)) settle(() => resolve(line));
    };
    const timer = setTimeout(() => settle(fail('was waited for')), READY_MS_MAX);
    listeners.add(listen);
    void gone.then(() => settle(fail('ended')));
  });
}

async function endProgram(child: ChildProcess, gone: Promise<void>, signal: NodeJS.Signals) {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await gone;
  clearTimeout(timer);
}
