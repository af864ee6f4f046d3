import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { ApiError } from '#protocol/values/refusal.ts';
import { millis } from '#protocol/values/units.ts';
import { openMoney } from '../chain/open.ts';
import { type HubParts, openHubParts } from '../hub-parts.ts';
import { openLog } from '../process/log.ts';
import { openApi } from './api.ts';

const HERE = '203.0.113.7';
const THERE = '203.0.113.8';

const data = openTestFolder();
let parts: HubParts;
let answer: ReturnType<typeof openApi>;
beforeAll(async () => {
  const config = {
    checks: CHECK_POLICY_DEFAULT,
    beatMs: millis(1_000),
    iceServers: [],
    needsVerifier: false,
    barMs: millis(1_000),
  };
  const log = openLog('silent');
  parts = await openHubParts(data, config, { log });
  const money = await openMoney(data, 'none', log);
  const { identity, metrics } = parts;
  answer = openApi(
    {
      ...parts,
      ...money,
      hubKey: identity.key,
      sign: identity.sign,
      stopping: new AbortController().signal,
    },
    metrics,
  );
});
afterAll(async () => {
  await parts.stop();
  await parts.close();
});

/** A call as the server hands it on: with the socket that it came on. */
const call = (remoteAddress: string, path: string, init: RequestInit = {}) =>
  answer(new Request(`http://hub${path}`, init), { incoming: { socket: { remoteAddress } } });
const ask = (address: string) => call(address, '/v1/evidence', { method: 'POST', body: '{}' });

it('holds back an address that asks for too much, and says for how long', async () => {
  let pages = 0;
  let late = await call(HERE, '/v1/log/head');
  // The bucket fills while it is emptied.
  for (; late.status === 200 && pages < 5_000; pages += 1) late = await call(HERE, '/v1/log/head');
  expect(pages).toBeGreaterThanOrEqual(200);
  expect([late.status, late.headers.get('retry-after')]).toEqual([429, '1']);
  expect(decodeWith(ApiError, await late.json())).toMatchObject({
    ok: true,
    value: { error: { code: 'message-rate', message: expect.stringContaining('in 1 s') } },
  });
  expect((await call(HERE, '/v1/health')).status).toBe(200);
  expect((await call(THERE, '/v1/log/head')).status).toBe(200);
});

it('counts what a call costs, whatever comes of it, and bounds nothing of its own machine', async () => {
  const address = '198.51.100.1';
  for (let time = 0; time < 20; time += 1) expect((await ask(address)).status).toBe(400);
  expect((await ask(address)).status).toBe(429);
  for (let time = 0; time < 30; time += 1) expect((await ask('127.0.0.1')).status).toBe(400);
});
