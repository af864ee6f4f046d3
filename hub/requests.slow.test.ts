import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { inLanes } from '#node/lanes.ts';
import { openTestPrograms } from '#node/test-programs.ts';
import type { ReceiptPage } from '#protocol/api/api.ts';
import type { JobView } from '#protocol/api/job.ts';
import type { NewKey } from '#protocol/api/keys.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { ApiError } from '#protocol/values/refusal.ts';
import type { ApiDocument } from './edge/http/openapi/document.ts';
import {
  type DescribedCall,
  type FakeRequest,
  fakeRequests,
  type KnownNames,
  listCalls,
} from './edge/http/openapi/fake-requests.ts';
import { makeFakeKey } from './edge/sockets/fake-client.ts';
import { computeFakeJob, fakeModel, postFakeJob, prepareFakeJob } from './edge/sockets/fake-job.ts';

/**
 * Requests made from the description of the API, right ones and wrong ones, with keys of each role,
 * to a real hub on a real chain. `npm run fuzz:api` sends 10,000.
 */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 300);
const SEED = Number(process.env['FUZZ_SEED'] ?? 13);
const LANES = 8;
/** Things of a sort that requests delete one by one. */
const SPARE = 12;
const ANSWER_MS_MAX = 60_000;
const LIMIT_MS = 120_000 + REQUESTS * 50;

const programs = openTestPrograms();
const { data, start } = programs;
const verifierKey = makeFakeKey();
let hub: ReturnType<typeof start>;
let [url, key] = ['', ''];
let document: ApiDocument;
let known: KnownNames;
/** Of callers by what a call takes, and all that anybody may bring. */
let tokens: Record<'key' | 'ticket' | 'none' | 'any', (string | undefined)[]>;

beforeAll(async () => {
  const chain = start('chain-dev/main.ts', '--port', '0', '--data', data);
  const { url: chainUrl = '' } = await chain.ready;
  const words = [
    '--port',
    '0',
    '--data',
    join(data, 'hub'),
    '--dev-chain',
    chainUrl,
    '--private-webhooks',
  ];
  hub = start('hub/main.ts', ...words, '--verifier-key', verifierKey.key);
  ({ url = '', key = '' } = await hub.ready);
  document = (await (await fetch(`${url}/v1/openapi.json`)).json()) as ApiDocument;
  const { session, ...names } = await fillHub();
  known = names;
  const made = await Promise.all(
    [{ access: 'write' }, { access: 'read' }].map((more) => makeKey(more)),
  );
  const own = made.map(({ key: text }) => text);
  // What the operator has, they see as well.
  const { id } = await read<{ id: string }>(call('/v1/key'));
  for (const { id: other, access } of made) {
    const body = JSON.stringify({ with: other, access });
    await call(`/v1/keys/${id}/shared`, { method: 'PUT', body });
  }
  const { ticket } = session.welcome;
  tokens = {
    key: [key, ...own],
    ticket: [ticket],
    none: [undefined],
    any: [key, ...own, ticket, `pg_${'A'.repeat(43)}`, undefined],
  };
}, 60_000);

const call = (path: string, init: RequestInit = {}) =>
  fetch(`${url}${path}`, { ...init, headers: { Authorization: `Bearer ${key}`, ...init.headers } });
const read = async <T>(answer: Promise<Response>) => (await (await answer).json()) as T;
const makeKey = (more: object) =>
  read<NewKey>(
    call('/v1/keys', { method: 'POST', body: JSON.stringify({ name: 'fuzz', ...more }) }),
  );
const formOf = (parts: Record<string, string | Blob>) => {
  const form = new FormData();
  for (const [name, part] of Object.entries(parts)) form.append(name, part);
  return { method: 'POST', body: form };
};

