import { readdir } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { enrolVerifier } from '#client/grid.ts';
import { readApiKey } from '#node/api-key.ts';
import { readConfig } from '#node/config/config-file.ts';
import { lockFolder } from '#node/folder-lock.ts';
import { openHubPin } from '#node/hub-pin.ts';
import { type KeyFile, openKeyFile } from '#node/key-file.ts';
import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import { must } from '#protocol/values/refusal.ts';
import { millis } from '#protocol/values/units.ts';
import type { VerifierConfig } from './core/state/events.ts';
import { heldUnits, listStandings } from './core/state/view.ts';
import { HELP, readVerifierFlags, type VerifierFlags } from './edge/flags.ts';
import { openHubHttp } from './edge/http.ts';
import { openLogPage } from './edge/log-page.ts';
import { type Loop, openLoop, sentenceOf } from './edge/loop.ts';
import { openSettlement, type Settlement } from './edge/settlement/settlement.ts';

const BLOB_BYTES_MAX = 2 * 1024 ** 3;
/** More than the hub ever sends ahead, so that it bounds memory and nothing else. */
const QUEUE_UNITS_MAX = 300_000;
const TASKS_MAX = 2;
/** A settlement that waits for its chain, or a run that hangs, is cut off. */
const STOP_DEADLINE_MS = 8_000;

main().catch((error: unknown) => {
  process.stderr.write(`verifier: ${sentenceOf(error)}\n`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const file = must(await readConfig(process.argv.slice(2)));
  const flags = readVerifierFlags(file.verifier);
  if (flags === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const data = resolve(flags.data);
  const identity = await openKeyFile(join(data, 'keys', 'verifier.json'));
  if (flags['print-key']) {
    process.stdout.write(`${identity.key}\n`);
    return;
  }
  await yieldCores();
  const { hub, pin } = flags;
  if (hub === undefined) throw new Error('--hub is missing; give the address of a hub');
  const folder = join(data, 'verifier');
  // Two processes on one book would sign two different epochs.
  const unlock = await lockFolder(folder, 'verifier');
  const trustNew = flags['trust-new-hub'];
  const hubPin = await openHubPin({ hub, folder, key: flags['hub-key'], trustNew });
  if (flags.enrol !== undefined) {
    const operator = await readApiKey(flags.enrol, { flag: '--enrol' });
    const { client } = openHubHttp(hub, { pin, key: operator });
    must(await enrolVerifier(client, identity.key));
    process.stderr.write(`verifier: enrolled at ${hub.origin}\n`);
  }
  const config: VerifierConfig = {
    key: identity.key,
    policy: flags.checks ?? CHECK_POLICY_DEFAULT,
    epochMs: millis(flags['epoch-minutes'] * 60_000),
    queueUnitsMax: QUEUE_UNITS_MAX,
    tasksMax: TASKS_MAX,
  };
  const stop = openStop();
  const loop = await openLoop({
    hub,
    pin,
    hubPin,
    folder,
    blobBytesMax: BLOB_BYTES_MAX,
    identity,
    config,
    say,
    fail: stop.fail,
  });
  const page = await openLogPage(flags['log-port'], {
    view: () => viewPage(loop, config, hub),
    logFile: loop.logFile,
  }).catch(async (error: unknown) => {
    await loop.close();
    throw error;
  });
  const settlement =
    flags['settle-minutes'] === 0 ? undefined : settle(flags, { hub, loop, identity });
  process.stdout.write(`${JSON.stringify({ ready: true, key: identity.key, log: page.url })}\n`);
  const failed = await stop.wait;
  setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
  await page.close();
  await settlement?.close();
  await loop.close();
  await unlock();
  if (failed !== undefined) throw failed;
}

function say(level: 'info' | 'warning' | 'catch', text: string): void {
  process.stderr.write(`verifier: ${level === 'info' ? '' : `${level}: `}${text}\n`);
}

function settle(
  flags: VerifierFlags,
  { hub, loop, identity }: { hub: URL; loop: Loop; identity: KeyFile },
): Settlement {
  const data = resolve(flags.data);
  return openSettlement({
    hub,
    http: loop.http,
    identity,
    payerFile: join(data, 'keys', 'settlement-payer.json'),
    folder: join(data, 'verifier', 'settlement'),
    everyMs: millis(flags['settle-minutes'] * 60_000),
    rpcUrl: flags['rpc-url'],
    program: flags.program,
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
