import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { bytesToHex, sha256, utf8ToBytes } from '#protocol/bytes/digest.ts';
import { Config, Pool } from '#protocol/settlement/accounts.ts';
import { addressesOf, LOCAL_PROGRAM } from '#protocol/settlement/addresses.ts';
import {
  attestedBytes,
  checkSignatures,
  hashAttestation,
  hashContent,
} from '#protocol/settlement/attestation.ts';
import { type Key, keyOf } from '#protocol/settlement/layout.ts';
import {
  buildTrees,
  contentOf,
  encodeLeafFile,
  fillTable,
  type Trees,
} from '#protocol/settlement/leaf-file.ts';
import { type Address, type ChainView, escrowNonce } from '#protocol/settlement/money-api.ts';
import { EMPTY_KEY, proveLeaf } from '#protocol/settlement/tree.ts';
import type { Digest, JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { instant, type Lamports } from '#protocol/values/units.ts';
import { writeStored } from '../local-store.ts';
import { type BrowserWallet, openWalletStore } from './browser-wallet.ts';
import { openChainClient } from './chain.ts';
import { makeClaim, previewClaim, readClaims } from './claims.ts';
import { deposit, previewDeposit, readEscrow, takeStep } from './escrows.ts';
import { type MoneySite, openSite } from './site.ts';

/** A real chain, in a process of its own: what a browser would speak to through the hub. */
let chain: ChildProcess;
let folder: string;
let url: string;
let admin: BrowserWallet;
let verifier: CryptoKeyPair;
let site: MoneySite;
const SOL = 1_000_000_000n;
const PROGRAM = keyOf(LOCAL_PROGRAM);
const addresses = addressesOf(PROGRAM);
const job = 'job_00000000000000aa' as JobId;

const makeWallet = async () => await (await openWalletStore()).make();
const addressOf = (key: Key) => encodeBase58(key) as Address;

async function startChain(): Promise<string> {
  const words = ['chain-dev/main.ts', '--port', '0', '--data', folder];
  chain = spawn(process.execPath, ['--import', 'tsx', ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: chain.stdout ?? process.stdin })) {
    if (line.includes('"ready":true')) return (JSON.parse(line) as { url: string }).url;
  }
  throw new Error('the chain ended before it was ready');
}

async function genesis(): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getGenesisHash' }),
  });
  return ((await response.json()) as { result: string }).result;
}

/** A config of one verifier whose windows are seconds, and its pool. */
async function openPool(): Promise<MoneySite> {
  const config = addresses.config(admin.key);
  const view: ChainView = {
    program: addressOf(PROGRAM),
    config: addressOf(config),
    pool: addressOf(addresses.pool(config, EMPTY_KEY)),
    rpc: '/',
    genesisHash: await genesis(),
    challengeSeconds: 1,
    graceSeconds: 2,
    local: true,
  };
  const opened = await openSite(view, url);
  await opened.client.airdrop(admin.key, 10n * SOL);
  const { instructions, pool } = opened;
  const at = { payer: admin.key, admin: admin.key, config };
  const settings = {
    guardian: admin.key,
    treasury: admin.key,
    clusterTag: sha256(utf8ToBytes(view.genesisHash)),
    feeBps: 0,
    challengeSecs: 1n,
    timelockSecs: 5n,
    graceSecs: 2n,
    deadManSecs: 100n,
    unbondSecs: 10n,
  };
  const set = addresses.verifierSet(config, 1);
  const key = new Uint8Array(await crypto.subtle.exportKey('raw', verifier.publicKey));

  await opened.client.send(
    [
      instructions.initConfig(at, settings),
      instructions.newVerifierSet({ ...at, set }, { quorum: 1, keys: [key] }),
      instructions.createPool({ ...at, pool }, { periodCap: SOL }),
    ],
    admin,
  );
  return opened;
}

