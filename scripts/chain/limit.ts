import { createInterface } from 'node:readline/promises';

/** A person reads what is asked before answering. */
const ANSWER_MS_MAX = 5 * 60_000;

/**
 * Throws unless the user lets so many lamports go: by the most that was named on the command line, else
 * by an answer at the terminal.
 */
export async function allowLamports(lamports: bigint, most: bigint | undefined): Promise<void> {
  if (most !== undefined) {
    if (lamports <= most) return;
    throw new Error(
      `the hub asks for ${lamports} lamports, more than --max-lamports ${most}: nothing was signed. Read the quote, then name a larger sum`,
    );
  }
  if (!process.stdin.isTTY) {
    throw new Error(
      `--max-lamports is missing: the hub asks for ${lamports} lamports; name the most that you pay`,
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const answer = await terminal
    .question(`Deposit ${lamports} lamports? Type yes: `, { signal })
    .catch(() => '')
    .finally(() => terminal.close());
  if (answer.trim() !== 'yes') throw new Error('nothing was signed, since the answer was not yes');
}
