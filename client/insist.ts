import type { Result } from '#protocol/values/refusal.ts';
import type { Attempt, CallOptions } from './attempt.ts';
import { IDEMPOTENCY_KEY } from './once.ts';
import { sleep } from './sleep.ts';

const PAUSE_MS = { first: 250, max: 10_000 };

/**
 * How often a call that changes nothing is made again: after a failure, and where it came too
 * early.
 */
export interface Patience {
  retries: number;
  patience: number;
}

/**
 * Makes a call until it has an answer, a final refusal or no more tries. Only a GET is made twice,
 * and a POST that the hub does once (`once`).
 */
export async function insist<T>(
  { retries, patience }: Patience,
  { method = 'GET', headers = {}, signal }: CallOptions,
  act: () => Promise<Attempt<T>>,
): Promise<Result<T>> {
  const isSafe = method === 'GET' || IDEMPOTENCY_KEY in headers;
  const left = { failed: retries, early: patience };
  for (let count = 0; ; count += 1) {
    const { result, again, pauseMs } = await act();
    if (result.ok || again === undefined || !isSafe || left[again] === 0) return result;
    left[again] -= 1;
    const pause = pauseMs ?? Math.min(PAUSE_MS.max, PAUSE_MS.first * 2 ** count);
    if (pause > PAUSE_MS.max) return result;
    // Up to half as long again, so that those who were cut off together do not return together.
    await sleep(pause * (1 + Math.random() / 2), signal);
    if (signal?.aborted === true) return result;
  }
}
