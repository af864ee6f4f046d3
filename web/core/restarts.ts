/** A worker that failed starts again after so many seconds; after the last one it is left alone. */
const WAITS_SECONDS = [1, 2, 5, 15, 30] as const;
/** A worker that lasted so long has begun anew. */
export const LASTED_MS = 5 * 60_000;

/** Seconds until a worker that failed so often in a row starts again; undefined where it does not. */
export const restartAfter = (failures: number): number | undefined => WAITS_SECONDS[failures - 1];
