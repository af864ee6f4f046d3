import { describe, expect, it } from 'vitest';
import { openCluster, openReader } from './cluster.ts';

const payer = { address: '1', key: new Uint8Array(32), sign: () => new Uint8Array(64) };
const NOBODY = new URL('http://127.0.0.1:1');
const answering = (answer: (method: string) => unknown): typeof fetch =>
  async function send(_, init) {
    const { id, method } = JSON.parse(String(init?.body)) as { id: string; method: string };
    return Response.json({ jsonrpc: '2.0', id, ...(answer(method) as object) });
  };
const codeOf = (answer: Promise<unknown>) =>
  answer.then(
    () => 'no refusal',
    (error: { refusal?: { code: string } }) => error.refusal?.code,
  );
const blockhash = {
  result: { context: { slot: 1 }, value: { blockhash: '1'.repeat(32), lastValidBlockHeight: 5 } },
};

describe('a cluster', () => {
  it('that is not there, is silent or is none says so by a code', async () => {
    expect(await codeOf(openReader(NOBODY, fetch).readAccounts([payer.key]))).toBe(
      'chain-unreachable',
    );
    const late: typeof fetch = () =>
      Promise.reject(Object.assign(new Error('aborted'), { name: 'TimeoutError' }));
    expect(await codeOf(openReader(NOBODY, late).readAccounts([payer.key]))).toBe('chain-slow');
    const page: typeof fetch = async () => new Response('<html>');
    expect(await codeOf(openReader(NOBODY, page).readAccounts([payer.key]))).toBe(
      'chain-unreachable',
    );
  });

  it('gives the program’s reason when it refuses a transaction', async () => {
    const send = answering((method) => {
      if (method === 'getLatestBlockhash') return blockhash;
      const data = { err: { InstructionError: [0, { Custom: 58 }] }, logs: [] };
      const message = 'Transaction simulation failed: custom program error: 0x3a';
      return { error: { code: -32_002, message, data } };
    });
    expect(await codeOf(openCluster(NOBODY, payer, send).send([]))).toBe('settlement-window-open');
  });

  it('does not take a transaction for done whose time has run out', async () => {
    const send = answering((method) => {
      if (method === 'getLatestBlockhash') return blockhash;
      if (method === 'sendTransaction') return { result: '1'.repeat(64) };
      if (method === 'getBlockHeight') return { result: 6 };
      return { result: { context: { slot: 1 }, value: [null] } };
    });
    expect(await codeOf(openCluster(NOBODY, payer, send).send([]))).toBe('chain-slow');
  });

  it('with a payer that has too little asks for more, and gives nothing away elsewhere', async () => {
    const methods: string[] = [];
    const send = answering((method) => {
      methods.push(method);
      return { result: { context: { slot: 1 }, value: 4_999 } };
    });
    const cluster = openCluster(NOBODY, payer, send);
    expect(await codeOf(cluster.fundPayer({ local: false }))).toBe('funds-missing');
    expect(methods).toEqual(['getBalance']);
  });
});
