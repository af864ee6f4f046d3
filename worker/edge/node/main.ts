import { totalmem } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { Send } from '#client/client.ts';
import { lockFolder } from '#node/folder-lock.ts';
import { openHubPin } from '#node/hub-pin.ts';
import { checkPinned, PinnedAgent, WrongCertificate } from '#node/pinned-agent.ts';
import { openTlsFetch } from '#node/tls-fetch.ts';
import type { JobAbout } from '#protocol/api/about.ts';
import type { ReceiptPage } from '#protocol/api/api.ts';
import { describeDeveloper, describePurpose } from '#protocol/api/job-words.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { CARE_NONE, SIGNALS_NONE } from '#protocol/messages/care.ts';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { PocketgridError, type Result } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import type { ContributorConfig } from '../../core/events.ts';
import { askEvidence } from '../evidence.ts';
import { openDeviceLoop } from '../loop.ts';
import { linkPayout, openPayoutTeller, type PayoutTeller } from '../payout.ts';
import { WASM_BYTES_MAX } from '../prove-memory.ts';
import type { Signer } from '../signer.ts';
import { openComputePort } from './compute-port.ts';
import { openDeviceKey, openMemoryFile } from './device-files.ts';
import { fakeCheat, fakeSilence } from './fake-cheat.ts';
import { decodeContributorFlags, placesOf, USAGE } from './flags.ts';
import { openFolderCache } from './folder-cache.ts';

const RUNTIME = 'onnxruntime-web 1.30.0';
const STOP_MS = 500;
const SAVE_MS_MAX = 5_000;

async function main(): Promise<void> {
  const decoded = decodeContributorFlags(process.argv.slice(2));
  if (!decoded.ok) return misuse(decoded.refusal.message);
  const flags = decoded.value;
  if (flags === 'help') return print(USAGE);
  const { hub, threads, cheat, 'cheat-kind': kind } = flags;
  const { folder, keyFile } = placesOf(flags);
  checkPinned(hub, flags.pin);
  const send = flags.pin === undefined ? undefined : openTlsFetch({ pin: flags.pin });
  const openSocket = socketOpener(flags.pin);
  const signer = await openDeviceKey(keyFile);
  if (flags['print-key']) return print(signer.key);
  if (flags.evidence) return printEvidence(await askEvidence(hub, signer, { send }));
  // Two processes of one device would end each other's sessions.
  await lockFolder(folder, 'contributor');
  const trustNew = flags['trust-new-hub'];
  const hubPin = await openHubPin({ hub, folder, key: flags['hub-key'], trustNew });
  const memory = await openMemoryFile(folder);
  const config: ContributorConfig = {
    key: signer.key,
    capabilities: {
      providers: ['wasm'],
      features: [],
      threads,
      memoryBytes: bytes(2 ** 30),
      engine: `Node ${process.version}`,
    },
    provableBytes: bytes(Math.min(totalmem() / 2, WASM_BYTES_MAX)),
    provider: 'auto',
    skipped: [],
    fetchesRuntime: false,
    isKept: true,
    knownBad: [],
    runtime: `${RUNTIME}; Node ${process.version}; ${threads} threads`,
    memory: memory.saved,
    recycleShards: 2_000,
    serves: false,
    donates: flags.donate,
    blocks: flags.block,
    care: CARE_NONE,
    signals: SIGNALS_NONE,
  };
  const payout = openPayout({ hub, send, signer }, flags.payout);
  const loop = openDeviceLoop(config, {
    hub,
    send,
    watchHub: () => hubPin.watch({ role: 'contributor', key: signer.key }),
    openSocket: kind === 'silent' ? fakeSilence(cheat, openSocket) : openSocket,
    sign: signer.sign,
    remember: memory.save,
    cache: await openFolderCache(join(folder, 'blobs')),
    openPort: cheat > 0 ? fakeCheat({ rate: cheat, kind }, openComputePort) : openComputePort,
    tell: openTeller(payout),
  });
  print(`device ${signer.key}`);
  print(JSON.stringify({ ready: true, key: signer.key }));
  loop.post({ type: 'start' });
  const stop = (): void => {
    payout?.close();
    loop.post({ type: 'stop' });
    setTimeout(async () => {
      loop.close();
      // Until its tombstone is lifted on disk, its next life would take this for a crash.
      setTimeout(() => process.exit(0), SAVE_MS_MAX);
      await memory.settled().catch(() => undefined);
      process.exit(0);
    }, STOP_MS);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

function printEvidence(found: Result<ReceiptPage>): void {
  if (found.ok) return print(JSON.stringify(found.value));
  console.error(`no evidence: ${found.refusal.message}`);
  process.exitCode = 1;
}

/** Opens sockets to a hub; where it shows another certificate than the pinned one, that is said. */
function socketOpener(pin: string | undefined): (url: string) => globalThis.WebSocket {
  const agent = pin === undefined ? {} : { agent: new PinnedAgent(pin) };
  return (url) => {
    const socket = new WebSocket(url, { perMessageDeflate: false, ...agent });
    socket.on('error', (error) => {
      if (error instanceof WrongCertificate) console.error(error.message);
    });
    return socket as unknown as globalThis.WebSocket;
  };
}

/** One line when what the device does changes, and when units were accepted. */
function openTeller(payout: PayoutTeller | undefined): (status: DeviceStatus) => void {
  let said = '';
  let shards = 0;
  let told: JobId | undefined;
  return ({ phase, reason, about, shardsAccepted, unitsAccepted, unitsPerSecond }) => {
    if (about !== undefined && about.job !== told) {
      told = about.job;
      print(describeJob(about));
    }
    const line =
      reason.code === 'reconnecting'
        ? `${phase}: ${reason.values.text}`
        : `${phase}: ${describeReason(reason)}`;
    if (line !== said) print(`${phase}: ${describeReason(reason)}`);
    if (shardsAccepted !== shards) {
      const speed = unitsPerSecond === undefined ? '' : `, ${unitsPerSecond.toFixed(1)} a second`;
      print(`accepted ${unitsAccepted} units${speed}`);
      payout?.accepted();
    }
    [said, shards] = [line, shardsAccepted];
  };
}

const describeJob = (about: JobAbout): string =>
  `for ${about.job}: ${describePurpose(about)} (${about.category}; posted by ${describeDeveloper(about)}, ${about.developer})`;

function openPayout(
  { hub, send, signer }: { hub: URL; send: Send | undefined; signer: Signer },
  recipient: Address | undefined,
) {
  if (recipient === undefined) return undefined;
  return openPayoutTeller({
    link: () => linkPayout(hub, signer, { recipient, send }),
    tell: (said) =>
      print(
        said.ok
          ? `pay goes to ${said.value.record.recipient}`
          : `the address for its pay is told again later: ${said.refusal.message}`,
      ),
  });
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function misuse(problem: string): void {
  console.error(`${problem}\n\n${USAGE}`);
  process.exitCode = 2;
}

await main().catch((error: unknown) => {
  console.error(error instanceof PocketgridError ? error.refusal.message : error);
  process.exit(1);
});
