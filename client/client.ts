import type * as v from 'valibot';
import { decodeJson } from '#protocol/values/decode.ts';
import { PocketgridError, type Result, refusal } from '#protocol/values/refusal.ts';
import {
  attempt,
  type CallOptions,
  type Connection,
  explainFailure,
  type Send,
  type Work,
} from './attempt.ts';
import { readChunks, readFirst, readWhole } from './body.ts';
import type { Deadline } from './deadline.ts';
import { insist } from './insist.ts';

export type { CallOptions, Send } from './attempt.ts';

const TIMEOUT_MS = 30_000;
/** How much of an answer is read where a call names no bound. */
const BYTES_MAX = 64 * 1024 ** 2;
const TRIES = 2;

/** Calls to one hub. Each ends with a decoded answer or a refusal, and never throws. */
export interface HubClient {
  /** An answer in JSON, decoded by its schema. */
  ask<S extends v.GenericSchema>(
    schema: S,
    path: string,
    options?: CallOptions,
  ): Promise<Result<v.InferOutput<S>>>;
  /** An answer that says nothing. */
  tell(path: string, options: CallOptions): Promise<Result<true>>;
  /** Bytes, whole and in memory. */
  bytes(path: string, options?: CallOptions): Promise<Result<Uint8Array<ArrayBuffer>>>;
  /** Bytes [offset, offset + length), fewer at the end; also of a server that knows no ranges. */
  range(
    path: string,
    range: { offset: number; length: number },
    options?: CallOptions,
  ): Promise<Result<Uint8Array<ArrayBuffer>>>;
  /** A file of any length, held where the platform holds such. */
  blob(path: string, options?: CallOptions): Promise<Result<Blob>>;
  /** Chunks as they come, each within the time limit. Reading them throws a `PocketgridError`. */
  stream(path: string, options?: CallOptions): Promise<Result<Chunks>>;
}

export type Chunks = AsyncGenerator<Uint8Array<ArrayBuffer>>;

export interface ClientOptions {
  hub: string | URL;
  /** An API key, or how to find the ticket of the session at hand. */
  key?: string | (() => string | undefined) | undefined;
  send?: Send;
  /** How long a call may take (default 30 s); of a stream, how long it may be silent. */
  timeoutMs?: number;
  /** How often a GET that failed is made again (default 2). */
  retries?: number;
  /** How often a GET waits where the hub says that it comes too early (default 2). */
  patience?: number;
}

/** Opens a client of the hub at an address. Nothing is sent before the first call. */
export function openClient(options: ClientOptions): HubClient {
  const { hub, key, retries = TRIES, patience = TRIES } = options;
  const connection: Connection = {
    hub: new URL(hub),
    key: typeof key === 'function' ? key : () => key,
    send: options.send ?? ((request) => fetch(request)),
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
  };
  const run = <T>(work: Work<T>): Promise<Result<T>> =>
    insist({ retries, patience }, work.options, () => attempt(connection, work));
  const call = <T>(path: string, options: CallOptions, take: Work<T>['take']) =>
    run({ path, options, take, isStream: false });
  return {
    ask: (schema, path, given = {}) =>
      call(path, given, async (response) => {
        const bytes = await readWhole(response, given.bytesMax ?? BYTES_MAX);
        return decodeAnswer(schema, path, bytes);
      }),
    tell: (path, given) => call(path, given, async () => true as const),
    bytes: (path, given = {}) =>
      call(path, given, (response) => readWhole(response, given.bytesMax ?? BYTES_MAX)),
    range: (path, { offset, length }, given = {}) => {
      const headers = { ...given.headers, range: `bytes=${offset}-${offset + length - 1}` };
      return call(path, { ...given, headers }, async (response) => {
        if (response.status === 206) return readWhole(response, length);
        return (await readFirst(response, offset + length)).bytes.slice(offset);
      });
    },
    blob: (path, given = {}) => call(path, given, (response) => response.blob()),
    stream: (path, given = {}) =>
      run({
        path,
        options: given,
        take: async (response, deadline) => follow(response, deadline, given.signal),
        isStream: true,
      }),
  };
}

function decodeAnswer<S extends v.GenericSchema>(
  schema: S,
  path: string,
  bytes: Uint8Array,
): v.InferOutput<S> {
  const decoded = decodeJson(schema, new TextDecoder().decode(bytes));
  if (decoded.ok) return decoded.value;
  const { code, message, path: field } = decoded.refusal;
  const text = `The hub answered ${path} with something else than was asked for: ${message}`;
  throw new PocketgridError(refusal(code, text, field));
}

async function* follow(
  response: Response,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Chunks {
  try {
    for await (const chunk of readChunks(response)) {
      deadline.extend();
      yield chunk;
    }
  } catch (error) {
    throw new PocketgridError(explainFailure(error, deadline, signal), { cause: error });
  } finally {
    deadline.close();
  }
}
