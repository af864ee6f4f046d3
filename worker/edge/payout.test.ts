import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { signingBytes, verifySignature } from '#protocol/bytes/signature.ts';
import { type Address, PayoutRequest, type PayoutView } from '#protocol/settlement/money-api.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import { linkPayout, openPayoutTeller, type PayoutTeller } from './payout.ts';
import { makeKeyPair, openSigner } from './signer.ts';

const HUB = 'ab'.repeat(32);
const HEALTH = {
  status: 'ok',
  version: '0',
  hub: HUB,
  uptimeMs: 0,
  chain: 'answers',
  writes: { waitingMs: 0 },
  checks: { verifiers: 1, unjudged: 0, lagMs: 0 },
};
const WALLET = 'W'.repeat(43) as Address;
let server: Server | undefined;
let teller: PayoutTeller | undefined;
afterEach(() => {
  server?.close();
  teller?.close();
});

async function serve(answer: object): Promise<{ url: URL; posted: string[] }> {
  const posted: string[] = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.url === '/v1/health') return response.end(JSON.stringify(HEALTH));
    posted.push(body);
    return response.writeHead('error' in answer ? 422 : 200).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}`), posted };
}

it('signs the address with the key of the device', async () => {
  const signer = await openSigner(await makeKeyPair(true));
  const refused = { error: { code: 'payout-refused', message: 'no shard was accepted yet' } };
  const { url, posted } = await serve(refused);
  const linked = await linkPayout(url, signer, { recipient: WALLET, now: instant(5_000) });
  expect(linked).toEqual({ ok: false, refusal: refused.error });
  const said = decodeJson(PayoutRequest, posted[0] ?? '');
  if (!said.ok) throw new Error(said.refusal.message);
  const { record, signature } = said.value;
  expect(record).toEqual({ device: signer.key, hub: HUB, recipient: WALLET, at: 5_000 });
  expect(verifySignature(signer.key, signingBytes('payout', record), signature)).toBe(true);
});

it('says that the hub does not answer, or answers nonsense', async () => {
  const signer = await openSigner(await makeKeyPair(true));
  const { url } = await serve({ index: 'x' });
  const code = async () => {
    const linked = await linkPayout(url, signer, { recipient: WALLET });
    return linked.ok ? 'ok' : linked.refusal.code;
  };
  expect(await code()).toBe('message-malformed');
  server?.close();
  server?.closeAllConnections();
  expect(await code()).toBe('download-failed');
});

it('is told until the hub takes it, and no reason twice', async () => {
  const answers: Result<PayoutView>[] = [
    refuse('download-failed', 'no answer'),
    refuse('payout-refused', 'no work yet'),
    refuse('payout-refused', 'no work yet'),
    accept({ index: 3 } as PayoutView),
  ];
  const told: Result<PayoutView>[] = [];
  let calls = 0;
  teller = openPayoutTeller({
    link: async () => answers[Math.min(calls++, 3)] ?? refuse('internal', 'more than was asked'),
    tell: (said) => told.push(said),
    everyMs: 20,
  });
  await expect.poll(() => told.length).toBe(3);
  expect(told).toEqual([answers[0], answers[1], answers[3]]);
  teller.accepted();
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(calls).toBe(4);
});

it('tells again at once when a shard is accepted while it is being told', async () => {
  let answer = (_: Result<PayoutView>) => {};
  let calls = 0;
  const link = () => {
    calls += 1;
    return new Promise<Result<PayoutView>>((resolve) => {
      answer = resolve;
    });
  };
  teller = openPayoutTeller({ link, tell: () => undefined, everyMs: 60_000 });
  teller.accepted();
  teller.accepted();
  expect(calls).toBe(1);
  answer(refuse('payout-refused', 'no work yet'));
  await expect.poll(() => calls).toBe(2);
  answer(accept({ index: 0 } as PayoutView));
  await new Promise((resolve) => setTimeout(resolve, 10));
  teller.accepted();
  expect(calls).toBe(2);
});