/** Settles one period as verifiers do: `earned` for index 0, out of the job's escrow. */
async function settle(earned: bigint, worker: Key, escrow: Key): Promise<Trees> {
  const { client, instructions, config, pool: poolKey } = site;
  const pool = await client.read(Pool, poolKey);
  const { clusterTag = EMPTY_KEY } = (await client.read(Config, config)) ?? {};
  if (pool === undefined) throw new Error('the pool is gone');
  const leaf = (recipient: Key) => [{ index: 0, recipient, cumulative: earned }];
  const file = {
    period: pool.period + 1n,
    through: instant(0),
    claims: fillTable(1, leaf(worker)),
    spends: fillTable(1, leaf(escrow)),
  };
  const trees = buildTrees(file, poolKey);
  const content = must(contentOf(encodeLeafFile(file), trees));
  const expiresAt = BigInt(Math.floor(Date.now() / 1000)) + 2n;
  const last = pool.roots.find(({ period }) => period === pool.period);
  const place = {
    clusterTag,
    program: PROGRAM,
    pool: poolKey,
    setId: 1,
    period: file.period,
    attempt: pool.attempt,
    previous: last?.claimRoot ?? EMPTY_KEY,
  };
  const message = attestedBytes(hashAttestation(place, hashContent(content), expiresAt));
  const signature = new Uint8Array(
    await crypto.subtle.sign('Ed25519', verifier.privateKey, new Uint8Array(message)),
  );
  const key = new Uint8Array(await crypto.subtle.exportKey('raw', verifier.publicKey));
  const set = addresses.verifierSet(config, 1);

  await client.send(
    [
      checkSignatures(message, [{ key, signature }]),
      instructions.proposeRoot(
        { config, pool: poolKey, set },
        { period: file.period, content, expiresAt },
      ),
    ],
    admin,
  );
  await new Promise((resolve) => setTimeout(resolve, 1_200));

  await client.send(
    [
      instructions.finalizeRoot({ config, pool: poolKey }),
      instructions.pull({ pool: poolKey, escrow }, { cumulative: earned }, new Uint8Array()),
    ],
    admin,
  );
  return trees;
}

