import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import type { Signer } from '#client/cluster.ts';
import { readChain } from '#client/money.ts';
import { readPayouts } from '#client/money-facts.ts';
import { type MoneyReader, openMoneyReader } from '#client/money-reader.ts';
import { openHubPin } from '#node/hub-pin.ts';
import { type KeyFile, openKeyFile } from '#node/key-file.ts';
import { openTestPrograms } from '#node/test-programs.ts';
import { verify } from '#node/verify.ts';
import type { JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { hexToBytes } from '#protocol/bytes/digest.ts';
import { CHECK_POLICY_DEFAULT, PAY_POLICY } from '#protocol/checks/check-policy.ts';
import { decodeAccount, PENDING, Pool } from '#protocol/settlement/accounts.ts';
import { LOCAL_PROGRAM } from '#protocol/settlement/addresses.ts';
import { keyOf } from '#protocol/settlement/layout.ts';
import { encodeTransaction } from '#protocol/settlement/transaction.ts';
import { must } from '#protocol/values/refusal.ts';
import { millis } from '#protocol/values/units.ts';
import { type Loop, openLoop } from './edge/loop.ts';
import { fundPayer, openGridCluster } from './edge/settlement/cluster.ts';
import { openFactCheck } from './edge/settlement/fact-check.ts';
import { openLeafFiles } from './edge/settlement/leaf-files.ts';
import type { SettlerOptions, SettlerPorts } from './edge/settlement/parts.ts';
import { openSettlementBook } from './edge/settlement/settlement-book.ts';
import { openSettler } from './edge/settlement/settler.ts';

const ROOT = join(import.meta.dirname, '..');
const UNIT_PRICE = 20_000n;
const UNIT_ITEMS = 4;
const { data, start } = openTestPrograms();
let loop: Loop;
afterAll(() => loop?.close());

/** Runs a tool to its end; throws what it says when it fails. */
async function run(program: string, ...words: string[]): Promise<string> {
  const { code, text } = await start(program, ...words).ended;
  if (code !== 0) throw new Error(`${program}: ${text}`);
  return text.trim();
}

/** A wallet file as Solana's tools write it. */
async function makeWallet(name: string): Promise<{ file: string; address: string }> {
  const secret = randomBytes(32);
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  const key = createPrivateKey({
    key: Buffer.concat([head, secret]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(-32));
  const file = join(data, `${name}.json`);
  await writeFile(file, JSON.stringify([...secret, ...publicKey]));
  return { file, address: encodeBase58(publicKey) };
}

async function callChain<T>(hub: string, method: string, params: unknown[]): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(`${hub}/chain`, { method: 'POST', body, headers });
  return ((await answer.json()) as { result: T }).result;
}
const balanceOf = async (hub: string, address: string): Promise<number> =>
  (await callChain<{ value: number }>(hub, 'getBalance', [address])).value;

interface Hub {
  url: string;
  developer: string;
}

async function postJob({ url, developer }: Hub): Promise<JobView> {
  const form = new FormData();
  const file = async (name: string) =>
    new Blob([await readFile(join(ROOT, 'public/sample', name))]);
  form.append('model', await file('digits.onnx'), 'digits.onnx');
  form.append('inputs', await file('digits.npy'), 'digits.npy');
  const options = { name: 'paid', unitItems: UNIT_ITEMS, unitPrice: String(UNIT_PRICE) };
  form.append('options', JSON.stringify(options));
  const headers = { Authorization: `Bearer ${developer}` };
  const posted = await fetch(`${url}/v1/jobs`, { method: 'POST', headers, body: form });
  return (await posted.json()) as JobView;
}

async function reach({ url, developer }: Hub, id: string, state: JobView['state']) {
  const headers = { Authorization: `Bearer ${developer}` };
  for (;;) {
    const job = (await (await fetch(`${url}/v1/jobs/${id}`, { headers })).json()) as JobView;
    if (job.state === state) return job;
    if (job.state === 'refused') throw new Error(describeReason(job.reason));
    await sleep(200);
  }
}

async function openVerifier(hub: string, identity: KeyFile): Promise<Loop> {
  const folder = join(data, 'verifier');
  return openLoop({
    hub: new URL(hub),
    pin: undefined,
    hubPin: await openHubPin({ hub: new URL(hub), folder }),
    folder,
    blobBytesMax: 1e9,
    identity,
    config: {
      key: identity.key,
      policy: CHECK_POLICY_DEFAULT,
      epochMs: millis(3_600_000),
      queueUnitsMax: 300_000,
      tasksMax: 2,
    },
    say: () => undefined,
    fail: (error) => {
      throw error;
    },
  });
}

/** Calls that touch nothing and take no time. */
const SAID_AT_ONCE: ReadonlySet<string | symbol> = new Set(['signed', 'pulled', 'check']);

/**
 * Ports of a verifier that dies at a call of its choice: before it does anything, or when it is
 * done.
 */
function dieAt(ports: SettlerPorts, { call, when }: Death, died: Set<string>): SettlerPorts {
  let calls = 0;
  const guard = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const found = Reflect.get(target, name) as unknown;
        if (typeof found !== 'function' || SAID_AT_ONCE.has(name)) return found;
        return (...words: unknown[]) => {
          calls += 1;
          const isLast = calls === call;
          if (isLast) died.add(`${String(name)} ${when}`);
          if (isLast && when === 'before') throw new Error('killed');
          const answer = Reflect.apply(found, target, words) as unknown;
          if (!isLast || !(answer instanceof Promise)) return answer;
          return answer.then(() => {
            throw new Error('killed');
          });
        };
      },
    });
  const { cluster, facts, checks, files, book } = ports;
  return {
    ...ports,
    cluster: guard(cluster),
    facts: guard(facts),
    checks: guard(checks),
    files: guard(files),
    book: guard(book),
  };
}

