import { createHash } from 'node:crypto';
import type * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { decodeBase58 } from '#protocol/bytes/base58.ts';
import { hexToBytes } from '#protocol/bytes/digest.ts';
import { encodeLeafFile, fillTable } from '#protocol/settlement/leaf-file.ts';
import {
  type ChainAccounts,
  DevicePay,
  EarningShardPage,
  EndedJobPage,
  escrowNonce,
  LeafFileList,
  LeafFileView,
  LeafProof,
  PayoutPage,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import { checkProof } from '#protocol/settlement/tree.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { instant } from '#protocol/values/units.ts';
import { openTestChain } from '../../chain/dev-chain.ts';
import {
  airdrop,
  type FakeWallet,
  local,
  makeFakePool,
  makeFakeWallet,
  send,
} from '../../chain/fake-wallet.ts';
import { type FakeClient, makeFakeKey } from '../../sockets/fake-client.ts';
import { computeFakeJob, postFakeJob, prepareFakeJob } from '../../sockets/fake-job.ts';
import { openTestHub } from '../../test-hub.ts';

const UNITS = 12;
const PRICE = 1_000n;
const WEEK_SECS = 7n * 24n * 3_600n;

let accounts: ChainAccounts;
let verifier: FakeClient & { welcome: { ticket: string } };
const verifierKey = makeFakeKey();
const device = makeFakeKey();
const poster = makeFakeWallet();
const rpc = () => `${hub.url}/chain`;

const chain = openTestChain();
const hub = openTestHub(() => ({
  chain: { url: chain.url, isDev: true },
  verifierKeys: [verifierKey.key],
  needsVerifier: false,
}));

async function call(path: string, body?: unknown, token: string | null = hub.key) {
  const headers: Record<string, string> =
    token === null ? {} : { Authorization: `Bearer ${token}` };
  const sent = body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: sent };
  const answer = await fetch(`${hub.url}${path}`, init);
  const text = await answer.text();
  const said = text === '' ? undefined : (JSON.parse(text) as { error?: { code: string } });
  return { status: answer.status, code: said?.error?.code, said };
}

async function read<T extends v.GenericSchema>(schema: T, path: string) {
  const { said } = await call(path, undefined, null);
  const decoded = decodeWith(schema, said);
  if (!decoded.ok) throw new Error(decoded.refusal.message);
  return decoded.value;
}

const keyOf = (address: string) => {
  const decoded = decodeBase58(address, 32);
  if (!decoded.ok) throw new Error(decoded.refusal.message);
  return decoded.value;
};
const now = () => BigInt(Math.floor(Date.now() / 1000));
const placeOf = (job: JobView, who: FakeWallet) => {
  const [config, pool] = [keyOf(accounts.config), keyOf(accounts.pool)];
  const nonce = escrowNonce(job.id);
  return { config, pool, nonce, escrow: local.addresses.escrow(pool, who.key, nonce) };
};

async function openEscrow(job: JobView, who: FakeWallet, deadline = now() + 2n * WEEK_SECS) {
  const { nonce, ...at } = placeOf(job, who);
  const payers = { payer: who.key, poster: who.key };
  await send(
    rpc(),
    [local.instructions.openEscrow({ ...payers, ...at }, { nonce, deadline })],
    [who],
  );
}
async function deposit(job: JobView, who: FakeWallet, amount: bigint) {
  const { nonce: _, ...at } = placeOf(job, who);
  await send(rpc(), [local.instructions.deposit({ depositor: who.key, ...at }, { amount })], [who]);
}
const fund = (job: JobView, who = poster) =>
  call(`/v1/jobs/${job.id}/fund`, { poster: who.address });
const post = async (autoStart = false) => {
  const answer = await postFakeJob(hub, { units: UNITS, unitPrice: String(PRICE), autoStart });
  return { status: answer.status, job: (await answer.json()) as JobView };
};
function linkPayout(to: FakeWallet, who = device) {
  const record = {
    device: who.key,
    hub: hub.hub,
    recipient: to.address,
    at: instant(Date.now()),
  };
  return call('/v1/payouts', { record, signature: who.sign('payout', record) }, null);
}

