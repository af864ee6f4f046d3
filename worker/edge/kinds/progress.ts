import type { ComputePorts } from './kind.ts';

const EVERY_MS = 100;

/**
 * Tells how many units of a run are done, at most every 100 ms, and lets the platform look up then.
 * `since` is when the run began.
 */
export function openProgress(
  ports: ComputePorts,
  { run, since }: { run: number; since: number },
): (unitsDone: number) => Promise<void> {
  let told = since;
  return async (unitsDone) => {
    const now = ports.clock();
    if (now - told < EVERY_MS) return;
    told = now;
    ports.reply({ type: 'progress', run, unitsDone }, []);
    await ports.lookUp?.();
  };
}
