import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readChain } from '#client/money.ts';
import { openMoneyReader } from '#client/money-reader.ts';
import type { KeyFile } from '#node/key-file.ts';
import { verify } from '#node/verify.ts';
import { checkProgram } from '#protocol/settlement/clusters.ts';
import { keyOf } from '#protocol/settlement/layout.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import { must, PocketgridError, type Refusal } from '#protocol/values/refusal.ts';
import type { Millis } from '#protocol/values/units.ts';
import type { HubHttp } from '../http.ts';
import { openFactCheck } from './fact-check.ts';
import { openLeafFiles } from './leaf-files.ts';
import { openSettlementBook } from './settlement-book.ts';
import { openSettler, type Settler } from './settler.ts';

const WAIT_MS = { step: 1_000, failed: 5_000, noChain: 30_000 };
const WAY_OUT =
  'Ask whoever runs the hub, or start the verifier with --program ADDRESS of the program that you trust.';
/** Done by another verifier meanwhile, or too early by the cluster's clock: nothing to tell. */
const ORDINARY: ReadonlySet<Refusal['code']> = new Set([
  'settlement-nothing-due',
  'settlement-nothing-pending',
  'settlement-root-pending',
  'settlement-turn-of-another',
  'settlement-period-wrong',
  'settlement-window-open',
]);

export interface SettlementOptions {
  hub: URL;
  http: HubHttp;
  identity: KeyFile;
  /** The key of the wallet that pays the fees of roots and pulls. */
  payerFile: string;
  folder: string;
  /** A way to the chain that the hub did not name. */
  rpcUrl: URL | undefined;
  /** The settlement program to sign for, where it is another than this release pins. */
  program: Address | undefined;
  everyMs: Millis;
  say(level: 'info' | 'warning', text: string): void;
}

/** The loop that settles; `close` ends it. */
export interface Settlement {
  /** Ends after the step at hand. */
  close(): Promise<void>;
}

/** Settles the pool of a hub's grid while it is open; waits where there is no chain yet. */
export function openSettlement(options: SettlementOptions): Settlement {
  const stopping = new AbortController();
  const running = run(options, stopping.signal);
  return {
    async close() {
      stopping.abort();
      await running;
    },
  };
}

async function run(options: SettlementOptions, stopping: AbortSignal): Promise<void> {
  let settler: Settler | undefined;
  let said = '';
  while (!stopping.aborted) {
    let wait: number = WAIT_MS.step;
    try {
      settler ??= await openPool(options);
      const done = await settler.step();
      said = '';
      if (done !== 'idle' && done !== 'wait') wait = 0;
    } catch (error) {
      const code = error instanceof PocketgridError ? error.refusal.code : undefined;
      wait = code === 'chain-missing' ? WAIT_MS.noChain : WAIT_MS.failed;
      const text = error instanceof PocketgridError ? error.refusal.message : String(error);
      const isNews = code === undefined || !(code === 'chain-missing' || ORDINARY.has(code));
      if (isNews && text !== said) options.say('warning', `settlement: ${text}`);
      said = text;
    }
    // An abort ends the wait at once.
    await sleep(wait, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/** Reads which pool the grid settles in, and opens what settling it takes. */
async function openPool(options: SettlementOptions): Promise<Settler> {
  const { identity, payerFile, folder, everyMs, say } = options;
  const { client } = options.http;
  const chain = must(await readChain(client));
  const program = keyOf(must(checkProgram(chain, { named: options.program, wayOut: WAY_OUT })));
  const { fundPayer, openGridCluster, openPayer } = await import('./cluster.ts');
  const payer = await openPayer(payerFile);
  const cluster = openGridCluster(options, chain);
  await fundPayer(cluster, payer, chain);
  const config = keyOf(chain.config);
  const pool = keyOf(chain.pool);
  const own = join(folder, chain.pool);
  const files = await openLeafFiles(own, client);
  const book = await openSettlementBook(own);
  const checks = openFactCheck(client, verify);
  return openSettler(
    { program, config, pool, self: identity.key, sign: identity.signBytes, payer, everyMs },
    { cluster, facts: openMoneyReader(client), checks, files, book, now: Date.now, say },
  );
}