it('settles once, by two verifiers that are killed before and after each of their calls', async () => {
  const identity = await openKeyFile(join(data, 'keys', 'verifier.json'));
  const second = await openKeyFile(join(data, 'keys', 'second.json'));
  const chain = await start('chain-dev/main.ts', '--port', '0', '--data', data).ready;
  const words = ['--port', '0', '--data', join(data, 'hub'), '--verifier-key', identity.key];
  words.push('--dev-chain', String(chain['url']));
  const { url = '', key: developer = '' } = await start('hub/main.ts', ...words).ready;
  const hub = { url, developer };
  const [admin, poster, device] = await Promise.all(['admin', 'poster', 'device'].map(makeWallet));
  if (admin === undefined || poster === undefined || device === undefined) throw new RangeError();
  for (const { address } of [admin, poster]) {
    await callChain(url, 'requestAirdrop', [address, 100_000_000_000]);
  }
  const keyFile = join(data, 'operator.key');
  await writeFile(keyFile, developer);
  const at = ['--hub', url, '--key', keyFile];
  const init = ['--rpc-url', `${url}/chain`, '--program', LOCAL_PROGRAM, '--admin', admin.file];
  init.push('--verifier', identity.key, '--verifier', second.key);
  init.push('--challenge-seconds', '1', '--grace-seconds', '30');
  await run('scripts/chain-init.ts', ...at, ...init);
  loop = await openVerifier(url, identity);
  start('worker/edge/node/main.ts', '--hub', url, '--data', data, '--payout', device.address);
  const { id } = await postJob(hub);
  await reach(hub, id, 'quoted');
  const deposit = ['--job', id, '--wallet', poster.file, '--max-lamports', '1000000000000'];
  expect(await run('scripts/deposit.ts', ...at, ...deposit)).toContain('quoted');
  const headers = { Authorization: `Bearer ${developer}` };
  await fetch(`${url}/v1/jobs/${id}/start`, { method: 'POST', headers });
  const { units } = await reach(hub, id, 'done');
  while (must(await readPayouts(loop.http.client, 0)).items.length === 0) {
    await sleep(200);
  }
  const held = Math.ceil((units * PAY_POLICY.holdbackPpm) / 1_000_000);
  const earned = BigInt(units - PAY_POLICY.probationUnits - held) * UNIT_PRICE;

  const settled = await settleKilled(url, [identity, second]);
  expect(settled).toMatchObject({ period: 1n, total: earned, pulledTotal: earned });
  const report = await run('verifier/audit.ts', '--settlement', '1', '--hub', url);
  expect(report).toContain('Nothing is wrong.');

  // Anyone has the contributor paid, once.
  const claim = ['--hub', url, '--index', '0', '--wallet', admin.file];
  const paid = `${earned} lamports to ${device.address}`;
  expect(await run('scripts/claim.ts', ...claim)).toContain(paid);
  expect(await run('scripts/claim.ts', ...claim)).toContain('All of it has been paid');
  expect(await balanceOf(url, device.address)).toBe(Number(earned));
}, 240_000);

