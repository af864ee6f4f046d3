import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeWith } from '#protocol/decode.ts';
import { LOCAL_PROGRAM } from '#protocol/settlement/addresses.ts';
import { ChainView } from '#protocol/settlement/money-api.ts';
import { type HubServer, type HubServerOptions, openHubServer } from '../server.ts';
import { WebSocket } from '../web-socket.ts';
import { openChain } from './chain.ts';
import {
  CHALLENGE_SECS,
  callRpc,
  GRACE_SECS,
  makeFakePool,
  makeFakeWallet,
  OTHER_CLUSTER,
} from './fake-wallet.ts';
import { readLocalProgram } from './local-program.ts';
import { openChainReader, postTo } from './reader.ts';

let data: string;
let hub: HubServer;
let key: string;

async function open(chain: HubServerOptions['chain'] = 'hosted'): Promise<void> {
  hub = await openHubServer({ data, port: 0, needsVerifier: false, chain });
  key = hub.key ?? key;
}
async function reopen(chain?: HubServerOptions['chain']): Promise<void> {
  await hub.close();
  await open(chain);
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

describe('a chain that the hub hosts', () => {
  it('has the settlement program, answers at /chain, and outlives the hub', async () => {
    const { address } = makeFakeWallet();
    await callRpc(rpc(), 'requestAirdrop', [address, 2_000_000]);
    type Found = { value: { executable: boolean } };
    const found = await callRpc<Found>(rpc(), 'getAccountInfo', [LOCAL_PROGRAM]);
    expect(found.value.executable).toBe(true);
    await reopen();
    expect(await callRpc(rpc(), 'getBalance', [address])).toMatchObject({ value: 2_000_000 });
  });

  it('tells subscribers of its slots', async () => {
    const socket = new WebSocket(rpc().replace('http', 'ws'));
    await new Promise((resolve) => socket.on('open', resolve));
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'slotSubscribe' }));
    const said = await new Promise<string>((resolve) => {
      socket.on(
        'message',
        (text) => String(text).includes('Notification') && resolve(String(text)),
      );
    });
    expect(JSON.parse(said)).toMatchObject({ method: 'slotNotification' });
    socket.terminate();
  });

  it('takes no long body, whatever its length is said to be', async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(16 * 1024).fill(0x20)),
    });
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    const answer = await fetch(rpc(), init);
    expect(answer.status).toBe(413);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

it('a chain that is full gives nothing away, then does nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pocketgrid-full-'));
  const programs = [await readLocalProgram()];
  const refusedWith = async (stateBytesMax: number, method: string, params: unknown[]) => {
    const chain = await openChain(folder, { programs, stateBytesMax });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const request = new Request('http://hub/chain', { method: 'POST', body });
    const answer = (await (await chain.answer(request)).json()) as { error?: { message: string } };
    await chain.close();
    return answer.error?.message;
  };
  const airdrop = [makeFakeWallet().address, 2_000_000];
  expect(await refusedWith(2 ** 30, 'requestAirdrop', airdrop)).toBeUndefined();
  const { size } = await stat(join(folder, 'state'));
  expect(await refusedWith(size - 1, 'requestAirdrop', airdrop)).toMatch(/full/);
  const transaction = ['AA==', { encoding: 'base64', skipPreflight: true }];
  expect(await refusedWith(size - 1, 'sendTransaction', transaction)).not.toMatch(/full/);
  expect(await refusedWith(size / 2 - 1, 'sendTransaction', transaction)).toMatch(/full/);
  expect(await refusedWith(1, 'getBalance', airdrop.slice(0, 1))).toBeUndefined();
  await rm(folder, { recursive: true });
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
    await hub.close();
    await rm(join(data, 'chain'), { recursive: true });
    await open();
    expect(await read()).toMatchObject({ said: { error: { code: 'chain-wrong' } } });
    await choose(await makeFakePool(rpc()));
    expect((await read()).status).toBe(200);
  });

  it('is nowhere without a chain', async () => {
    await reopen('none');
    expect((await read()).said).toMatchObject({ error: { code: 'chain-missing' } });
    expect((await fetch(rpc(), { method: 'POST', body: '{}' })).status).toBe(404);
  });

  it('may be a chain elsewhere, which is said when it cannot be reached', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'pocketgrid-elsewhere-'));
    const host = await openHubServer({ data: elsewhere, port: 0, chain: 'hosted' });
    const url = `${host.url}/chain`;
    await reopen({ url });
    await choose(await makeFakePool(url));
    expect((await read()).said).toMatchObject({ rpc: url, local: false });
    await host.close();
    await rm(elsewhere, { recursive: true });
    await reopen({ url });
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
    const reader = openChainReader(postTo(`http://127.0.0.1:${port}`), { deadlineMs: 200 });
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
