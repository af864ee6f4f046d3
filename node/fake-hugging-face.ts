import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';

/** A file larger than this comes over a redirect to another origin, as large files do there. */
const LARGE_BYTES = 4_096;
export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** A repository on the fake server. */
export interface FakeRepository {
  files: Readonly<Record<string, Uint8Array | string>>;
  /** Branches and tags beside `main`. */
  tags?: readonly string[];
  /** Whom it is shown to, and whom its files are. */
  access?: 'private' | 'gated';
  /** SHA-256 that it lists of a file, where that is not the right one. */
  digests?: Readonly<Record<string, string>>;
}

/** What was asked of the server, and what it does wrong. */
export interface FakeServer {
  readonly url: string;
  repositories: Record<string, FakeRepository>;
  /** Token that opens what is private or gated. */
  token: string;
  calls: { path: string; range: string | undefined; token: string | undefined }[];
  /** The next answers with files wait after so many bytes for `cut`, come whole or never, or are these statuses. */
  breaks: (number | 'whole' | 'silent' | { status: number; headers?: Record<string, string> })[];
  /** Breaks off the answers that wait. */
  cut(): void;
  /** Knows no ranges. */
  isPlain: boolean;
  /** Leads on for ever. */
  isCircle: boolean;
}

/**
 * A small server with the paths, headers and redirects of the Hugging Face Hub: the real one is on
 * the internet, and breaks off for nobody when asked to. Opened before the tests of a file.
 */
export function openFakeHuggingFace(): FakeServer {
  const [main, storage] = [createServer(), createServer()];
  const addressOf = (server: typeof main) =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const waiting = new Set<ServerResponse>();
  const fake: Waiting = {
    waiting,
    cut() {
      for (const response of waiting) response.destroy();
      waiting.clear();
    },
    get url() {
      return addressOf(main);
    },
    ...{ repositories: {}, token: 'hf_right', calls: [], breaks: [] },
    ...{ isPlain: false, isCircle: false },
  };
  const note = (request: IncomingMessage) => {
    const { url: path = '', headers } = request;
    fake.calls.push({ path, range: headers.range, token: headers.authorization });
  };
  main.on('request', (request, response) => {
    note(request);
    answer(fake, { request, response, storage: addressOf(storage) });
  });
  storage.on('request', (request, response) => {
    note(request);
    const [, id = '', path = ''] = /^\/stored\/(.+?)\/-\/(.+)$/.exec(request.url ?? '') ?? [];
    sendFile(fake, { request, response }, bytesOf(fake.repositories[id]?.files[path]));
  });
  beforeAll(async () => {
    for (const server of [main, storage]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
  });
  afterAll(() => {
    for (const server of [main, storage]) {
      server.closeAllConnections();
      server.close();
    }
  });
  return fake;
}

const bytesOf = (content: Uint8Array | string = ''): Buffer => Buffer.from(content);

type Waiting = FakeServer & { waiting: Set<ServerResponse> };

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

function answer(fake: Waiting, { request, response, storage }: Exchange & { storage: string }) {
  const url = new URL(request.url ?? '/', fake.url);
  const isOpen = request.headers.authorization === `Bearer ${fake.token}`;
  const listed = /^\/api\/models\/(.+?)\/revision\/(.+)$/.exec(url.pathname);
  const asked = /^\/(.+?)\/resolve\/(.+?)\/(.+)$/.exec(url.pathname);
  const id = listed?.[1] ?? asked?.[1] ?? '';
  const refuse = (status: number, code: string) => {
    response.writeHead(status, { 'x-error-code': code }).end('no');
  };
  const repository = fake.repositories[id];
  if (fake.isCircle) return void response.writeHead(302, { location: request.url ?? '/' }).end();
  if (repository === undefined || (repository.access === 'private' && !isOpen)) {
    return refuse(401, 'RepoNotFound');
  }
  const revision = decodeURIComponent(listed?.[2] ?? asked?.[2] ?? '');
  if (!['main', COMMIT, ...(repository.tags ?? [])].includes(revision)) {
    return refuse(404, 'RevisionNotFound');
  }
  if (listed !== null) return void response.end(JSON.stringify(listFiles(id, repository)));
  if (repository.access === 'gated' && !isOpen) return refuse(401, 'GatedRepo');
  const path = decodeURIComponent(asked?.[3] ?? '');
  const content = repository.files[path];
  if (content === undefined) return refuse(404, 'EntryNotFound');
  const bytes = bytesOf(content);
  if (bytes.length <= LARGE_BYTES) return sendFile(fake, { request, response }, bytes);
  response.writeHead(302, { location: `${storage}/stored/${id}/-/${path}` }).end();
}

function listFiles(id: string, { files, digests = {} }: FakeRepository) {
  const siblings = Object.entries(files).map(([rfilename, content]) => {
    const bytes = bytesOf(content);
    const size = bytes.length;
    const sha256 = digests[rfilename] ?? createHash('sha256').update(bytes).digest('hex');
    return { rfilename, size, ...(size > LARGE_BYTES && { lfs: { sha256, size } }) };
  });
  return { id, sha: COMMIT, private: false, siblings };
}

function sendFile(fake: Waiting, { request, response }: Exchange, all: Buffer): void {
  const [, start = '0'] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const from = fake.isPlain ? 0 : Number(start);
  const ends = fake.breaks.shift();
  if (ends === 'silent') return;
  if (typeof ends === 'object') return void response.writeHead(ends.status, ends.headers).end();
  if (from >= all.length) return void response.writeHead(416).end();
  const rest = all.subarray(from);
  const range = { 'content-range': `bytes ${from}-${all.length - 1}/${all.length}` };
  const isRange = from > 0;
  response.writeHead(isRange ? 206 : 200, {
    'content-length': rest.length,
    ...(isRange && range),
  });
  if (ends === undefined || ends === 'whole') return void response.end(rest);
  response.write(rest.subarray(0, ends));
  fake.waiting.add(response);
}
