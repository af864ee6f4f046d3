import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { ApiError } from '#protocol/api/api.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';

export interface HubHttp {
  /** Throws a PocketgridError: `download-failed`, or what the hub refused with. */
  get(path: string, options: GetOptions): Promise<Buffer>;
  post(path: string, body: unknown, bearer: string): Promise<void>;
  /** Posts bytes as they are, with the ticket of the session at hand. */
  postBytes(path: string, body: Uint8Array): Promise<void>;
  /** Like `fetch`, for a library that talks to this hub. */
  fetch: typeof fetch;
  /** The bearer ticket of the session at hand. */
  setTicket(ticket: string): void;
}
export interface GetOptions {
  /** First byte and length; the answer must be exactly that. */
  range?: { offset: number; length: number };
  bytesMax: number;
}

const DEADLINE_MS = 60_000;
const FETCH_BYTES_MAX = 64 * 1024 ** 2;

/** HTTP calls to one hub. `insecure` accepts a self-signed certificate, as `npm start -- --lan` has. */
export function openHubHttp(hub: URL, insecure: boolean): HubHttp {
  let ticket: string | undefined;
  const call = (options: Call) => callHub(hub, insecure, options);
  return {
    async get(path, { range, bytesMax }) {
      const headers: Record<string, string> = {};
      if (ticket !== undefined) headers['authorization'] = `Bearer ${ticket}`;
      if (range !== undefined) {
        headers['range'] = `bytes=${range.offset}-${range.offset + range.length - 1}`;
      }
      const answer = await call({ method: 'GET', path, headers, bytesMax });
      if (range === undefined || answer.status === 206) return answer.body;
      return answer.body.subarray(range.offset, range.offset + range.length);
    },
    async post(path, body, bearer) {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` };
      await call({ method: 'POST', path, headers, body: JSON.stringify(body), bytesMax: 65_536 });
    },
    async postBytes(path, body) {
      const headers = {
        'content-type': 'application/octet-stream',
        authorization: `Bearer ${ticket ?? ''}`,
      };
      await call({ method: 'POST', path, headers, body, bytesMax: 65_536 });
    },
    async fetch(input, init) {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input);
      const headers = Object.fromEntries(new Headers(init?.headers));
      const method = init?.method === 'POST' ? 'POST' : 'GET';
      const sent = typeof init?.body === 'string' ? { body: init.body } : {};
      const path = pathname + search;
      const { status, body } = await call({
        method,
        path,
        headers,
        ...sent,
        bytesMax: FETCH_BYTES_MAX,
      });
      return new Response(new Uint8Array(body), { status });
    },
    setTicket(value) {
      ticket = value;
    },
  };
}

interface Call {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
  bytesMax: number;
}

function callHub(
  hub: URL,
  insecure: boolean,
  call: Call,
): Promise<{ status: number; body: Buffer }> {
  const url = new URL(call.path, hub);
  const { method, headers } = call;
  const signal = AbortSignal.timeout(DEADLINE_MS);
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) =>
      reject(new PocketgridError(refuseDownload(url, error), { cause: error }));
    const outgoing =
      url.protocol === 'https:'
        ? requestHttps(url, { method, headers, signal, rejectUnauthorized: !insecure })
        : requestHttp(url, { method, headers, signal });
    outgoing.on('error', fail);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      let length = 0;
      incoming.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > call.bytesMax) return incoming.destroy(new Error('longer than was asked for'));
        chunks.push(chunk);
      });
      incoming.on('error', fail);
      incoming.on('end', () => {
        const body = Buffer.concat(chunks);
        const status = incoming.statusCode ?? 0;
        if (status >= 200 && status < 300) return resolve({ status, body });
        reject(new PocketgridError(refuseStatus(url, status, body)));
      });
    });
    outgoing.end(call.body);
  });
}

function refuseDownload(url: URL, error: unknown): Refusal {
  const text = error instanceof Error ? error.message : String(error);
  return refusal(
    'download-failed',
    `${url.pathname} could not be fetched: ${text}; it is tried again`,
  );
}

function refuseStatus(url: URL, status: number, body: Buffer): Refusal {
  const told = decodeJson(ApiError, body.toString('utf8'));
  if (told.ok) return told.value.error;
  const code = status === 404 ? 'not-found' : 'download-failed';
  return refusal(code, `the hub answered ${url.pathname} with status ${status}`);
}
