import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChainView } from '#protocol/settlement/money-api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { type HubServer, type HubServerOptions, openHubServer } from '../server.ts';
import { openTestChain, startDevChain } from './dev-chain.ts';
import {
  CHALLENGE_SECS,
  callRpc,
  GRACE_SECS,
  makeFakePool,
  makeFakeWallet,
  OTHER_CLUSTER,
} from './fake-wallet.ts';
import { openChainReader, postTo } from './reader.ts';

const chain = openTestChain();
let data: string;
let hub: HubServer;
let key: string;

async function open(choice?: HubServerOptions['chain']): Promise<void> {
  const chosen = choice ?? { url: chain.url, isDev: true };
  hub = await openHubServer({ data, port: 0, needsVerifier: false, chain: chosen });
  key = hub.key ?? key;
}
async function reopen(choice?: HubServerOptions['chain']): Promise<void> {
  await hub.close();
  await open(choice);
}
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'pocketgrid-money-'));
  await open();
});
afterEach(async () => {
  await hub.close();
  await rm(data, { recursive: true });
});

const rpc = () => `${hub.url}/chain`;
const read = async () => {
  const answer = await fetch(`${hub.url}/v1/chain`);
  return { status: answer.status, said: (await answer.json()) as Record<string, unknown> };
};
async function choose(accounts: unknown, headers = { Authorization: `Bearer ${key}` }) {
  const body = JSON.stringify(accounts);
  const answer = await fetch(`${hub.url}/v1/chain`, { method: 'POST', body, headers });
  return { status: answer.status, said: (await answer.json()) as { error?: { code: string } } };
}

describe('the way to a development chain', () => {
  it('a hub passes calls on and answers back, to no page of another origin', async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getHealth' });
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(rpc(), { method: 'POST', body, headers });
    expect(await answer.json()).toEqual({ jsonrpc: '2.0', id: 1, result: 'ok' });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('a hub passes on no long body, whatever its length is said to be', async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(16 * 1024).fill(0x20)),
    });
    const headers = { 'Content-Type': 'application/json' };
    const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit;
    const answer = await fetch(rpc(), init);
    expect(answer.status).toBe(413);
  });
});

describe('where a grid settles', () => {
  it('is missing until a developer has named the pool, and known after a restart', async () => {
    expect(await read()).toMatchObject({ status: 404, said: { error: { code: 'chain-missing' } } });
    const accounts = await makeFakePool(rpc());
    expect((await choose(accounts, { Authorization: 'Bearer pg_wrong' })).status).toBe(401);
    expect(await choose(accounts)).toMatchObject({ status: 200, said: accounts });
    await reopen();
    const { status, said } = await read();
    expect(status).toBe(200);
    expect(decodeWith(ChainView, said)).toMatchObject({
      ok: true,
      value: {
        ...accounts,
        rpc: '/chain',
        local: true,
        genesisHash: await callRpc(rpc(), 'getGenesisHash'),
        challengeSeconds: Number(CHALLENGE_SECS),
        graceSeconds: Number(GRACE_SECS),
      },
    });
  });

  it('is nothing that the chain does not know as such', async () => {
    const accounts = await makeFakePool(rpc());
    const { config, pool } = await makeFakePool(rpc());
    const elsewhere = await makeFakePool(rpc(), { clusterTag: OTHER_CLUSTER });
    const stranger = makeFakeWallet().address;
    const wrong = [
      { ...accounts, program: stranger },
      { ...accounts, config: stranger },
      { ...accounts, config: accounts.pool },
      { ...accounts, pool: accounts.config },
      { ...accounts, config },
      { ...accounts, pool },
      elsewhere,
    ];
    for (const each of wrong) {
      expect(await choose(each)).toMatchObject({
        status: 422,
        said: { error: { code: 'chain-wrong' } },
      });
    }
    expect((await choose({ ...accounts, pool: 'x' })).status).toBe(400);
    expect((await read()).status).toBe(404);
  });

  it('is wrong once the chain is another one', async () => {
    await choose(await makeFakePool(rpc()));
    const other = await startDevChain(data);
    await reopen({ url: other.url, isDev: true });
    expect(await read()).toMatchObject({ said: { error: { code: 'chain-wrong' } } });
    await choose(await makeFakePool(rpc()));
    expect((await read()).status).toBe(200);
    await other.kill();
  });

  it('is nowhere without a chain', async () => {
    await reopen('none');
    const message = expect.stringMatching(/npm run chain.*--dev-chain.*--rpc-url/);
    expect((await read()).said).toMatchObject({ error: { code: 'chain-missing', message } });
    expect((await fetch(rpc(), { method: 'POST', body: '{}' })).status).toBe(404);
  });

  it('may be a cluster, which pages call themselves and which is said when it cannot be reached', async () => {
    const cluster = await startDevChain(data);
    const { url } = cluster;
    await reopen({ url, isDev: false });
    await choose(await makeFakePool(url));
    expect((await read()).said).toMatchObject({ rpc: url, local: false });
    expect((await fetch(rpc(), { method: 'POST', body: '{}' })).status).toBe(404);
    await cluster.kill();
    await reopen({ url, isDev: false });
    expect(await read()).toMatchObject({
      status: 502,
      said: { error: { code: 'chain-unreachable' } },
    });
  });

  it('does not start on a file that is damaged', async () => {
    await hub.close();
    await writeFile(join(data, 'chain.json'), '{"pool":1}');
    await expect(open()).rejects.toThrow(/chain\.json is damaged/);
    await rm(join(data, 'chain.json'));
    await open();
  });
});

describe('a chain that misbehaves', () => {
  let server: Server;
  let answer: (body: string) => { status?: number; text: string } | undefined;
  beforeEach(async () => {
    server = createServer((request, response) => {
      request.resume();
      const given = answer('');
      if (given !== undefined) response.writeHead(given.status ?? 200).end(given.text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = async (given: ReturnType<typeof answer>) => {
    answer = () => given;
    const { port } = server.address() as AddressInfo;
    const reader = openChainReader(postTo(`http://127.0.0.1:${port}`), 200);
    const result = await reader.account(makeFakeWallet().key);
    return result.ok ? 'ok' : result.refusal.code;
  };

  it('is slow when it does not answer in time or asks for patience', async () => {
    expect(await ask(undefined)).toBe('chain-slow');
    expect(await ask({ status: 429, text: '' })).toBe('chain-slow');
  });

  it('is unreachable when what it says is no answer', async () => {
    const wrong = ['', '{}', '{"result":3}', '{"error":{"message":"no"}}', 'x'.repeat(2 ** 21)];
    for (const text of wrong) expect(await ask({ text })).toBe('chain-unreachable');
    expect(await ask({ status: 500, text: '{"result":{"value":null}}' })).toBe('chain-unreachable');
    expect(await ask({ text: '{"result":{"value":null}}' })).toBe('ok');
  });
});
