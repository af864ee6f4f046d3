import { once } from 'node:events';
import { createServer } from 'node:net';
import { type HubClient, openClient } from '#client/client.ts';
import { startChain } from '../start/chain.ts';
import { type Child, type Children, openChildren } from '../start/children.ts';
import { readVerifierKey } from '../start/grid.ts';
import { type Money, openMoney, openPayout, SETTLE_MINUTES } from '../start/money.ts';

const READY_MS_MAX = 60_000;
const CONTRIBUTORS = 2;

/** Programs of a grid that die and come back: by name, the words that start each. */
export interface Cast {
  api: HubClient;
  money: Money;
  /** Where the hub answers. */
  hub: string;
  names: readonly string[];
  /** `kill -9` or another signal, of all that it started as well. */
  kill(name: string, signal?: NodeJS.Signals): void;
  /** Starts it again on what it left; settles when it is ready, or has ended before. */
  start(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface CastOptions {
  /** Folder of all data. */
  data: string;
  /** Folder of the hub's data, where it has one of its own. */
  hubData?: string;
  /** Hears each line that a program prints. */
  hear?(name: string, line: string): void;
}

/** A hub at a fixed port, a verifier, two contributors, and a chain that stays. */
export async function openCast(options: CastOptions): Promise<Cast> {
  const children = openChildren(() => undefined);
  try {
    return await fill(children, options);
  } catch (error) {
    await children.close();
    throw error;
  }
}

async function fill(
  children: Children,
  { data, hubData = data, hear = () => undefined }: CastOptions,
): Promise<Cast> {
  const verifier = await readVerifierKey(data);
  const chain = await startChain(children, data, () => undefined);
  const port = await findPort();
  const hub = `http://127.0.0.1:${port}`;
  const place = ['--hub', hub, '--data', data];
  const programs = new Map<string, string[]>();
  const hubWords = ['hub/main.ts', '--data', hubData, '--port', `${port}`, '--dev-chain', chain];
  programs.set('hub', [...hubWords, '--verifier-key', verifier]);
  const settle = ['--settle-minutes', `${SETTLE_MINUTES}`];
  programs.set('verifier', ['verifier/main.ts', ...place, ...settle]);
  for (let number = 1; number <= CONTRIBUTORS; number += 1) {
    const own = ['--name', `${number}`, '--payout', await openPayout(data, number)];
    programs.set(`contributor ${number}`, ['worker/edge/node/main.ts', ...place, ...own]);
  }
  const running = new Map<string, Child>();
  const start = (name: string): Child => {
    const words = programs.get(name) ?? [];
    const child = children.start(name, words, {
      readyMsMax: READY_MS_MAX,
      onEnd: () => undefined,
      onLine: (line) => hear(name, line),
    });
    running.set(name, child);
    return child;
  };
  const { key } = await start('hub').ready;
  const api = openClient({ hub, key: String(key) });
  const money = await openMoney({ rpc: chain, api, data, verifier, send: fetch });
  const names = [...programs.keys()];
  for (const name of names) if (name !== 'hub') start(name);
  return {
    ...{ api, money, hub, names },
    kill: (name, signal) => running.get(name)?.kill(signal),
    start: async (name) => {
      await start(name).ready.catch(() => undefined);
    },
    close: () => children.close(),
  };
}

/** A port that is free now. */
async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
