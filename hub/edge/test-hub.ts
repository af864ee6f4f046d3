import { afterAll, beforeAll, expect } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { type HubServer, type HubServerOptions, openHubServer } from './server.ts';

type Options = Partial<HubServerOptions>;

/** A hub for the tests of a file, on a free port and in a folder of its own, closed after them. */
export interface TestHub extends Pick<HubServer, 'url' | 'hub' | 'counters' | 'close'> {
  data: string;
  /** The developer's key, which a hub shows once. */
  readonly key: string;
  /** Starts it on the same data, after `close`. */
  open(changes?: Options): Promise<HubServer>;
  /** A call with the developer's key. */
  call(path: string, init?: RequestInit): Promise<Response>;
}

/** Opens before the tests, with what `options` says then; without a seeder unless it says so. */
export function openTestHub(options: () => Options): TestHub {
  const data = openTestFolder();
  let [server, key]: [HubServer | undefined, string] = [undefined, ''];
  const running = (): HubServer => {
    if (server === undefined) throw new Error('the hub of the tests is not open yet');
    return server;
  };
  const open = async (changes?: Options): Promise<HubServer> => {
    server = await openHubServer({ data, port: 0, seeds: false, ...options(), ...changes });
    key = server.key ?? key;
    return server;
  };
  beforeAll(async () => {
    await open();
  });
  afterAll(() => server?.close());
  return {
    data,
    open,
    get url() {
      return running().url;
    },
    get hub() {
      return running().hub;
    },
    get counters() {
      return running().counters;
    },
    get key() {
      return key;
    },
    close: () => running().close(),
    call(path, init = {}) {
      const headers = { Authorization: `Bearer ${key}`, ...init.headers };
      return fetch(`${running().url}${path}`, { ...init, headers });
    },
  };
}

/** What a refused call said. */
export async function refusalOf(answer: Response): Promise<{ status: number; code: string }> {
  const body = (await answer.json()) as { error?: { code: string; message: string } };
  expect(body.error?.message).toMatch(/\w/);
  return { status: answer.status, code: body.error?.code ?? 'none' };
}
