import { readApiKey } from '#node/api-key.ts';
import { readConfig } from '#node/config/config-file.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import { chooseChain, decodeBackupFlags, decodeHubFlags, USAGE } from './edge/flags.ts';
import { runKeysCommand } from './edge/process/keys-command.ts';
import { fingerprintOf } from './edge/process/lan.ts';
import { openLog } from './edge/process/log.ts';
import { encodeTerminalQr } from './edge/process/qr.ts';
import { type HubServer, openHubServer } from './edge/server.ts';
import { backUpHub } from './edge/store/backup.ts';

const STOP_DEADLINE_MS = 5_000;

/** `npm run hub`: opens a hub, says where it is, and closes it on SIGINT or SIGTERM. */
async function main(): Promise<void> {
  const [word, ...words] = process.argv.slice(2);
  if (word === 'backup') return backUp(words);
  if (word === 'keys') return keys(words);
  const args = process.argv.slice(2);
  const file = await readConfig(args);
  if (!file.ok) return fail(file.refusal.message);
  const decoded = decodeHubFlags(args, process.env, file.value.hub);
  if (!decoded.ok) return fail(decoded.refusal.message);
  const flags = decoded.value;
  if (flags === 'help') return say(USAGE);
  const { 'operator-key': keyFile } = flags;
  const server = await openHubServer({
    data: flags.data,
    port: flags.port,
    lan: flags.lan,
    origins: flags.origin,
    verifierKeys: flags['verifier-key'],
    needsVerifier: !flags['no-verifier'],
    ...(flags.checks === undefined ? {} : { checks: flags.checks }),
    ...(flags.newcomers === undefined ? {} : { newcomers: flags.newcomers }),
    chain: chooseChain(flags),
    log: openLog(flags['log-level']),
    privateWebhooks: flags['private-webhooks'],
    ...(keyFile === undefined
      ? {}
      : { operatorKey: await readApiKey(keyFile, { flag: '--operator-key' }) }),
    ...(flags.host === undefined ? {} : { host: flags.host }),
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop(server));
  await announce(server);
}

/** `npm run hub -- backup DIR`: copies what a hub keeps, while it runs. */
async function backUp(words: string[]): Promise<void> {
  const flags = decodeBackupFlags(words);
  if (!flags.ok) return fail(flags.refusal.message);
  if (flags.value === 'help') return say(USAGE);
  const { data, to } = flags.value;
  const done = await backUpHub(data, to);
  if (!done.ok) return fail(done.refusal.message);
  say(`${to} holds the hub of ${data}: ${(done.value.bytes / 2 ** 20).toFixed(1)} MiB of facts`);
}

/** `npm run hub -- keys …`: makes, lists, shares and revokes API keys, while the hub runs or not. */
async function keys(words: string[]): Promise<void> {
  const done = await runKeysCommand(words);
  if (!done.ok) return fail(done.refusal.message);
  for (const line of done.value) say(line);
}

/** The last line is for programs: one JSON object, `key` only when one was made now. */
async function announce(server: HubServer): Promise<void> {
  const { url, hub, key, lanUrls, certificate } = server;
  say(`Pocketgrid hub on ${url}`);
  for (const lanUrl of lanUrls) say(`on this network: ${lanUrl}`);
  const [lanUrl] = lanUrls;
  if (lanUrl !== undefined && certificate !== undefined) {
    say('A phone warns of the certificate once: this machine signed it itself. Its SHA-256 is');
    say(fingerprintOf(certificate));
    say(await encodeTerminalQr(lanUrl));
  }
  if (key !== undefined) say(`operator's key: ${key}\n(shown only now; keep it)`);
  say(JSON.stringify({ ready: true, url, hub, ...(key === undefined ? {} : { key }), lanUrls }));
}

function stop(server: HubServer): void {
  setTimeout(() => {
    process.stderr.write('the hub did not stop in time; facts on disk are whole\n');
    process.exit(1);
  }, STOP_DEADLINE_MS).unref();
  server.close().then(
    // PeerServer and the WebRTC library keep timers and threads that nothing can end.
    () => process.exit(0),
    (error: unknown) => fail(explain(error)),
  );
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const explain = (error: unknown): string =>
  error instanceof PocketgridError
    ? error.refusal.message
    : `the hub failed: ${error instanceof Error ? error.stack : String(error)}`;

main().catch((error: unknown) => fail(explain(error)));
