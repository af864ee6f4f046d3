import { cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Connection,
  Keypair,
  LAMPORTS_PER_SOL,
  PublicKey,
  SendTransactionError,
  SystemProgram,
  Transaction,
  TransactionInstruction,
} from '@solana/web3.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Chain, openChain } from './chain.ts';
import { readLocalProgram } from './local-program.ts';
import { openSaver } from './saver.ts';
import { type ChainServer, openChainServer } from './server.ts';

interface Served {
  chain: Chain;
  server: ChainServer;
  url: string;
  connection: Connection;
}

let folder: string;
let served: Served;
let clock: number;

async function serve(from = folder): Promise<Served> {
  const chain = await openChain(from, { programs: [], now: () => clock });
  const server = await openChainServer(chain, { host: '127.0.0.1', port: 0 });
  const { url } = server;
  return { chain, server, url, connection: new Connection(url, 'confirmed') };
}

async function fund(connection: Connection, sol = 5): Promise<Keypair> {
  const keys = Keypair.generate();
  await connection.requestAirdrop(keys.publicKey, sol * LAMPORTS_PER_SOL);
  return keys;
}

const transfer = (from: Keypair, to: PublicKey, lamports: number) =>
  new Transaction().add(
    SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: to, lamports }),
  );

async function call(method: string, params: unknown[] = []) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(served.url, { method: 'POST', body, headers });
  return (await response.json()) as { result?: unknown; error?: { code: number; message: string } };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-chain-'));
  clock = Date.now();
  served = await serve();
});

afterEach(async () => {
  await served.server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a chain of one’s own, through the wallet library', () => {
  it('moves lamports and charges the fee', async () => {
    const { connection } = served;
    const payer = await fund(connection);
    const to = Keypair.generate().publicKey;
    const transaction = transfer(payer, to, 2_000_000);
    await connection.sendTransaction(transaction, [payer]);
    expect(await connection.getBalance(to)).toBe(2_000_000);
    expect(await connection.getBalance(payer.publicKey)).toBe(5 * LAMPORTS_PER_SOL - 2_005_000);
  });

  it('raises what the program refused, with its logs and its code', async () => {
    const { connection } = served;
    const payer = await fund(connection);
    const transaction = transfer(payer, Keypair.generate().publicKey, 50 * LAMPORTS_PER_SOL);
    const sent = connection.sendTransaction(transaction, [payer]);
    const error = await sent.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SendTransactionError);
    expect(String(error)).toContain('"Custom":1');
    expect((error as SendTransactionError).logs?.join('\n')).toContain('insufficient lamports');
  });

  it('refuses a transaction that no packet holds, which the SVM itself would run', async () => {
    const { connection } = served;
    const payer = await fund(connection);
    const memo = new TransactionInstruction({
      programId: new PublicKey('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr'),
      keys: [],
      data: Buffer.alloc(1_150, 'a'),
    });
    const transaction = new Transaction().add(memo);
    transaction.feePayer = payer.publicKey;
    transaction.recentBlockhash = (await connection.getLatestBlockhash()).blockhash;
    transaction.sign(payer);
    // web3.js itself refuses to serialise more: the bytes are put together by hand.
    const message = transaction.compileMessage().serialize();
    const raw = Buffer.concat([
      Buffer.from([1]),
      transaction.signature ?? Buffer.alloc(64),
      message,
    ]);
    expect(raw.length).toBeGreaterThan(1_232);
    const answered = await call('sendTransaction', [
      raw.toString('base64'),
      { encoding: 'base64' },
    ]);
    expect(answered.error).toMatchObject({ code: -32_602 });
    expect(answered.error?.message).toContain('1232');
  });

  it('has on disk what it acknowledged, before it is told to close', async () => {
    const payer = await fund(served.connection);
    const to = Keypair.generate().publicKey;
    const transaction = transfer(payer, to, 3_000_000);
    const signature = await served.connection.sendTransaction(transaction, [payer]);
    const copy = join(folder, 'copy');
    for (const name of ['state', 'genesis']) await cp(join(folder, name), join(copy, name));
    const again = await serve(copy);
    expect(again.chain.genesisHash).toBe(served.chain.genesisHash);
    expect(await again.connection.getBalance(to)).toBe(3_000_000);
    const { value } = await again.connection.getSignatureStatus(signature);
    expect(value).toMatchObject({ err: null, confirmationStatus: 'finalized' });
    await again.server.close();
  });

  it('runs a transaction once, and none with a block hash of more than a minute ago', async () => {
    const { connection } = served;
    const payer = await fund(connection);
    const transaction = transfer(payer, Keypair.generate().publicKey, 2_000_000);
    transaction.feePayer = payer.publicKey;
    transaction.recentBlockhash = (await connection.getLatestBlockhash()).blockhash;
    transaction.sign(payer);
    await connection.sendRawTransaction(transaction.serialize());
    await expect(connection.sendRawTransaction(transaction.serialize())).rejects.toThrow(
      'AlreadyProcessed',
    );
    const late = transfer(payer, Keypair.generate().publicKey, 2_000_001);
    late.feePayer = payer.publicKey;
    late.recentBlockhash = transaction.recentBlockhash;
    late.sign(payer);
    clock += 61_000;
    await expect(connection.sendRawTransaction(late.serialize())).rejects.toThrow(
      'BlockhashNotFound',
    );
  });

  it('gives the same airdrop twice when it is asked for twice', async () => {
    const { connection } = served;
    const to = Keypair.generate().publicKey;
    for (let time = 0; time < 2; time += 1) {
      await connection.requestAirdrop(to, 2_000_000);
    }
    expect(await connection.getBalance(to)).toBe(4_000_000);
  });

  it('lets programs read the time of the day', async () => {
    const before = await served.connection.getSlot();
    clock += 40_000;
    expect(await served.connection.getSlot()).toBe(before + 100);
    const clockAccount = new PublicKey('SysvarC1ock11111111111111111111111111111111');
    const found = await served.connection.getAccountInfo(clockAccount);
    const time = found?.data.readBigInt64LE(32);
    expect(time).toBe(BigInt(Math.floor(clock / 1000)));
  });

  it('tells what a message costs, signatures of precompiles included', async () => {
    const { connection } = served;
    const payer = await fund(connection);
    const transaction = transfer(payer, Keypair.generate().publicKey, 1).add(
      new TransactionInstruction({
        programId: new PublicKey('Ed25519SigVerify111111111111111111111111111'),
        keys: [],
        data: Buffer.from([2, 0]),
      }),
    );
    transaction.feePayer = payer.publicKey;
    transaction.recentBlockhash = (await connection.getLatestBlockhash()).blockhash;
    const fee = await connection.getFeeForMessage(transaction.compileMessage());
    expect(fee.value).toBe(15_000);
  });
});

