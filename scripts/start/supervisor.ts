import type { Children, StartOptions } from './children.ts';

/** A program that ends at once is started again after waits that double, up to the last one. */
const WAIT_MS = { first: 500, most: 30_000 } as const;
/** One that ran for so long is started again after the first wait. */
const STEADY_MS = 60_000;

/** The parts of `Children` that a supervisor starts programs by. */
export type Starter = Pick<Children, 'start' | 'closed'>;

export interface Supervised {
  name: string;
  words: readonly string[];
  options: Omit<StartOptions, 'onEnd'>;
  /** How it is started later, by what it said when it was ready first: on the same port. */
  again?(ready: Record<string, unknown>): readonly string[];
  /** What becomes of the others while it is away. */
  meanwhile: string;
}

/**
 * Starts a program and gives what it said when it was ready; rejects where its first start fails.
 * When it ends later it is started again, for as long as the others run, and `say` tells of it.
 */
export async function keepRunning(
  children: Starter,
  { name, words, options, again = () => words, meanwhile }: Supervised,
  say: (line: string) => void,
): Promise<Record<string, unknown>> {
  let later: readonly string[] | undefined;
  let waitMs: number = WAIT_MS.first;
  let startedAt = 0;
  const start = () => {
    startedAt = Date.now();
    return children.start(name, later ?? words, { ...options, onEnd });
  };
  const startAgain = (): void => {
    if (children.closed.aborted) return;
    const child = start();
    child.ready.then(
      () => say(`The ${name} is back.`),
      // One that hangs before it is ready is ended, and comes round again.
      () => child.kill(),
    );
  };
  const onEnd = (sentence: string): void => {
    // The first start failed: whoever waits for it hears why.
    if (later === undefined) return;
    if (Date.now() - startedAt >= STEADY_MS) waitMs = WAIT_MS.first;
    say(`${sentence}\nThe ${name} is started again in ${waitMs / 1000} s; ${meanwhile}.`);
    setTimeout(startAgain, waitMs).unref();
    waitMs = Math.min(2 * waitMs, WAIT_MS.most);
  };
  const ready = await start().ready;
  later = again(ready);
  return ready;
}
