import { type HubClient, openClient } from '#client/client.ts';
import type { Config } from '#node/config/config-file.ts';
import { openTlsFetch } from '#node/tls-fetch.ts';
import { runCommand } from '../command.ts';
import { exportCertificate } from './certificate.ts';
import { startChain } from './chain.ts';
import { type Children, openChildren } from './children.ts';
import type { StartFlags } from './flags.ts';
import { type Money, openMoney, openPayout, SETTLE_MINUTES } from './money.ts';
import { addOperatorKey, readOperatorKey, writeOperatorKey } from './operator-key.ts';
import { keepRunning } from './supervisor.ts';
import type { Addresses } from './terminal.ts';

const KEY_MS_MAX = 30_000;
const READY_MS_MAX = 60_000;

/**
 * A development chain, a hub, a verifier and local contributors, each a process of its own that is
 * started again when it ends.
 */
export interface Grid {
  api: HubClient;
  /**
   * Undefined where the grid settles on a chain that is not its own: `npm run chain:init` makes the
   * pool there.
   */
  money: Money | undefined;
  addresses: Addresses;
  close(): Promise<void>;
}

/** What the operator says: flags, and what the configuration file adds. */
interface Settings {
  flags: StartFlags;
  config: Config;
}

/** Brings the grid up; when a part of it fails to, the rest is stopped and the reason thrown. */
export async function openGrid(
  { flags, config }: Settings,
  say: (line: string) => void,
): Promise<Grid> {
  const { data } = flags;
  const children = openChildren(say);
  try {
    const isElsewhere = Boolean(process.env['SOLANA_RPC_URL'] || config.hub['rpc-url']);
    const [verifierKey, chain] = await Promise.all([
      readVerifierKey(data),
      isElsewhere ? undefined : startChain(children, data, say),
    ]);
    const hub = await startHub({ children, say }, { flags, config }, { verifierKey, chain });
    const certificate = flags.lan ? await exportCertificate(data) : undefined;
    const send = certificate === undefined ? fetch : openTlsFetch({ ca: certificate.pem });
    const env = certificate === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificate.path };
    const options = { readyMsMax: READY_MS_MAX, env };
    const api = openClient({ hub: hub.url, key: hub.key, send });
    const place = { rpc: new URL('/chain', hub.url), api, data, verifier: verifierKey, send };
    const money = isElsewhere ? undefined : await openMoney(place);
    const words = ['--hub', hub.url, '--data', data];
    const isSaid = config.verifier['settle-minutes'] !== undefined;
    const settle = isElsewhere || isSaid ? [] : ['--settle-minutes', String(SETTLE_MINUTES)];
    const verifier = {
      name: 'verifier',
      words: ['verifier/main.ts', ...words, ...settle, ...wordsOf(flags)],
      options,
      meanwhile: 'until then work waits to be checked',
    };
    const { log } = await keepRunning(children, verifier, say);
    for (let number = 1; number <= flags.contributors; number += 1) {
      const program = ['worker/edge/node/main.ts', ...words, '--name', String(number)];
      program.push('--payout', await openPayout(data, number));
      const name = `contributor-${number}`;
      const contributor = { name, words: program, options, meanwhile: 'others do its work' };
      await keepRunning(children, contributor, say);
    }
    return {
      api,
      money,
      addresses: {
        hub: hub.url,
        lan: hub.lan,
        fingerprint: certificate?.fingerprint,
        key: hub.key,
        log: text(log),
      },
      close: () => children.close(),
    };
  } catch (error) {
    await children.close();
    throw error;
  }
}

async function startHub(
  { children, say }: { children: Children; say: (line: string) => void },
  { flags, config }: Settings,
  { verifierKey, chain }: { verifierKey: string; chain: string | undefined },
) {
  const { data, port, lan, newcomers } = flags;
  const kept = await readOperatorKey(data);
  const enrolled = [config.hub['verifier-key'] ?? []].flat().map(String);
  const words = [verifierKey, ...enrolled].flatMap((key) => ['--verifier-key', key]);
  words.push(...wordsOf(flags));
  if (chain !== undefined) words.push('--dev-chain', chain);
  if (lan) words.push('--lan');
  if (newcomers !== undefined) words.push('--newcomers', newcomers);
  const wordsOn = (at: string) => ['hub/main.ts', '--data', data, '--port', at, ...words];
  const program = {
    name: 'hub',
    words: wordsOn(String(port)),
    options: { readyMsMax: READY_MS_MAX },
    again: ({ url: at }: Record<string, unknown>) => wordsOn(portOf(String(at))),
    meanwhile: 'devices, verifiers and pages come back to it by themselves',
  };
  const ready = await keepRunning(children, program, say);
  const url = text(ready['url']);
  if (url === undefined) throw new Error('The hub did not say where it is.');
  const key = kept ?? text(ready['key']) ?? (await addOperatorKey(data));
  if (kept === undefined) await writeOperatorKey(data, key);
  const { lanUrls } = ready;
  return { url, key, lan: lan && Array.isArray(lanUrls) ? text(lanUrls[0]) : undefined };
}

/** The configuration file, for the programs that read it themselves. */
const wordsOf = ({ config }: StartFlags): string[] =>
  config === undefined ? [] : ['--config', config];

/** A URL names no port where it is the usual one of its scheme. */
const portOf = (url: string): string => {
  const { port, protocol } = new URL(url);
  return port || (protocol === 'https:' ? '443' : '80');
};

/** Makes the verifier's key where there is none, and gives its public half. */
export async function readVerifierKey(data: string): Promise<string> {
  const words = ['verifier/main.ts', '--print-key', '--data', data];
  const command = [process.execPath, '--import', 'tsx', ...words];
  const { code, text: said } = await runCommand(command, { timeoutMs: KEY_MS_MAX });
  const key = /^[0-9a-f]{64}$/m.exec(said)?.[0];
  if (code === 0 && key !== undefined) return key;
  throw new Error(`The verifier could not make its key:\n${said.trim()}`);
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;