describe('what cannot be read', () => {
  it.each([
    ['getBalance', ['not base58!'], -32_602],
    ['getBalance', [], -32_602],
    ['getAccountInfo', ['1111'], -32_602],
    ['sendTransaction', ['AAAA', { encoding: 'base64' }], -32_603],
    ['getSignatureStatuses', [['1111']], -32_602],
    ['requestAirdrop', [Keypair.generate().publicKey.toBase58(), 1e15], -32_602],
    ['getBlock', [1], -32_601],
  ])('%s %j is refused with its code', async (method, params, code) => {
    expect((await call(method, params)).error?.code).toBe(code);
  });

  it('answers a body that is no JSON, a batch and a call that is no POST', async () => {
    const headers = { 'Content-Type': 'application/json' };
    const post = (body: string) => fetch(served.url, { method: 'POST', body, headers });
    expect(await (await post('{')).json()).toMatchObject({ error: { code: -32_700 } });
    expect(await (await post('[]')).json()).toMatchObject({ error: { code: -32_600 } });
    expect((await fetch(served.url)).status).toBe(405);
  });

  it('takes no call of a page of another site, and none that such a page could send', async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getSlot' });
    const json = 'application/json';
    const post = async (headers: Record<string, string>) =>
      (await fetch(served.url, { method: 'POST', body, headers })).status;
    expect(await post({ 'Content-Type': json })).toBe(200);
    expect(await post({ 'Content-Type': json, Origin: 'https://evil.example' })).toBe(403);
    expect(await post({ 'Content-Type': json, Origin: 'null' })).toBe(403);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
      expect(await post({ 'Content-Type': type })).toBe(415);
  });

  it('keeps no call waiting for bodies that do not come', async () => {
    const { hostname, port } = new URL(served.url);
    const head = `POST / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\n`;
    const sleepers = Array.from({ length: 100 }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(`${head}Content-Length: 100\r\n\r\n{`);
      return socket;
    });
    await Promise.all(
      sleepers.map((socket) => new Promise((resolve) => socket.once('ready', resolve))),
    );
    expect((await call('getSlot')).result).toBeTypeOf('number');
    for (const socket of sleepers) socket.destroy();
  });

  it('takes no long body, whatever its length is said to be', async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(16 * 1024).fill(0x20)),
    });
    const headers = { 'Content-Type': 'application/json' };
    const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit;
    const answer = await fetch(served.url, init);
    expect(answer.status).toBe(413);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(
      (await fetch(served.url, { method: 'POST', headers, body: 'x'.repeat(100_000) })).status,
    ).toBe(413);
  });
});

