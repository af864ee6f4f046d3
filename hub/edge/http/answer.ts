import {
  type ApiError,
  PocketgridError,
  type Refusal,
  type RefusalCode,
  refusal,
} from '#protocol/values/refusal.ts';

/** When somebody who came at a bad time may come again. */
const BUSY_SECONDS = '5';
const STATUS: { [code in RefusalCode]?: number } = {
  'key-missing': 401,
  'key-wrong': 401,
  'key-forbidden': 403,
  'budget-spent': 403,
  'models-full': 403,
  'key-unknown': 404,
  'not-found': 404,
  'job-unknown': 404,
  'verifier-unknown': 404,
  'ban-unknown': 404,
  'profile-unknown': 404,
  'blob-unknown': 404,
  'chain-missing': 404,
  'model-unknown': 404,
  'leaves-unknown': 404,
  'leaves-conflict': 409,
  'model-exists': 409,
  'job-state': 409,
  'job-full': 409,
  'price-above-cap': 409,
  'results-held': 409,
  'idempotency-in-work': 409,
  'results-removed': 410,
  'idempotency-gone': 410,
  'model-too-big': 413,
  'input-too-big': 413,
  'message-too-long': 413,
  'range-invalid': 416,
  'request-invalid': 400,
  'message-malformed': 400,
  'disk-full': 507,
  'storage-failed': 500,
  internal: 500,
  'chain-unreachable': 502,
  'chain-slow': 504,
  busy: 503,
  'hub-stopping': 503,
};

/** Nobody may embed, sniff or keep what the API says; blobs set their own caching. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** A value as JSON. */
export const answerJson = (
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): Response => answerText(JSON.stringify(value), status, headers);

/** JSON that is written already; an empty text is no body. */
export const answerText = (
  text: string,
  status: number,
  headers: Record<string, string>,
): Response =>
  text === ''
    ? new Response(null, { status, headers: { ...HEADERS, ...headers } })
    : new Response(text, {
        status,
        headers: { ...HEADERS, ...headers, 'Content-Type': 'application/json' },
      });

/** Bytes, or any other body. */
export const answerBody = (
  body: ConstructorParameters<typeof Response>[0],
  headers: Record<string, string>,
  status = 200,
): Response => new Response(body, { status, headers: { ...HEADERS, ...headers } });

/** A stream of events (SSE), which no proxy on the way is to hold back. */
export const answerEvents = (body: ReadableStream<Uint8Array>): Response =>
  answerBody(body, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
  });

/** An empty answer, 204. */
export const answerNothing = (): Response => new Response(null, { status: 204, headers: HEADERS });

/** An `ApiError`; what has no status of its own was understood and is not acceptable: 422. */
export function answerRefusal(refusal: Refusal): Response {
  const status = STATUS[refusal.code] ?? 422;
  const isEarly = status === 503 || refusal.code === 'idempotency-in-work';
  const wait = isEarly ? { 'Retry-After': BUSY_SECONDS } : {};
  return answerJson(errorOf(refusal, status), status, wait);
}

/** Types of errors of OpenAI's API, by status. */
const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};

function errorOf(refusal: Refusal, status: number): ApiError {
  const type = TYPES[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
  return { error: { ...refusal, type, param: refusal.path ?? null } };
}

/** Refuses the call: thrown, and answered by `openApi`. */
export function reject(...refused: Parameters<typeof refusal>): never {
  throw new PocketgridError(refusal(...refused));
}

/** This address, or this key, has to wait. */
export const answerWait = (
  { seconds, refusal }: { seconds: number; refusal: Refusal },
  headers: Record<string, string> = {},
): Response =>
  answerJson(errorOf(refusal, 429), 429, { ...headers, 'Retry-After': String(seconds) });
