import { expect, it } from 'vitest';
import { Health } from '#protocol/api/grid-view.ts';
import type { JobView } from '#protocol/api/job.ts';
import { keyOf } from '#protocol/settlement/layout.ts';
import { type ChainAccounts, escrowNonce } from '#protocol/settlement/money-api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { makeFakeKey } from '../sockets/fake-client.ts';
import { computeFakeJob, postFakeJob, prepareFakeJob } from '../sockets/fake-job.ts';
import { openTestHub } from '../test-hub.ts';
import { openTestChain } from './dev-chain.ts';
import { airdrop, local, makeFakePool, makeFakeWallet, send } from './fake-wallet.ts';

const UNITS = 12;
const DEADLINE_MS = 1_000;
const MONTH_SECS = 30n * 24n * 3_600n;

const verifierKey = makeFakeKey();
const poster = makeFakeWallet();

const chain = openTestChain();
const hub = openTestHub(() => ({
  chain: { url: chain.url, isDev: true, deadlineMs: DEADLINE_MS },
  verifierKeys: [verifierKey.key],
  needsVerifier: false,
}));

async function call(path: string, body?: unknown) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const answer = await hub.call(path, init);
  return (await answer.json()) as JobView & { error?: { code: string } };
}
const stateOf = async ({ id }: JobView) => (await call(`/v1/jobs/${id}`)).state;
const health = async () => must(decodeWith(Health, await call('/v1/health'))).chain;
const say = (state: string) => expect.poll(health, { timeout: 10_000 }).toBe(state);

/** Posts a job, has it prepared, and waits for its quote. */
async function post(unitPrice?: string): Promise<JobView> {
  const more = unitPrice === undefined ? { autoStart: true } : { unitPrice };
  const answer = await postFakeJob(hub, { units: UNITS, ...more });
  const job = (await answer.json()) as JobView;
  const verifier = await prepareFakeJob(hub.url, verifierKey);
  await expect.poll(() => stateOf(job)).toMatch(/quoted|running/);
  verifier.socket.close();
  return job;
}

/** Posts a free job and has a new device compute all of it. */
async function runFreeJob(): Promise<void> {
  const job = await post();
  await computeFakeJob(hub, { job, who: makeFakeKey() });
  await expect.poll(() => stateOf(job)).toBe('done');
}

/** Puts what a job costs into its escrow. */
async function deposit(job: JobView, accounts: ChainAccounts): Promise<void> {
  const [config, pool] = [keyOf(accounts.config), keyOf(accounts.pool)];
  const nonce = escrowNonce(job.id);
  const at = { config, pool, escrow: local.addresses.escrow(pool, poster.key, nonce) };
  const deadline = BigInt(Math.floor(Date.now() / 1000)) + MONTH_SECS;
  const amount = BigInt(job.unitPrice) * BigInt(UNITS);
  const people = { payer: poster.key, poster: poster.key, depositor: poster.key };
  await send(
    `${hub.url}/chain`,
    [
      local.instructions.openEscrow({ ...people, ...at }, { nonce, deadline }),
      local.instructions.deposit({ ...people, ...at }, { amount }),
    ],
    [poster],
  );
}

it('work goes on while the chain is stopped or killed; money waits, and resumes', async () => {
  await say('answers');
  await airdrop(`${hub.url}/chain`, poster);
  const accounts = await makeFakePool(`${hub.url}/chain`);
  await call('/v1/chain', accounts);
  const paid = await post('1000');
  await deposit(paid, accounts);
  const fund = () => call(`/v1/jobs/${paid.id}/fund`, { poster: poster.address });

  chain.child.kill('SIGSTOP');
  await runFreeJob();
  await say('silent');
  expect((await fund()).error?.code).toBe('chain-slow');
  expect(await stateOf(paid)).toBe('quoted');

  await chain.kill();
  await runFreeJob();
  expect((await fund()).error?.code).toBe('chain-unreachable');
  expect(await health()).toBe('silent');

  await chain.restart();
  await say('answers');
  expect((await fund()).error).toBeUndefined();
  expect((await call(`/v1/jobs/${paid.id}/start`, {})).state).toBe('running');
  await computeFakeJob(hub, { job: paid, who: makeFakeKey() });
  await expect.poll(() => stateOf(paid)).toBe('done');
});
