import { PocketgridError, type Refusal, type Result, refusal } from '#protocol/values/refusal.ts';
import { readFirst } from './body.ts';
import { type Deadline, openDeadline } from './deadline.ts';
import { decodeRefusal, refuseSilence } from './refusals.ts';

/** How a request gets to the hub: `fetch`, or one that trusts the hub's own certificate. */
export type Send = (request: Request) => Promise<Response>;

/** Where a hub is, and how it is called. */
export interface Connection {
  hub: URL;
  key(): string | undefined;
  send: Send;
  /** How long a call may take; of a stream, how long it may be silent. */
  timeoutMs: number;
}

/** What a call takes beside its path. */
export interface CallOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: FormData | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  /** `no-store` where the caller keeps what it gets. */
  cache?: RequestCache;
  /** Ends the call at once. */
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
  /** The most bytes that an answer held in memory may have. */
  bytesMax?: number;
}

/** One call and how to read its answer. A stream goes on after `take` has returned. */
export interface Work<T> {
  path: string;
  options: CallOptions;
  take(response: Response, deadline: Deadline): Promise<T>;
  isStream: boolean;
}

/**
 * What came of one attempt, and whether a safe call may be made again: it came too early, or
 * failed.
 */
export interface Attempt<T> {
  result: Result<T>;
  again?: 'early' | 'failed';
  /** How long the hub asks to wait. */
  pauseMs?: number;
}

/** A refusal is a sentence; a proxy's page is read no further. */
const ERROR_BYTES_MAX = 64 * 1024;

const AGAIN: { [status: number]: Attempt<never>['again'] } = {
  429: 'early',
  502: 'failed',
  503: 'failed',
  504: 'failed',
};

/** Makes a call once. Never throws. */
export async function attempt<T>(connection: Connection, work: Work<T>): Promise<Attempt<T>> {
  const { options } = work;
  const deadline = openDeadline(options.timeoutMs ?? connection.timeoutMs, options.signal);
  let isOpen = false;
  try {
    deadline.signal.throwIfAborted();
    const request = buildRequest(connection, work, deadline.signal);
    deadline.keep(request);
    const response = await connection.send(request);
    if (!response.ok) return await readError(response);
    const value = await work.take(response, deadline);
    isOpen = work.isStream;
    return { result: { ok: true, value } };
  } catch (error) {
    const refused = explainFailure(error, deadline, options.signal);
    const isOurs = error instanceof PocketgridError || deadline.signal.aborted;
    return { result: { ok: false, refusal: refused }, ...(isOurs ? {} : { again: 'failed' }) };
  } finally {
    if (!isOpen) deadline.close();
  }
}

function buildRequest(
  { hub, key }: Connection,
  { path, options }: Work<unknown>,
  signal: AbortSignal,
): Request {
  const { method = 'GET', json, body, cache } = options;
  const headers = new Headers(options.headers);
  const token = key();
  if (token) headers.set('authorization', `Bearer ${token}`);
  if (json !== undefined) headers.set('content-type', 'application/json');
  const sent = json === undefined ? body : JSON.stringify(json);
  return new Request(new URL(path, hub), {
    method,
    headers,
    signal,
    ...(sent === undefined ? {} : { body: sent }),
    ...(cache === undefined ? {} : { cache }),
  });
}

async function readError(response: Response): Promise<Attempt<never>> {
  const text = new TextDecoder().decode((await readFirst(response, ERROR_BYTES_MAX)).bytes);
  const refused = decodeRefusal(response.status, text);
  // Its first sending is still in work.
  const isInWork = refused.code === 'idempotency-in-work';
  const again = isInWork ? 'early' : AGAIN[response.status];
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return {
    result: { ok: false, refusal: refused },
    ...(again === undefined ? {} : { again }),
    ...(seconds >= 0 ? { pauseMs: seconds * 1000 } : {}),
  };
}

/** Why a call has no answer, from what was thrown meanwhile. */
export function explainFailure(
  error: unknown,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Refusal {
  if (error instanceof PocketgridError) return error.refusal;
  if (deadline.isLate()) {
    const message = 'The hub did not answer in time. Check that it runs, then try again.';
    return refusal('download-failed', message);
  }
  if (signal?.aborted === true) return refusal('download-failed', 'The call was stopped.');
  return refuseSilence(error);
}
