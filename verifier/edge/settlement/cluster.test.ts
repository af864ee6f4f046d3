import { expect, it } from 'vitest';
import { openCluster } from '#client/cluster.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { fundPayer } from './cluster.ts';

it('a payer with too little is told so, and nothing is given away elsewhere', async () => {
  const methods: string[] = [];
  const key = new Uint8Array(32);
  const cluster = openCluster({
    rpc: new URL('http://127.0.0.1:1'),
    program: encodeBase58(key),
    async send(request) {
      const { id, method } = (await request.json()) as { id: string; method: string };
      methods.push(method);
      const result = { context: { slot: 1 }, value: 4_999 };
      return Response.json({ jsonrpc: '2.0', id, result });
    },
  });
  const payer = { key, sign: () => new Uint8Array() };
  await expect(fundPayer(cluster, payer, { local: false })).rejects.toMatchObject({
    refusal: { code: 'funds-missing' },
  });
  expect(methods).toEqual(['getBalance']);
});