it('a full chain gives no lamports away, and at twice its size runs no transaction', async () => {
  const full = await mkdtemp(join(tmpdir(), 'pocketgrid-full-'));
  const programs = [await readLocalProgram()];
  const refusedWith = async (stateBytesMax: number, method: string, params: unknown[]) => {
    const chain = await openChain(full, { programs, stateBytesMax });
    const answer = await chain.answer(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
    await chain.close();
    return (answer as { error?: { message: string } }).error?.message;
  };
  const airdrop = [Keypair.generate().publicKey.toBase58(), 2_000_000];
  expect(await refusedWith(2 ** 30, 'requestAirdrop', airdrop)).toBeUndefined();
  const { size } = await stat(join(full, 'state'));
  expect(await refusedWith(size - 1, 'requestAirdrop', airdrop)).toMatch(/full/);
  const transaction = ['AA==', { encoding: 'base64', skipPreflight: true }];
  expect(await refusedWith(size - 1, 'sendTransaction', transaction)).not.toMatch(/full/);
  expect(await refusedWith(size / 2 - 1, 'sendTransaction', transaction)).toMatch(/full/);
  expect(await refusedWith(1, 'getBalance', airdrop.slice(0, 1))).toBeUndefined();
  await rm(full, { recursive: true });
});

describe('what strangers could fill a chain with', () => {
  it('is no account: a transaction that makes one is not run', async () => {
    const { connection } = served;
    const payer = await fund(connection, 100);
    const made = Keypair.generate();
    const create = SystemProgram.createAccount({
      fromPubkey: payer.publicKey,
      newAccountPubkey: made.publicKey,
      lamports: 80 * LAMPORTS_PER_SOL,
      space: 10 * 1024 * 1024,
      programId: SystemProgram.programId,
    });
    const seeded = SystemProgram.allocate({ accountPubkey: payer.publicKey, space: 1_000_000 });
    const loader = new TransactionInstruction({
      programId: new PublicKey('BPFLoaderUpgradeab1e11111111111111111111111'),
      keys: [],
      data: Buffer.alloc(4),
    });
    const { size } = await stat(join(folder, 'state'));
    for (const [instruction, signers] of [
      [create, [payer, made]],
      [seeded, [payer]],
      [loader, [payer]],
    ] as const) {
      const transaction = transfer(payer, made.publicKey, 1_000_000).add(instruction);
      const options = { skipPreflight: true };
      const sent = connection.sendTransaction(transaction, [...signers], options);
      await expect(sent).rejects.toThrow('this chain runs');
    }
    expect((await stat(join(folder, 'state'))).size).toBeLessThan(size + 10_000);
  });

  it('is no lamports: an address has so many in an hour, this machine more', async () => {
    const ask = async (caller?: string) => {
      const params = [Keypair.generate().publicKey.toBase58(), 15 * LAMPORTS_PER_SOL];
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'requestAirdrop', params });
      const headers = { 'Content-Type': 'application/json' };
      const named = caller === undefined ? headers : { ...headers, 'pocketgrid-caller': caller };
      const answer = await fetch(served.url, { method: 'POST', body, headers: named });
      return ((await answer.json()) as { error?: { message: string } }).error?.message;
    };
    expect(await ask('203.0.113.7')).toBeUndefined();
    expect(await ask('203.0.113.7')).toContain('ask again in an hour');
    expect(await ask('203.0.113.8')).toBeUndefined();
    expect(await ask()).toBeUndefined();
    expect(await ask()).toBeUndefined();
    clock += 3_600_001;
    expect(await ask('203.0.113.7')).toBeUndefined();
  });
});

describe('a saver', () => {
  it('writes once more for all who came while it was writing, and not before', async () => {
    const writes: (() => void)[] = [];
    const saver = openSaver(() => new Promise((resolve) => writes.push(resolve)));
    const first = saver.save();
    const others = [saver.save(), saver.save()];
    expect(writes).toHaveLength(1);
    writes[0]?.();
    await first;
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(writes).toHaveLength(2);
    writes[1]?.();
    await Promise.all(others);
    expect(writes).toHaveLength(2);
  });

  it('tries again after a write that failed', async () => {
    let fails = true;
    const saver = openSaver(async () => {
      if (fails) throw new Error('full');
    });
    await expect(saver.save()).rejects.toThrow('full');
    fails = false;
    await saver.save();
  });
});
