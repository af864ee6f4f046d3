import type { RefusalCode, Result } from '#protocol/values/refusal.ts';
import { sleep } from './sleep.ts';

/** The hub says so before it does anything. */
const BUSY: ReadonlySet<RefusalCode> = new Set(['busy', 'message-rate', 'hub-stopping']);
const TRIES_MAX = 7;
const PAUSE_MS = { first: 1_000, max: 30_000 };

/** Makes a call again while the hub has no room for it: seven times, over about a minute. */
export async function whileBusy<T>(
  signal: AbortSignal | undefined,
  call: () => Promise<Result<T>>,
): Promise<Result<T>> {
  for (let tries = 1; ; tries += 1) {
    const result = await call();
    if (result.ok || !BUSY.has(result.refusal.code) || tries === TRIES_MAX) return result;
    const pause = Math.min(PAUSE_MS.max, PAUSE_MS.first * 2 ** (tries - 1));
    await sleep(pause * (1 + Math.random() / 2), signal);
    if (signal?.aborted === true) return result;
  }
}