describe('money, on a development chain', () => {
  let job: JobView;
  const wallet = makeFakeWallet();

  it('takes no job with a price before a pool is named', async () => {
    expect((await post()).status).toBe(404);
    accounts = await makeFakePool(rpc());
    expect((await call('/v1/chain', accounts)).status).toBe(200);
    const posted = await post(true);
    expect(posted.status).toBe(201);
    job = posted.job;
    verifier = await prepareFakeJob(hub.url, verifierKey);
  });

  it('starts a job once its escrow holds enough for long enough', async () => {
    await airdrop(rpc(), poster);
    const total = PRICE * BigInt(UNITS);
    await expect
      .poll(async () => ((await call(`/v1/jobs/${job.id}`)).said as JobView).state)
      .toBe('quoted');
    expect(await fund(job)).toMatchObject({ code: 'job-unfunded' });
    await openEscrow(job, poster);
    await deposit(job, poster, total - 1n);
    expect(await fund(job)).toMatchObject({
      code: 'job-unfunded',
      said: { error: { message: expect.stringMatching(/^1 lamports/) } },
    });
    expect(await call(`/v1/jobs/${job.id}/start`, {})).toMatchObject({ code: 'job-unfunded' });
    await deposit(job, poster, 1n);
    expect(await call(`/v1/jobs/${job.id}/fund`, { poster: 'x' })).toMatchObject({ status: 400 });
    const { status, said } = await fund(job);
    expect(status).toBe(200);
    expect(said).toMatchObject({
      state: 'running',
      unitPrice: String(PRICE),
      funding: { escrowIndex: 0, poster: poster.address, amount: String(total) },
    });
  });

  it('takes no escrow that its poster can empty soon, or has asked for', async () => {
    const { job: other } = await post();
    await verifier.until('prepare');
    verifier.socket.close();
    verifier = await prepareFakeJob(hub.url, verifierKey);
    const quoted = async () => ((await call(`/v1/jobs/${other.id}`)).said as JobView).state;
    await expect.poll(quoted).toBe('quoted');
    const hasty = makeFakeWallet();
    await airdrop(rpc(), hasty);
    await openEscrow(other, hasty, now() + WEEK_SECS - 60n);
    await deposit(other, hasty, PRICE * BigInt(UNITS));
    expect(await fund(other, hasty)).toMatchObject({ code: 'job-unfunded' });
    await openEscrow(other, poster);
    await deposit(other, poster, PRICE * BigInt(UNITS));
    const { nonce: _, ...at } = placeOf(other, poster);
    await send(rpc(), [local.instructions.requestRefund({ poster: poster.key, ...at })], [poster]);
    expect(await fund(other)).toMatchObject({ code: 'job-unfunded' });
    expect(await call(`/v1/jobs/${other.id}/cancel`, {})).toMatchObject({ status: 200 });
  });

  // privacy: payout-public
  it('links a payout once there is accepted work, and tells who earned what', async () => {
    expect(await linkPayout(wallet)).toMatchObject({ code: 'payout-refused' });
    await computeFakeJob(hub, { job, who: device });
    await expect
      .poll(async () => ((await call(`/v1/jobs/${job.id}`)).said as JobView).state)
      .toBe('done');
    const linked = await linkPayout(wallet);
    expect(decodeWith(PayoutView, linked.said)).toMatchObject({
      ok: true,
      value: { index: 0, record: { recipient: wallet.address } },
    });
    const payouts = await read(PayoutPage, '/v1/log/payouts');
    expect(payouts).toMatchObject({ payouts: [{ index: 0 }], next: 1 });
    expect(await read(PayoutPage, '/v1/log/payouts?after=1')).toEqual({ payouts: [], next: 1 });
    const ended = await read(EndedJobPage, '/v1/log/jobs');
    expect(ended).toMatchObject({ jobs: [{ number: 1, id: job.id, escrowIndex: 0 }], next: 1 });
    const page = await read(EarningShardPage, `/v1/log/jobs/${job.id}/shards?limit=1000`);
    expect(page.shards.reduce((sum, { unitCount }) => sum + unitCount, 0)).toBe(UNITS);
    const first = await read(EarningShardPage, `/v1/log/jobs/${job.id}/shards?limit=1`);
    expect(first).toEqual({
      shards: page.shards.slice(0, 1),
      next: (page.shards[0]?.sequence ?? 0) + 1,
    });
    const pay = await read(DevicePay, `/v1/devices/${device.key}/pay`);
    expect(pay).toMatchObject({ shards: page.shards, payouts: payouts.payouts, jobs: ended.jobs });
    expect(await call('/v1/log/jobs/job_0000000000000000/shards')).toMatchObject({ status: 404 });
    expect(await call('/v1/log/jobs?limit=1001')).toMatchObject({ status: 400 });
    expect(await call('/v1/devices/x/pay')).toMatchObject({ status: 400 });
  });

  it('writes down that a poster asked for the rest when the chain says so', async () => {
    const closing = () => call(`/v1/jobs/${job.id}/closing`, {}, null);
    expect(await closing()).toMatchObject({ status: 409, code: 'job-state' });
    const { nonce: _, ...at } = placeOf(job, poster);
    await send(rpc(), [local.instructions.requestRefund({ poster: poster.key, ...at })], [poster]);
    expect(await closing()).toMatchObject({ status: 204 });
    expect(await closing()).toMatchObject({ status: 204 });
    expect((await call('/v1/log/closings')).said).toMatchObject({
      closings: [{ number: 1, job: job.id }],
      next: 1,
    });
    expect((await call('/v1/log/bans')).said).toEqual({ bans: [], next: 0 });
  });

  it('keeps leaf files of verifiers and proves each leaf, after a restart too', async () => {
    const escrow = placeOf(job, poster).escrow;
    const file = (period: bigint, spent = 12n) =>
      encodeLeafFile({
        period,
        through: instant(5),
        claims: fillTable(3, [
          { index: 0, recipient: wallet.key, cumulative: 5n },
          { index: 2, recipient: poster.key, cumulative: 7n },
        ]),
        spends: fillTable(1, [{ index: 0, recipient: escrow, cumulative: spent }]),
      });
    const { ticket } = verifier.welcome;
    const early = file(1n).slice();
    new DataView(early.buffer).setBigUint64(28, BigInt(Date.now()), true);
    expect(await call('/v1/settlements', early, ticket)).toMatchObject({ code: 'request-invalid' });
    expect(await call('/v1/settlements', file(1n), hub.key)).toMatchObject({ code: 'key-wrong' });
    expect(await call('/v1/settlements', file(2n), ticket)).toMatchObject({
      code: 'leaves-conflict',
    });
    expect(await call('/v1/settlements', file(1n, 11n), ticket)).toMatchObject({ status: 422 });
    expect(await call('/v1/settlements', file(1n).slice(1), ticket)).toMatchObject({ status: 422 });
    const { said } = await call('/v1/settlements', file(1n), ticket);
    const kept = decodeWith(LeafFileView, said);
    const dataHash = createHash('sha256').update(file(1n)).digest('hex');
    expect(kept).toMatchObject({
      ok: true,
      value: { dataHash, period: 1, total: '12', claims: 3 },
    });
    expect((await call('/v1/settlements', file(1n), ticket)).said).toEqual(said);
    await hub.close();
    await hub.open();
    expect(await read(LeafFileList, '/v1/settlements')).toEqual({ settlements: [said] });
    const leaves = await fetch(`${hub.url}/v1/settlements/${dataHash}/leaves`);
    expect(new Uint8Array(await leaves.arrayBuffer())).toEqual(new Uint8Array(file(1n)));
    for (const [side, index] of [
      ['claims', 2],
      ['claims', 0],
      ['spends', 0],
    ] as const) {
      const proof = await read(LeafProof, `/v1/settlements/${dataHash}/${side}/${index}`);
      const leaf = {
        tag: side === 'claims' ? ('claim/v1' as const) : ('spend/v1' as const),
        pool: keyOf(accounts.pool),
        index,
        recipient: keyOf(proof.recipient),
        cumulative: BigInt(proof.cumulative),
      };
      const { leafCount } = proof;
      const root = { root: hexToBytes(proof.root), total: BigInt(proof.total), leafCount };
      expect(checkProof(leaf, hexToBytes(proof.proof), root)).toEqual({ ok: true, value: true });
      expect(proof.total).toBe('12');
    }
    const at = (path: string) => call(`/v1/settlements/${path}`, undefined, null);
    expect(await at(`${dataHash}/claims/3`)).toMatchObject({ code: 'settlement-index-range' });
    expect(await at(`${dataHash}/claims/x`)).toMatchObject({ status: 400 });
    expect(await at(`${'0'.repeat(64)}/claims/0`)).toMatchObject({ code: 'leaves-unknown' });
    expect(await read(EndedJobPage, '/v1/log/jobs')).toMatchObject({ jobs: [{ id: job.id }] });
  });

  it('stays with the pool that its jobs are paid from', async () => {
    const other = await makeFakePool(rpc());
    expect(await call('/v1/chain', other)).toMatchObject({ code: 'chain-wrong' });
    expect(await call('/v1/chain', accounts)).toMatchObject({ status: 200 });
  });
});
