import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HubApi, openHubApi } from './hub-api.ts';
import { openProgram, type Program } from './program.ts';

/** A hub and a verifier as real processes on a data folder of their own. */
export interface Grid {
  readonly url: string;
  /** A developer's key. */
  readonly key: string;
  /** The verifier's public key. */
  readonly verifier: string;
  readonly api: HubApi;
  /** An empty folder of this grid, for the test's own files. */
  readonly folder: string;
  /** Starts a Node contributor, with further flags of `npm run contribute`. */
  contribute(name: string, ...flags: string[]): Program;
  /** `kill -9` of the hub, and a start on the same port and data. */
  killHub(): Promise<void>;
  restartHub(): Promise<void>;
  /** Ends every process and removes the data. */
  close(): Promise<void>;
}

/**
 * Brings up hub and verifier (with further flags), and a chain if asked for; when one fails to
 * start, the others are stopped.
 */
export async function openGrid(
  flags: { hub?: readonly string[]; verifier?: readonly string[]; chain?: boolean } = {},
): Promise<Grid> {
  const folder = await mkdtemp(join(tmpdir(), 'pocketgrid-e2e-'));
  const data = join(folder, 'data');
  const programs: Program[] = [];
  const start = (name: string, words: readonly string[]): Program => {
    const program = openProgram(name, words);
    programs.push(program);
    return program;
  };
  const close = async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const port = await findPort();
    const verifierKey = await readVerifierKey(data);
    const words = ['hub/main.ts', '--data', data, '--port', String(port), ...(flags.hub ?? [])];
    if (flags.chain === true) {
      const chain = start('chain', ['chain-dev/main.ts', '--data', data, '--port', '0']);
      words.push('--dev-chain', readReady(await chain.line(/"ready":true/)).url);
    }
    const startHub = async () => {
      const hub = start('hub', [...words, '--verifier-key', verifierKey]);
      return { hub, ready: readReady(await hub.line(/"ready":true/)) };
    };
    let { hub, ready } = await startHub();
    const { url, key } = ready;
    const verifier = start('verifier', [
      'verifier/main.ts',
      '--hub',
      url,
      '--data',
      data,
      ...(flags.verifier ?? []),
    ]);
    await verifier.line(/"ready":true/);
    return {
      url,
      key,
      verifier: verifierKey,
      folder,
      api: openHubApi(url, key),
      contribute: (name, ...flags) => {
        const program = ['worker/edge/node/main.ts', '--hub', url, '--data', data];
        return start(name, [...program, '--name', name, ...flags]);
      },
      killHub: () => hub.kill(),
      restartHub: async () => {
        ({ hub } = await startHub());
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A free port: a restart needs the same again, so the hub cannot pick one by itself. */
export function findPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Makes the verifier's key and gives its public half: 64 hexadecimal digits on a line. */
async function readVerifierKey(data: string): Promise<string> {
  const words = ['verifier/main.ts', '--print-key', '--data', data];
  const program = openProgram('verifier --print-key', words);
  try {
    return await program.line(/^[0-9a-f]{64}$/);
  } finally {
    await program.stop();
  }
}

function readReady(line: string): { url: string; key: string } {
  const { url, key = '' } = JSON.parse(line) as { url: string; key?: string };
  return { url, key };
}
