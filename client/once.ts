import type { CallOptions } from './attempt.ts';

/** Says which call this is, when it is made again (draft-ietf-httpapi-idempotency-key-header). */
export const IDEMPOTENCY_KEY = 'idempotency-key';
const KEY_BYTES = 16;

/**
 * The options of a POST that the hub does once, however often it is sent: it has an idempotency key
 * of its own, and so is made again like a GET. For calls that take an API key that may write.
 */
export const once = <O extends Omit<CallOptions, 'method'>>(options: O) => ({
  ...options,
  method: 'POST' as const,
  headers: { [IDEMPOTENCY_KEY]: makeKey(), ...options.headers },
});

/** Pages of a hub without HTTPS have no `randomUUID`. */
const makeKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