/** Everything one verifier settles with, opened anew each time it lives. */
interface Place {
  options: SettlerOptions;
  /** In a folder of its own, or another one. */
  open(folder?: string): Promise<SettlerPorts>;
}

async function openPlace(url: string, identity: KeyFile): Promise<Place> {
  const chain = must(await readChain(loop.http.client));
  const key = hexToBytes(identity.key);
  const payer: Signer = {
    key,
    sign: (message) => encodeTransaction(message, [identity.signBytes(message.bytes)]),
  };
  const cluster = openGridCluster({ hub: new URL(url), http: loop.http }, chain);
  await fundPayer(cluster, payer, { local: true });
  return {
    options: {
      program: keyOf(chain.program),
      config: keyOf(chain.config),
      pool: keyOf(chain.pool),
      self: identity.key,
      sign: identity.signBytes,
      payer,
      everyMs: millis(0),
    },
    open: async (folder = join(data, identity.key)) => ({
      cluster,
      facts: openMoneyReader(loop.http.client),
      checks: openFactCheck(loop.http.client, verify),
      files: await openLeafFiles(folder, loop.http.client),
      book: await openSettlementBook(folder),
      now: Date.now,
      say: () => undefined,
    }),
  };
}

/** Facts in which every shard has a unit more than the hub says. */
const otherFacts = ({ read }: MoneyReader): MoneyReader => ({
  async read() {
    const facts = await read();
    const more = facts.shards.map((shard) => ({ ...shard, unitCount: shard.unitCount + 1 }));
    return { ...facts, shards: more };
  },
});

/** At which call a verifier dies next. */
interface Death {
  call: number;
  when: 'before' | 'after';
}

const FIRST: Death = { call: 1, when: 'before' };
const later = ({ call, when }: Death): Death =>
  when === 'before' ? { call, when: 'after' } : { call: call + 1, when: 'before' };

/**
 * Calls that tell others something, or make it durable before: settlement has to survive a death on
 * either side of each.
 */
const TELLING = ['keep', 'noteSigned', 'send'];

/**
 * Runs settlement to its end with verifiers that die at the first call of each step, then at the
 * second, and so on.
 */
async function settleKilled(url: string, identities: readonly KeyFile[]): Promise<Pool> {
  const places = await Promise.all(identities.map((identity) => openPlace(url, identity)));
  const deaths = places.map(() => FIRST);
  const died = new Set<string>();
  let disagreed = false;
  for (;;) {
    for (const [number, place] of places.entries()) {
      const pool = await readPool(place);
      if (!disagreed && isWaitingFor(number, pool)) {
        await disagree(place);
        disagreed = true;
      }
      const death = deaths[number] ?? FIRST;
      const settler = openSettler(place.options, dieAt(await place.open(), death, died));
      const step = await settler.step().catch((error: unknown) => {
        if (String(error) === 'Error: killed') return 'killed' as const;
        throw error;
      });
      deaths[number] = step === 'killed' ? later(death) : FIRST;
      if (step !== 'idle' || pool.period === 0n) continue;
      expect(disagreed).toBe(true);
      const sides = TELLING.flatMap((name) => [`${name} before`, `${name} after`]);
      expect([...died]).toEqual(expect.arrayContaining(sides));
      return pool;
    }
    await sleep(50);
  }
}

/** A live root collects signatures, and this verifier has given none. */
function isWaitingFor(number: number, { pending }: Pool): boolean {
  const isLive = Date.now() / 1000 < Number(pending.expiresAt) - 3;
  return pending.state === PENDING.collecting && isLive && ((pending.signers >> number) & 1) === 0;
}

/** A verifier whose facts come to something else signs nothing, and waits from then on. */
async function disagree(place: Place): Promise<void> {
  const ports = await place.open(join(data, 'disagreeing'));
  const said: string[] = [];
  const settler = openSettler(place.options, {
    ...ports,
    facts: otherFacts(ports.facts),
    say: (_, text) => said.push(text),
  });
  expect(await settler.step()).toBe('attest');
  expect(said.join()).toContain('it is not signed');
  expect(await settler.step()).toBe('wait');
  expect((await readPool(place)).pending.state).toBe(PENDING.collecting);
}

async function readPool({ options, open }: Place): Promise<Pool> {
  const [account] = await (await open()).cluster.readAccounts([options.pool]);
  return must(decodeAccount(Pool, account ?? new Uint8Array()));
}
