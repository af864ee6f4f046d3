import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startJob } from '#client/jobs.ts';
import { readChain } from '#client/money.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { decodeBase64 } from '#protocol/bytes/base64.ts';
import { decodeAccount, Pool } from '#protocol/settlement/accounts.ts';
import { LOCAL_PROGRAM } from '#protocol/settlement/addresses.ts';
import { must } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';
import { openProgram, readVerifierKey, runCommand } from '../command.ts';
import type { BenchContext, Figure } from '../figure.ts';
import { awaitJob, type BenchHub, createJob, openHub, repeatDigits } from '../hub.ts';

const CONTRIBUTORS = 10_000;
const TOOL_MS_MAX = 60_000;
const READY_MS_MAX = 180_000;
const CLOSE_MS_MAX = 120_000;
const POLL_MS = 20;
const CHALLENGE_SECONDS = 1;

/**
 * The real verifier closes one period of 10,000 contributors: from the moment it is ready to read
 * the hub's lists until the escrow is pulled on the chain. The challenge window of a second is in
 * it.
 */
export async function measurePeriodClose(context: BenchContext): Promise<Figure> {
  const folder = join(context.folder, 'close');
  const verifier = await readVerifierKey(folder);
  const chain = openProgram(['chain-dev/main.ts', '--port', '0', '--data', folder], context);
  const { url } = await chain.hear('ready', READY_MS_MAX);
  const flags = ['--verifier-key', verifier, '--dev-chain', String(url)];
  const { job, accounts } = await prepare(context, folder, { verifier, flags });
  const of = [folder, job.id, String(job.package), verifier, String(CONTRIBUTORS)];
  await openProgram(['hub/edge/history/earners.ts', ...of], context).hear('earned', READY_MS_MAX);
  const hub = await openHub(context, folder, flags);
  const words = ['verifier/main.ts', '--hub', hub.url, '--data', folder];
  const program = openProgram([...words, '--settle-minutes', '0.01'], context);
  await program.hear('ready', READY_MS_MAX);
  const started = performance.now();
  const total = BigInt(job.unitPrice) * BigInt(CONTRIBUTORS);
  for (;;) {
    const pool = await readPool(hub, accounts.pool);
    if (pool.pulledTotal === total) break;
    if (performance.now() - started > CLOSE_MS_MAX) throw new Error('the period was not closed');
    await sleep(POLL_MS);
  }
  const seconds = (performance.now() - started) / 1000;
  await program.kill('SIGTERM');
  await hub.program.kill('SIGTERM');
  await chain.kill('SIGTERM');
  return {
    figure: 'period-close-seconds-10000',
    value: seconds,
    unit: 's',
    baseline: 10,
    detail: { contributors: CONTRIBUTORS, challengeSeconds: CHALLENGE_SECONDS },
  };
}

/**
 * A pool, and a funded and started job of as many units as there are contributors; then the hub
 * stops.
 */
async function prepare(
  context: BenchContext,
  folder: string,
  { verifier, flags }: { verifier: string; flags: readonly string[] },
) {
  const hub = await openHub(context, folder, flags);
  const wallet = await makeWallet(context.folder);
  await callChain(hub, 'requestAirdrop', [wallet.address, 1_000_000_000_000]);
  const keyFile = join(context.folder, 'operator.key');
  await writeFile(keyFile, hub.key);
  const at = ['--hub', hub.url, '--key', keyFile];
  const init = [
    '--rpc-url',
    `${hub.url}/chain`,
    '--program',
    LOCAL_PROGRAM,
    '--admin',
    wallet.file,
  ];
  init.push('--verifier', verifier, '--challenge-seconds', String(CHALLENGE_SECONDS));
  await runTool(['scripts/chain-init.ts', ...at, ...init, '--grace-seconds', '600']);
  const words = ['verifier/main.ts', '--hub', hub.url, '--data', folder, '--settle-minutes', '0'];
  const program = openProgram(words, context);
  const { id } = await createJob(hub, {
    model: await readFile('public/sample/digits.onnx'),
    inputs: await repeatDigits(CONTRIBUTORS),
    options: { name: 'paid', unitItems: 1, unitPrice: lamports(1_000_000n) },
  });
  await awaitJob(hub, id, { states: ['quoted'], timeoutMs: READY_MS_MAX });
  const deposit = ['--job', id, '--wallet', wallet.file, '--max-lamports', '1000000000000'];
  await runTool(['scripts/deposit.ts', ...at, ...deposit]);
  must(await startJob(hub.client, id));
  const job = await awaitJob(hub, id, { states: ['running'], timeoutMs: READY_MS_MAX });
  const accounts = must(await readChain(hub.client));
  await program.kill('SIGTERM');
  await hub.program.kill('SIGTERM');
  return { job, accounts };
}

const runTool = (words: readonly string[]): Promise<string> =>
  runCommand([process.execPath, '--import', 'tsx', ...words], TOOL_MS_MAX);

/** A wallet file as Solana's tools write it. */
async function makeWallet(folder: string): Promise<{ file: string; address: string }> {
  const secret = randomBytes(32);
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  const der = Buffer.concat([head, secret]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(-32));
  const file = join(folder, 'wallet.json');
  await writeFile(file, JSON.stringify([...secret, ...publicKey]));
  return { file, address: encodeBase58(publicKey) };
}

async function callChain<T>({ url }: BenchHub, method: string, params: unknown[]): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(`${url}/chain`, { method: 'POST', body, headers });
  return ((await answer.json()) as { result: T }).result;
}

async function readPool(hub: BenchHub, pool: string): Promise<Pool> {
  type Found = { value: { data: [string, string] } };
  const { value } = await callChain<Found>(hub, 'getAccountInfo', [pool, { encoding: 'base64' }]);
  const data = decodeBase64(value.data[0]);
  const account = data.ok ? decodeAccount(Pool, data.value) : data;
  if (account.ok) return account.value;
  throw new Error(account.refusal.message);
}