/** Has something of each sort in the hub: a computed job, a model, a file, a batch, spare keys. */
async function fillHub() {
  const job = await read<JobView>(postFakeJob({ url, key }, { units: 3, autoStart: true }));
  await prepareFakeJob(url, verifierKey);
  await computeFakeJob({ url, key }, { job, who: makeFakeKey() });
  // One that was cancelled, whose data may go, and whose results had an address.
  const resultsUrl = 'http://127.0.0.1:9/results';
  const cancelled = await read<JobView>(postFakeJob({ url, key }, { units: 1, resultsUrl }));
  await call(`/v1/jobs/${cancelled.id}/cancel`, { method: 'POST' });
  const quoted = await read<JobView>(postFakeJob({ url, key }, { units: 1 }));
  const session = await prepareFakeJob(url, verifierKey);
  const { receipts } = await read<ReceiptPage>(call(`/v1/jobs/${job.id}/receipts`));
  const model = { model: new Blob([fakeModel]), options: '{"name":"known/model"}' };
  await call('/v1/models', formOf(model));
  const line = '{"custom_id":"1","method":"POST","url":"/v1/embeddings","body":{}}';
  // Each is deleted once.
  const files = await Promise.all(
    Array.from({ length: SPARE }, () =>
      read<{ id: string }>(call('/v1/files', formOf({ purpose: 'batch', file: new Blob([line]) }))),
    ),
  );
  const [file] = files;
  const batch = await read<{ id: string }>(
    call('/v1/batches', {
      method: 'POST',
      body: JSON.stringify({
        ...{ input_file_id: file?.id, endpoint: '/v1/embeddings', completion_window: '24h' },
      }),
    }),
  );
  const hook = await read<{ id: string }>(
    call('/v1/webhooks', { method: 'POST', body: '{"url":"http://127.0.0.1:9/"}' }),
  );
  const spare = await Promise.all(Array.from({ length: SPARE }, () => makeKey({})));
  const spareVerifier = makeFakeKey().key;
  await call('/v1/verifiers', { method: 'POST', body: JSON.stringify({ key: spareVerifier }) });
  return {
    session,
    job: [job.id, cancelled.id, quoted.id],
    unit: ['0', '2'],
    root: receipts.map(({ inputs }) => inputs.root),
    lease: receipts.map(({ shard }) => shard.lease),
    device: receipts.map(({ shard }) => shard.device),
    id: ['known/model'],
    file: files.map(({ id }) => id),
    'body.input_file_id': files.map(({ id }) => id),
    'body.model': ['known/model'],
    'body.endpoint': ['/v1/embeddings'],
    'body.with': spare.map(({ id }) => id),
    verifier: [spareVerifier],
    batch: [batch.id],
    webhook: [hook.id],
    key: spare.map(({ id }) => id),
    output: ['y'],
    index: ['0'],
  };
}

interface Said {
  status: number;
  type: string;
  text: string;
}

/** What a call takes, now and then what another one takes. */
function tokenOf({ operation }: DescribedCall, turn: number): string | undefined {
  const [[kind = 'none'] = []] = operation.security.map(Object.keys);
  const right = turn % 6 === 5 ? tokens.any : tokens[kind as 'key'];
  return right[Math.floor(turn / 6) % right.length];
}

/** What came back; undefined for a request that broke off, as it was to. */
async function send(request: FakeRequest, token: string | undefined): Promise<Said | undefined> {
  const isCut = request.isCut && request.body !== undefined;
  try {
    return await sendOnce(request, token);
  } catch {
    if (isCut) return undefined;
    // The hub may close a connection that is idle while the next request is on its way there.
    return sendOnce(request, token).catch(() => sendOnce(request, token));
  }
}

async function sendOnce(request: FakeRequest, token: string | undefined): Promise<Said> {
  const { method, path, headers, body, isCut } = request;
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(new Error('no answer in time')), ANSWER_MS_MAX);
  try {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { ...headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
      signal: stop.signal,
      ...(body === undefined ? {} : isCut ? { body: cutOff(body), duplex: 'half' } : { body }),
    } as RequestInit);
    const type = answer.headers.get('content-type') ?? '';
    // A stream of events has no end.
    const isStream = type.startsWith('text/event-stream') && method !== 'HEAD';
    const text = isStream ? await firstOf(answer) : await answer.text();
    return { status: answer.status, type, text };
  } finally {
    clearTimeout(late);
    stop.abort();
  }
}

async function firstOf(answer: Response): Promise<string> {
  const reader = answer.body?.getReader();
  const chunk = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(chunk?.value);
}

