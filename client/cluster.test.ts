import { describe, expect, it } from 'vitest';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { encodeTransaction } from '#protocol/settlement/transaction.ts';
import { refusal } from '#protocol/values/refusal.ts';
import type { Send } from './attempt.ts';
import { type ClusterOptions, openCluster, type Signer } from './cluster.ts';

const KEY = new Uint8Array(32).fill(7);
const PROGRAM = encodeBase58(new Uint8Array(32).fill(8));
const NOBODY = encodeBase58(new Uint8Array(32));
const SIGNATURE = '1'.repeat(64);
const signer: Signer = {
  key: KEY,
  sign: async (message) => encodeTransaction(message, [new Uint8Array(64)]),
};
const inContext = (value: unknown) => ({ result: { context: { slot: 1 }, value } });
const BLOCKHASH = inContext({ blockhash: NOBODY, lastValidBlockHeight: 5 });

interface Call {
  id: string;
  method: string;
  params: unknown[];
}

const answering = (answer: (call: Call) => unknown): Send =>
  async function send(request) {
    const call = (await request.json()) as Call;
    return Response.json({ jsonrpc: '2.0', id: call.id, ...(answer(call) as object) });
  };
const open = (send: Send, more: Partial<ClusterOptions> = {}) =>
  openCluster({ rpc: new URL('http://127.0.0.1:1'), program: PROGRAM, send, ...more });
const refusalOf = (answer: Promise<unknown>) =>
  answer.then(
    () => undefined,
    (error: { refusal?: { code: string; message: string } }) => error.refusal,
  );
const codeOf = async (answer: Promise<unknown>) => (await refusalOf(answer))?.code;

describe('a cluster', () => {
  it('that is not there, is silent or is none says so by a code', async () => {
    expect(await codeOf(open(fetch).balance(KEY))).toBe('chain-unreachable');
    const late: Send = () =>
      Promise.reject(Object.assign(new Error('aborted'), { name: 'TimeoutError' }));
    expect(await codeOf(open(late).readAccounts([KEY]))).toBe('chain-slow');
    const page: Send = async () => new Response('<html>');
    expect(await codeOf(open(page).readAccounts([KEY]))).toBe('chain-unreachable');
    const explainSilence = () => refusal('chain-missing', 'look at the cable');
    expect(await codeOf(open(page, { explainSilence }).rent(0))).toBe('chain-missing');
  });

  it('that answers with an error says what the error is', async () => {
    const busy = answering(() => ({ error: { code: -32_005, message: 'node is behind' } }));
    expect(await refusalOf(open(busy).genesisHash())).toMatchObject({
      code: 'chain-slow',
      message: expect.stringContaining('node is behind'),
    });
  });

  it('reads many accounts by the hundred, and takes those of other owners for missing', async () => {
    const asked: number[] = [];
    const send = answering(({ params }) => {
      const keys = params[0] as string[];
      asked.push(keys.length);
      const account = (owner: string) => ({
        ...{ owner, lamports: 1, executable: false, rentEpoch: 0, space: 1 },
        data: ['Bw==', 'base64'],
      });
      return inContext(keys.map((_, at) => [account(PROGRAM), account(NOBODY), null][at % 3]));
    });
    const found = await open(send).readAccounts(new Array(150).fill(KEY));
    expect(asked).toEqual([100, 50]);
    expect(found.slice(0, 3).map((data) => data && [...data])).toEqual([[7], undefined, undefined]);
  });

  it('gives the program’s reason when it refuses a transaction', async () => {
    const send = answering(({ method }) => {
      if (method === 'getLatestBlockhash') return BLOCKHASH;
      const data = { err: { InstructionError: [0, { Custom: 58 }] }, logs: [] };
      const message = 'Transaction simulation failed: custom program error: 0x3a';
      return { error: { code: -32_002, message, data } };
    });
    expect(await codeOf(open(send).send([], signer))).toBe('settlement-window-open');
  });

  it('gives the program’s reason when a transaction fails after it was taken', async () => {
    const err = { InstructionError: [0, { Custom: 58 }] };
    const send = answering(({ method }) => {
      if (method === 'getLatestBlockhash') return BLOCKHASH;
      if (method === 'sendTransaction') return { result: SIGNATURE };
      return inContext([{ slot: 1, confirmations: 1, err, confirmationStatus: 'confirmed' }]);
    });
    expect(await codeOf(open(send).send([], signer))).toBe('settlement-window-open');
  });

  it('asks until it has confirmed a transaction, and gives the signature', async () => {
    const states = ['processed', 'confirmed'];
    const send = answering(({ method }) => {
      if (method === 'getLatestBlockhash') return BLOCKHASH;
      if (method === 'sendTransaction') return { result: SIGNATURE };
      if (method === 'getBlockHeight') return { result: 5 };
      const confirmationStatus = states.shift();
      return inContext([{ slot: 1, confirmations: 1, err: null, confirmationStatus }]);
    });
    expect(await open(send).send([], signer)).toBe(SIGNATURE);
    expect(states).toEqual([]);
  });

  it('does not take a transaction for done whose time has run out', async () => {
    const send = answering(({ method }) => {
      if (method === 'getLatestBlockhash') return BLOCKHASH;
      if (method === 'sendTransaction') return { result: SIGNATURE };
      if (method === 'getBlockHeight') return { result: 6 };
      return inContext([null]);
    });
    expect(await codeOf(open(send).send([], signer))).toBe('chain-slow');
    const explainDelay = (signature: string) => `wait for ${signature}`;
    expect(await refusalOf(open(send, { explainDelay }).send([], signer))).toMatchObject({
      message: `wait for ${SIGNATURE}`,
    });
  });

  it('sends nothing that somebody else has to sign too', async () => {
    const methods: string[] = [];
    const send = answering(({ method }) => {
      methods.push(method);
      return BLOCKHASH;
    });
    const other = { key: new Uint8Array(32).fill(9), signer: true, writable: false };
    const instruction = { program: KEY, accounts: [other], data: new Uint8Array() };
    await expect(open(send).send([instruction], signer)).rejects.toThrow(RangeError);
    expect(methods).toEqual(['getLatestBlockhash']);
  });
});
