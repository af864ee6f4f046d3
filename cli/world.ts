import { buffer } from 'node:stream/consumers';
import type { ReadStream } from 'node:tty';
import { openDeadline } from '#client/deadline.ts';
import { fault } from '#protocol/values/refusal.ts';

/** What the program has around it: the environment and a terminal, or pipes. */
export interface World {
  env: Readonly<Record<string, string | undefined>>;
  /** Aborted when somebody stops the program. */
  signal: AbortSignal;
  /** A line of the answer, on standard output. */
  say(line: string): void;
  /** Bytes of the answer, on standard output; rejects when nobody reads it any more. */
  write(bytes: Uint8Array): Promise<void>;
  /** Whether the answer is one value of JSON, and nothing else goes to standard output. */
  isJson: boolean;
  /** A line beside the answer, on standard error. */
  tell(line: string): void;
  /** How far something is: written over at a terminal, and left out elsewhere. */
  show(text: string): void;
  /** A secret from standard input; typed at a terminal it is not shown. */
  readSecret(prompt: string): Promise<string>;
}

const SECRET_MS_MAX = 5 * 60_000;
const SECRET_CHARACTERS_MAX = 1_000;

/** The world of this process. The first interrupt stops what is at work, the second the process. */
export function openWorld(): World {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const { stdout, stderr } = process;
  // Who read it has left: `write` says so, and a line that nobody reads is no fault.
  stdout.on('error', () => undefined);
  return {
    env: process.env,
    signal: stop.signal,
    say: (line) => void stdout.write(`${line}\n`),
    write: (bytes) =>
      new Promise((resolve, reject) => {
        stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    isJson: false,
    tell: (line) => void stderr.write(`${line}\n`),
    show: (text) => void (stderr.isTTY && stderr.write(`\r${text}\u001b[K`)),
    async readSecret(prompt) {
      const deadline = openDeadline(SECRET_MS_MAX, stop.signal);
      if (process.stdin.isTTY) stderr.write(prompt);
      const text = process.stdin.isTTY ? typed(process.stdin) : piped(process.stdin);
      const ended = new Promise<never>((_, reject) => {
        const message = 'nothing came on standard input; send it the key, or set POCKETGRID_KEY';
        const stopped = () => reject(fault('key-missing', message));
        deadline.signal.addEventListener('abort', stopped);
      });
      return Promise.race([text, ended]).finally(() => {
        deadline.close();
        process.stdin.destroy();
      });
    },
  };
}

const piped = async (stdin: NodeJS.ReadableStream): Promise<string> =>
  (await buffer(stdin)).toString('utf8', 0, SECRET_CHARACTERS_MAX).trim();

/** A line that is typed at a terminal, without an echo. */
async function typed(stdin: ReadStream): Promise<string> {
  stdin.setRawMode(true);
  let line = '';
  try {
    for await (const chunk of stdin) {
      for (const character of String(chunk)) {
        if (character === '\r' || character === '\n') return line.trim();
        if (character === '\u0003') return '';
        line = character === '\u007f' ? line.slice(0, -1) : line + character;
        if (line.length > SECRET_CHARACTERS_MAX) return line;
      }
    }
    return line.trim();
  } finally {
    stdin.setRawMode(false);
    process.stderr.write('\n');
  }
}