/** Leaves the newest proof of index 0 where the page keeps it. */
function keep({ claims }: Trees, { period, recipient, cumulative, dataHash }: KeptLeaf): void {
  const proof = bytesToHex(must(proveLeaf(claims, 0)));
  const leaf = {
    index: 0,
    recipient: addressOf(recipient),
    cumulative: cumulative.toString() as Lamports,
    proof,
    root: bytesToHex(claims.root) as Digest,
    total: claims.total.toString() as Lamports,
    leafCount: 1,
  };
  writeStored('proofs', JSON.stringify([{ pool: site.view.pool, period, dataHash, leaf }]));
}
interface KeptLeaf {
  period: number;
  recipient: Key;
  cumulative: bigint;
  dataHash: Digest;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-money-'));
  url = await startChain();
  admin = await makeWallet();
  verifier = (await crypto.subtle.generateKey('Ed25519', true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  site = await openPool();
}, 60_000);

afterAll(async () => {
  await new Promise((resolve) => {
    chain.once('exit', resolve);
    chain.kill();
  });
  await rm(folder, { recursive: true, force: true });
});

describe('money on a real chain', () => {
  it('goes from the poster to who worked, and the rest back', async () => {
    const [poster, worker] = [await makeWallet(), await makeWallet()];
    const ask = { job, total: 50_000_000n };
    const plan = await previewDeposit(site, poster, ask);
    expect(plan).toMatchObject({ opens: true, amount: ask.total });
    expect(plan.lack).toBeGreaterThan(ask.total);
    await deposit(site, poster, ask);
    expect(await previewDeposit(site, poster, ask)).toMatchObject({ amount: 0n });
    const funded = await readEscrow(site, job, poster.address);
    expect(funded).toMatchObject({ budget: ask.total, spent: 0n, held: ask.total });
    expect(funded?.step.type).toBe('ask');

    const escrow = addresses.escrow(site.pool, poster.key, escrowNonce(job));
    const earned = 20_000_000n;
    const trees = await settle(earned, worker.key, escrow);
    const pool = await site.client.read(Pool, site.pool);
    const [root] = pool?.roots.filter(({ period }) => period === 1n) ?? [];
    const dataHash = bytesToHex(root?.dataHash ?? EMPTY_KEY) as Digest;
    keep(trees, { period: 1, recipient: worker.key, cumulative: earned, dataHash });

    // No hub answers here: the kept proof and the chain are enough.
    const payouts = [{ index: 0, recipient: worker.address }];
    const [claim] = await readClaims(site, payouts);
    if (claim === undefined) throw new Error('there is no claim');
    expect(claim).toMatchObject({ cumulative: earned, paid: 0n, proven: { period: 1n } });
    const preview = await previewClaim(site, worker, claim);
    expect(preview).toMatchObject({ due: earned, fee: 5_000n });
    expect(preview.pageRent).toBeGreaterThan(0n);
    const done = await makeClaim(site, worker, claim);
    expect(done.after - done.before).toBe(earned - 5_000n - preview.pageRent);
    const [again] = await readClaims(site, payouts);
    expect(again).toMatchObject({ cumulative: earned, paid: earned });
    await expect(makeClaim(site, worker, again ?? claim)).rejects.toMatchObject({
      refusal: { code: 'settlement-nothing-due' },
    });
    // A claim that this page does not know to be paid is refused by the chain itself.
    await expect(makeClaim(site, worker, claim)).rejects.toMatchObject({
      refusal: { code: 'settlement-nothing-due' },
    });
  });

  it('gives an escrow of which nothing is spent back whole', async () => {
    const poster = await makeWallet();
    const other = { job: 'job_00000000000000bb' as JobId, total: 3_000_000n };
    await deposit(site, poster, other);
    const step = (type: 'ask' | 'refund' | 'close', wallet = poster) =>
      takeStep(site, wallet, { job: other.job, poster: poster.address, type });
    await expect(step('ask', await makeWallet())).rejects.toMatchObject({
      refusal: { code: 'settlement-not-poster' },
    });
    await expect(step('refund')).rejects.toMatchObject({ refusal: { code: 'chain-slow' } });
    await step('ask');
    expect((await readEscrow(site, other.job, poster.address))?.step).toMatchObject({
      type: 'wait',
      why: 'grace',
    });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const before = await site.client.balance(poster.key);
    await step('refund');
    const after = await site.client.balance(poster.key);
    // The fee was an airdrop too: the wallet held no more than it had to.
    expect(after - before).toBe(other.total);
    await step('close');
    expect(await readEscrow(site, other.job, poster.address)).toBeUndefined();
  });

  it('is refused with the code of the program, or of the system', async () => {
    const poster = await makeWallet();
    await site.client.airdrop(poster.key, 50_000_000n);
    const escrow = addresses.escrow(site.pool, poster.key, 1n);
    const at = { config: site.config, pool: site.pool, escrow };
    const data = { nonce: 1n, deadline: 1n };
    const late = site.instructions.openEscrow(
      { ...at, payer: poster.key, poster: poster.key },
      data,
    );
    await expect(site.client.send([late], poster)).rejects.toMatchObject({
      refusal: { code: 'settlement-escrow-over' },
    });
    const open = site.instructions.openEscrow(
      { ...at, payer: poster.key, poster: poster.key },
      { nonce: 1n, deadline: 10_000_000_000n },
    );
    const much = site.instructions.deposit({ ...at, depositor: poster.key }, { amount: SOL });
    await expect(site.client.send([open, much], poster)).rejects.toMatchObject({
      refusal: { code: 'funds-missing' },
    });
    const forged = { ...poster, sign: (await makeWallet()).sign };
    await expect(site.client.send([open], forged)).rejects.toMatchObject({
      refusal: { code: 'wallet-refused' },
    });
  });

  it('is asked for beforehand where lamports are not given away', async () => {
    const elsewhere = { ...site, view: { ...site.view, local: false } };
    const poster = await makeWallet();
    const plan = previewDeposit(elsewhere, poster, { job, total: 1_000n });
    await expect(plan).rejects.toMatchObject({
      refusal: { code: 'funds-missing', message: expect.stringContaining(poster.address) },
    });
  });

  it('is not taken to another cluster or program, nor anywhere when the chain is silent', async () => {
    const genesisHash = encodeBase58(EMPTY_KEY);
    const other = openChainClient({ ...site.view, genesisHash }, url);
    await expect(other).rejects.toMatchObject({ refusal: { code: 'chain-wrong' } });
    const program = addressOf(admin.key);
    const theirs = openSite({ ...site.view, program }, 'http://127.0.0.1:9');
    await expect(theirs).rejects.toMatchObject({ refusal: { code: 'chain-wrong' } });
    const silent = openChainClient(site.view, 'http://127.0.0.1:9');
    await expect(silent).rejects.toMatchObject({ refusal: { code: 'chain-unreachable' } });
  });
});

describe('a wallet in this browser', () => {
  it('is the same after its secret was taken elsewhere', async () => {
    const [here, there] = [await openWalletStore(), await openWalletStore()];
    const wallet = await here.make();
    expect((await here.make()).address).toBe(wallet.address);
    const moved = await there.take(`  ${await wallet.reveal()}\n`);
    expect(moved.address).toBe(wallet.address);
    expect(await moved.reveal()).toBe(await wallet.reveal());
    await there.forget();
    expect(await there.read()).toBeUndefined();
  });

  it('refuses what is no secret', async () => {
    const store = await openWalletStore();
    const secret = await (await store.make()).reveal();
    for (const wrong of ['', secret.slice(1), encodeBase58(new Uint8Array(64).fill(7))]) {
      await expect(store.take(wrong)).rejects.toMatchObject({
        refusal: { code: 'wallet-refused' },
      });
    }
    expect(await (await store.read())?.reveal()).toBe(secret);
  });
});
