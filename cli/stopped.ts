import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import type { World } from './world.ts';

/** Says what becomes of what somebody stopped, and how to go on. */
export class StoppedError extends PocketgridError {
  constructor(message: string) {
    super(refusal('download-failed', message));
  }
}

/** Does work; where somebody stops it, throws what `explain` says of that. */
export async function orStopped<T>(
  { signal }: Pick<World, 'signal'>,
  explain: () => string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw signal.aborted ? new StoppedError(explain()) : error;
  }
}
