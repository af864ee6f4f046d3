import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { BenchContext } from './figure.ts';

const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const STOP_MS_MAX = 5_000;
const KEY_MS_MAX = 180_000;

/** Runs a command to its end and gives its stdout. Throws with its stderr when it fails. */
export async function runCommand(command: readonly string[], timeoutMs: number): Promise<string> {
  const [program = '', ...words] = command;
  const options = { timeout: timeoutMs, maxBuffer: OUTPUT_BYTES_MAX };
  try {
    return (await run(program, words, options)).stdout;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new Error(`${command.join(' ')} failed: ${stderr.trim() || message}`);
  }
}

/** Makes the key of a verifier in its data folder where there is none, and gives its public half. */
export async function readVerifierKey(data: string): Promise<string> {
  const words = ['--import', 'tsx', 'verifier/main.ts', '--print-key', '--data', data];
  return (await runCommand([process.execPath, ...words], KEY_MS_MAX)).trim();
}

/** A program of ours that runs beside the bench and talks in lines of JSON. */
export interface Program {
  pid: number;
  /** Its standard error. */
  errors: Readable | null;
  /** The next JSON line that holds `key`; throws when the program ends or `timeoutMs` passes. */
  hear(key: string, timeoutMs: number): Promise<Record<string, unknown>>;
  /** Sends one line of JSON to its stdin. */
  tell(message: object): void;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts `tsx FILE WORDS…`; it is stopped when the bench is over. */
export function openProgram(words: readonly string[], { defer }: BenchContext): Program {
  const child = spawn(process.execPath, ['--import', 'tsx', ...words], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const heard: Record<string, unknown>[] = [];
  const errors: string[] = [];
  const news = new EventEmitter();
  const note = () => news.emit('news');
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) heard.push(JSON.parse(line) as Record<string, unknown>);
    note();
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    errors.push(line);
    if (errors.length > 20) errors.shift();
  });
  child.on('exit', note).on('error', note);
  const program: Program = {
    pid: child.pid ?? 0,
    errors: child.stderr,
    async hear(key, timeoutMs) {
      const until = performance.now() + timeoutMs;
      for (;;) {
        const at = heard.findIndex((message) => key in message);
        const [found] = at < 0 ? [] : heard.splice(at, 1);
        if (found !== undefined) return found;
        const left = until - performance.now();
        if (hasEnded(child) || left <= 0) {
          const why = hasEnded(child) ? 'ended' : `was silent for ${timeoutMs} ms`;
          throw new Error(`${words[0]} ${why} before "${key}":\n${errors.join('\n')}`);
        }
        // Out of time is told by the next look.
        await once(news, 'news', { signal: AbortSignal.timeout(Math.ceil(left)) }).catch(
          () => undefined,
        );
      }
    },
    tell: (message) => void child.stdin.write(`${JSON.stringify(message)}\n`),
    async kill(signal) {
      if (hasEnded(child)) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      await once(child, 'exit');
      clearTimeout(timer);
    },
  };
  defer(() => program.kill('SIGTERM'));
  return program;
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
