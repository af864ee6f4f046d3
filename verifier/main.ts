import { readdir } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { enrolVerifier } from '#client/grid.ts';
import { type KeyFile, openKeyFile } from '#node/key-file.ts';
import { API_KEY_PREFIX } from '#protocol/api/api.ts';
import {
  CHECK_POLICY_DEFAULT,
  type CheckPolicy,
  CheckPolicyText,
} from '#protocol/checks/check-policy.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { millis } from '#protocol/values/units.ts';
import type { VerifierConfig } from './core/state/events.ts';
import { heldUnits, listStandings } from './core/state/view.ts';
import { openHubHttp } from './edge/http.ts';
import { openLogPage } from './edge/log-page.ts';
import { type Loop, openLoop, sentenceOf } from './edge/loop.ts';
import { openSettlement, type Settlement } from './edge/settlement/settlement.ts';

const HELP = `npm run verifier -- --hub URL [options]

  --hub URL         the hub to verify for, such as http://127.0.0.1:8787
  --data DIR        where the key, the log and blobs are kept (default ./data)
  --checks POLICY   what to check: trust:UNITS,FLOOR[,VERIFIERS] (default trust:100,0.02) or flat:RATE
  --epoch-minutes M how long one draw seed is in use (default 60)
  --rpc-url URL     your own way to the chain (SOLANA_RPC_URL), instead of the one the hub names
  --log-port N      port of the log page on this machine (default 0: any free one)
  --enrol pg_KEY    enrols this verifier with a developer's key, then goes on
  --print-key       prints this verifier's public key and ends
  --insecure        accepts a self-signed certificate, as npm start -- --lan has
`;
const BLOB_BYTES_MAX = 2 * 1024 ** 3;
/** More than the hub ever sends ahead, so that it bounds memory and nothing else. */
const QUEUE_UNITS_MAX = 300_000;
const TASKS_MAX = 2;

main().catch((error: unknown) => {
  process.stderr.write(`verifier: ${sentenceOf(error)}\n`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags === undefined) return;
  const identity = await openKeyFile(join(flags.data, 'keys', 'verifier.json'));
  if (flags.printKey) {
    process.stdout.write(`${identity.key}\n`);
    return;
  }
  await yieldCores();
  const { hub, insecure } = flags;
  if (hub === undefined) throw new Error('--hub is missing; give the address of a hub');
  if (flags.enrol !== undefined) {
    const { client } = openHubHttp(hub, insecure, flags.enrol);
    must(await enrolVerifier(client, identity.key));
    process.stderr.write(`verifier: enrolled at ${hub.origin}\n`);
  }
  const config: VerifierConfig = {
    key: identity.key,
    policy: flags.checks,
    epochMs: millis(flags.epochMinutes * 60_000),
    queueUnitsMax: QUEUE_UNITS_MAX,
    tasksMax: TASKS_MAX,
  };
  const stop = openStop();
  const loop = await openLoop({
    hub,
    insecure,
    folder: join(flags.data, 'verifier'),
    blobBytesMax: BLOB_BYTES_MAX,
    identity,
    config,
    say,
    fail: stop.fail,
  });
  const page = await openLogPage(flags.logPort, {
    view: () => viewPage(loop, config, hub),
    logFile: loop.logFile,
  }).catch(async (error: unknown) => {
    await loop.close();
    throw error;
  });
  const settlement = flags.settleMinutes === 0 ? undefined : settle(flags, { hub, loop, identity });
  process.stdout.write(`${JSON.stringify({ ready: true, key: identity.key, log: page.url })}\n`);
  const failed = await stop.wait;
  await page.close();
  await settlement?.close();
  await loop.close();
  if (failed !== undefined) throw failed;
}

function say(level: 'info' | 'warning' | 'catch', text: string): void {
  process.stderr.write(`verifier: ${level === 'info' ? '' : `${level}: `}${text}\n`);
}

function settle(
  { data, settleMinutes, rpcUrl }: Flags,
  { hub, loop, identity }: { hub: URL; loop: Loop; identity: KeyFile },
): Settlement {
  return openSettlement({
    hub,
    http: loop.http,
    identity,
    payerFile: join(data, 'keys', 'settlement-payer.json'),
    folder: join(data, 'verifier', 'settlement'),
    everyMs: millis(settleMinutes * 60_000),
    ...(rpcUrl === undefined ? {} : { rpcUrl }),
    say,
  });
}

function viewPage(loop: Loop, config: VerifierConfig, hub: URL) {
  const state = loop.state();
  const { phase } = state;
  return {
    key: config.key,
    hub: hub.origin,
    phase: phase.name,
    reason: 'reason' in phase ? phase.reason : REASONS[phase.name],
    policy: config.policy,
    judged: state.book?.judged ?? -1,
    waiting: heldUnits(state),
    tally: loop.tally(),
    cost: loop.cost(),
    standings: listStandings(state),
  };
}

const REASONS = {
  connecting: 'saying hello to the hub',
  ready: 'checking what the hub accepts',
  stopping: 'writing what is pending',
  stopped: 'nothing more is done',
} as const;

/** Ends on a signal or when the data folder cannot be used; a second signal ends at once. */
function openStop(): { wait: Promise<Error | undefined>; fail(error: unknown): void } {
  let settle: (failed: Error | undefined) => void = () => undefined;
  const wait = new Promise<Error | undefined>((done) => {
    settle = done;
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(1));
      settle(undefined);
    });
  }
  return {
    wait,
    fail: (error) => settle(error instanceof Error ? error : new Error(String(error))),
  };
}