/** Half of a body, and then the end of the connection. */
const cutOff = (body: Uint8Array): ReadableStream<Uint8Array> => {
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) return controller.error(new Error('cut off'));
      sent = true;
      controller.enqueue(body.slice(0, Math.max(1, body.length >> 1)));
    },
  });
};

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const checks = new Map<string, ValidateFunction>();

/** The check of an answer of this sort; undefined where the description knows no such answer. */
function checkOf({ method, path, operation }: DescribedCall, said: Said) {
  const answer = operation.responses[said.status];
  if (answer === undefined || '$ref' in answer) return undefined;
  const [media = ''] = said.type.split(';');
  if (answer.content === undefined) return said.text === '' ? () => true : undefined;
  const content = answer.content[media];
  if (content === undefined) return undefined;
  if (content.schema === undefined) return () => true;
  const place = [path, method, 'responses', `${said.status}`, 'content', media, 'schema'];
  const pointer = place.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
  const check = checks.get(pointer) ?? ajv.compile({ $ref: `api#/paths/${pointer}` });
  checks.set(pointer, check);
  return () => check(JSON.parse(said.text)) || ajv.errorsText(check.errors);
}

/** What is wrong with an answer, if anything. */
function faultOf(described: DescribedCall, request: FakeRequest, said: Said): string | undefined {
  if (said.status === 500) return 'it is a bug';
  // Its chain answers as it does.
  if (request.path.startsWith('/chain')) return undefined;
  if (said.status >= 400 && !(said.status in described.operation.responses)) {
    if (request.method === 'HEAD') return undefined;
    const refusal = decodeWith(ApiError, JSON.parse(said.text));
    return refusal.ok ? undefined : `its refusal is none: ${refusal.refusal.message}`;
  }
  if (request.method !== described.method.toUpperCase()) return undefined;
  const check = checkOf(described, said);
  if (check === undefined) return 'the description knows no such answer';
  const found = check();
  return found === true ? undefined : `the description says otherwise: ${found}`;
}

describe(`a hub that is sent ${REQUESTS} requests made from its description`, () => {
  it(`answers each as it is described and lives (seed ${SEED})`, {
    timeout: LIMIT_MS,
  }, async () => {
    ajv.addSchema(document, 'api');
    const calls = listCalls(document);
    const each = Math.ceil(REQUESTS / calls.length);
    const planned = calls.map((described, at) => ({
      described,
      requests: fc.sample(fakeRequests(document, described, known), {
        seed: SEED + at,
        numRuns: each,
      }),
    }));
    // One of each call, then the next of each.
    const all = Array.from({ length: each }, (_, turn) =>
      planned.flatMap(({ described, requests }, at) => {
        const request = requests[turn];
        return request === undefined ? [] : [{ described, request, turn: turn * 7 + at * 5 }];
      }),
    ).flat();
    const faults: string[] = [];
    const seen = new Map<number, number>();
    const answered = new Set<string>();
    await inLanes(LANES, all.slice(0, REQUESTS), async ({ described, request, turn }) => {
      const said = await send(request, tokenOf(described, turn));
      if (said === undefined) return;
      seen.set(said.status, (seen.get(said.status) ?? 0) + 1);
      if (said.status < 300) answered.add(described.operation.operationId);
      const fault = faultOf(described, request, said);
      if (fault === undefined) return;
      const body = new TextDecoder().decode(request.body).slice(0, 300);
      faults.push(
        `${request.method} ${request.path.slice(0, 200)} (${described.operation.operationId}, ${JSON.stringify(request.headers)}) ${body}\n→ ${said.status} ${said.text.slice(0, 300)}: ${fault}`,
      );
    });
    const counts = JSON.stringify(Object.fromEntries([...seen].sort(([a], [b]) => a - b)));
    const names = calls.map(({ operation }) => operation.operationId);
    const never = names.filter((name) => !answered.has(name));
    process.stdout.write(
      `${answered.size} of ${calls.length} calls succeeded; ${counts}; never: ${never.join(', ')}\n`,
    );
    expect(faults).toEqual([]);
    expect(answered.size).toBeGreaterThan(calls.length / 3);
    await expectWell();
  });
});

async function expectWell(): Promise<void> {
  expect(hub.child.exitCode).toBeNull();
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^pocketgrid_step_errors_total 0$/m);
  expect((await fetch(`${url}/v1/health`)).status).toBe(200);
}
