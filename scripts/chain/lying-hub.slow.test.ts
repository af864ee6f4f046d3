import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';
import { LOCAL_PROGRAM } from '#protocol/settlement/addresses.ts';
import type { ChainView } from '#protocol/settlement/money-api.ts';
import { why } from '#protocol/values/reason.ts';
import { lamports } from '#protocol/values/units.ts';
import { openWallet } from './wallet.ts';

const { data, start } = openTestPrograms();
const GENESIS = '4'.repeat(44);
const THEIRS = 'Vote111111111111111111111111111111111111111';
const JOB = 'job_00000000000000aa';
const TOTAL = lamports(123_456_789n);

/** What a hub says that wants a wallet handed to a program of its own: no real one would. */
const fakeJob = {
  id: JOB,
  name: 'digits',
  purpose: 'Reads digits',
  category: 'vision',
  state: 'quoted',
  reason: why('unfunded', { lamports: TOTAL }),
  createdAt: 1,
  inputs: [],
  outputs: [],
  unitItems: 1,
  items: 1,
  units: 1,
  accepted: 0,
  failed: 0,
  assurance: 'instant',
  unitPrice: '1',
  released: 0,
  leased: 0,
  devices: 0,
  checked: 0,
  mismatched: 0,
  requeued: 0,
  quote: {
    units: 1,
    items: 1,
    shards: 1,
    devices: 0,
    total: TOTAL,
    checkRate: 1,
    confidence: 1,
    peakBytes: 1,
    notes: [],
  },
};
const fakeChain = (program: string) =>
  ({
    program,
    config: THEIRS,
    pool: THEIRS,
    rpc: '/chain',
    genesisHash: GENESIS,
    challengeSeconds: 1,
    graceSeconds: 1,
    local: true,
  }) as ChainView;

let server: Server;
let hub = '';
let program = '';
let genesis = '';
/** What was asked of the chain. */
let heard: string[] = [];
let wallet: string[];
let depositWords: string[];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.url === '/v1/chain') response.end(JSON.stringify(fakeChain(program)));
    else if (request.url === `/v1/jobs/${JOB}`) response.end(JSON.stringify(fakeJob));
    else {
      const { id, method } = JSON.parse(body) as { id: string; method: string };
      heard.push(method);
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: genesis }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const key = join(data, 'api.key');
  await writeFile(key, 'pg_0');
  const file = join(data, 'wallet.json');
  await openWallet(file, { make: true });
  wallet = ['--hub', hub, '--wallet', file];
  depositWords = [...wallet, '--key', key, '--job', JOB];
});
beforeEach(() => {
  program = THEIRS;
  genesis = GENESIS;
  heard = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const deposit = (...words: string[]) =>
  start('scripts/deposit.ts', ...depositWords, ...words).ended;

it('a hub that names a program of its own gets no signature', async () => {
  const refused = await deposit('--max-lamports', TOTAL);
  expect(refused.code).toBe(1);
  expect(refused.errors).toContain(
    `The hub names the program ${THEIRS} on a development chain, and this release knows ${LOCAL_PROGRAM}`,
  );
  const claim = await start('scripts/claim.ts', ...wallet, '--index', '0').ended;
  expect(claim.code).toBe(1);
  expect(claim.errors).toContain(`this release knows ${LOCAL_PROGRAM}`);
  expect(heard).toEqual([]);
});

it('a hub that names another program than the user gets no signature', async () => {
  program = LOCAL_PROGRAM;
  const refused = await deposit('--max-lamports', TOTAL, '--program', THEIRS);
  expect(refused.errors).toContain(`you named ${THEIRS}`);
  expect(heard).toEqual([]);
});

it('a hub whose chain is another cluster than it says gets no signature', async () => {
  program = LOCAL_PROGRAM;
  genesis = '5'.repeat(44);
  const refused = await deposit('--max-lamports', TOTAL);
  expect(refused.errors).toContain(`The hub names the chain ${GENESIS}`);
  expect(heard).toEqual(['getGenesisHash']);
});

it('a deposit shows what it signs for, and ends where the sum is not allowed', async () => {
  const refused = await deposit('--max-lamports', '123456788', '--program', THEIRS);
  expect(refused.code).toBe(1);
  for (const line of [`localnet (${GENESIS})`, `program: ${THEIRS}`, `pool: ${THEIRS}`]) {
    expect(refused.text).toContain(line);
  }
  expect(refused.errors).toContain(
    `the hub asks for ${TOTAL} lamports, more than --max-lamports 123456788`,
  );
  const unsaid = await deposit('--program', THEIRS);
  expect(unsaid.errors).toContain('--max-lamports is missing');
  expect(heard).toEqual(['getGenesisHash', 'getGenesisHash']);
});