/**
 * Checks can wait: on a machine shared with contributors these have the cores first. On Linux a
 * priority is a thread's own, and the threads that compile and collect garbage run already.
 */
async function yieldCores(): Promise<void> {
  const threads = await readdir('/proc/self/task').catch(() => ['0']);
  for (const thread of threads) {
    try {
      setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // It ended meanwhile, or the system forbids it: a verifier works at any priority.
    }
  }
}

type Flags = NonNullable<ReturnType<typeof readFlags>>;

function readFlags() {
  const { values } = parseArgs({
    options: {
      hub: { type: 'string' },
      data: { type: 'string', default: './data' },
      checks: { type: 'string' },
      'epoch-minutes': { type: 'string', default: '60' },
      'settle-minutes': { type: 'string', default: '10' },
      'rpc-url': { type: 'string' },
      'log-port': { type: 'string', default: '0' },
      enrol: { type: 'string' },
      'print-key': { type: 'boolean', default: false },
      insecure: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return undefined;
  }
  const { enrol, hub } = values;
  const rpcUrl = values['rpc-url'] ?? (process.env['SOLANA_RPC_URL'] || undefined);
  if (enrol !== undefined && !enrol.startsWith(API_KEY_PREFIX)) {
    throw new Error(`--enrol takes a developer's key, which begins with ${API_KEY_PREFIX}`);
  }
  return {
    ...(hub === undefined ? {} : { hub: readUrl('--hub', hub) }),
    ...(rpcUrl === undefined ? {} : { rpcUrl: readUrl('--rpc-url', rpcUrl) }),
    data: resolve(values.data),
    checks: readPolicy(values.checks),
    epochMinutes: readNumber('--epoch-minutes', values['epoch-minutes'], {
      min: 0.01,
      max: 10_080,
    }),
    settleMinutes: readNumber('--settle-minutes', values['settle-minutes'], {
      min: 0,
      max: 10_080,
    }),
    logPort: readNumber('--log-port', values['log-port'], { min: 0, max: 65_535 }),
    ...(enrol === undefined ? {} : { enrol }),
    printKey: values['print-key'],
    insecure: values.insecure,
  };
}

function readUrl(flag: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new Error(`${flag} takes an address such as http://127.0.0.1:8787, not ${text}`);
}

function readNumber(
  flag: string,
  text: string,
  { min, max }: { min: number; max: number },
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= min && value <= max) return value;
  throw new Error(`${flag} takes a number from ${min} to ${max}, not ${text}`);
}

function readPolicy(text: string | undefined): CheckPolicy {
  if (text === undefined) return CHECK_POLICY_DEFAULT;
  const decoded = decodeWith(CheckPolicyText, text, 'request-invalid');
  if (decoded.ok) return decoded.value;
  throw new Error(`--checks: ${decoded.refusal.message}`);
}
