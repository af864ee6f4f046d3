import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import { bytes } from '#protocol/units.ts';
import type { ContributorConfig } from '../../core/events.ts';
import { openDeviceLoop } from '../loop.ts';
import { openComputePort } from './compute-port.ts';
import { openKeyFile, openMemoryFile } from './device-files.ts';
import { CHEAT_KINDS, fakeCheat, fakeSilence } from './fake-cheat.ts';
import { openFolderCache } from './folder-cache.ts';

const USAGE = `npm run contribute -- --hub URL [options]
  --hub URL        the hub to work for
  --data DIR       where the device key and models are kept (default ./data)
  --name NAME      several contributors on one machine need a name each (default 1)
  --threads N      WebAssembly threads (default 1)
  --insecure       accept the self-signed certificate of npm start -- --lan
  --cheat RATE     for tests of a grid: a fake cheat that falsifies this share of its units
  --cheat-kind KIND  how: ${CHEAT_KINDS.join(', ')} (default flip)`;
const RUNTIME = 'onnxruntime-web 1.30.0';
const STOP_MS = 500;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      hub: { type: 'string' },
      data: { type: 'string', default: 'data' },
      name: { type: 'string', default: '1' },
      threads: { type: 'string', default: '1' },
      insecure: { type: 'boolean', default: false },
      cheat: { type: 'string', default: '0' },
      'cheat-kind': { type: 'string', default: 'flip' },
      help: { type: 'boolean', default: false },
    },
  });
  const [threads, cheat] = [Number(values.threads), Number(values.cheat)];
  if (values.help) return print(USAGE);
  if (values.hub === undefined || !URL.canParse(values.hub)) return misuse('--hub needs a URL');
  if (!/^[\w-]{1,40}$/.test(values.name)) return misuse('--name takes letters, digits, - and _');
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    return misuse('--threads takes a whole number from 1 to 64');
  }
  if (!(cheat >= 0 && cheat <= 1)) return misuse('--cheat takes a share from 0 to 1');
  const kind = CHEAT_KINDS.find((each) => each === values['cheat-kind']);
  if (kind === undefined) return misuse(`--cheat-kind takes one of ${CHEAT_KINDS.join(', ')}`);
  // Node's fetch has no other way to accept a certificate that nobody signed.
  if (values.insecure) process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const signer = await openKeyFile(join(values.data, 'keys', `contributor-${values.name}.json`));
  const folder = join(values.data, `contributor-${values.name}`);
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
    provider: 'auto',
    skipped: [],
    runtime: `${RUNTIME}; Node ${process.version}; ${threads} threads`,
    memory: memory.saved,
    recycleShards: 2_000,
    serves: false,
  };
  const loop = openDeviceLoop(config, {
    hub: new URL(values.hub),
    openSocket: kind === 'silent' ? fakeSilence(cheat, openSocket) : openSocket,
    sign: signer.sign,
    remember: memory.save,
    cache: await openFolderCache(join(folder, 'blobs')),
    openPort: cheat > 0 ? fakeCheat({ rate: cheat, kind }, openComputePort) : openComputePort,
    tell: openTeller(),
  });
  print(`device ${signer.key}`);
  loop.post({ type: 'start' });
  const stop = (): void => {
    loop.post({ type: 'stop' });
    setTimeout(() => {
      loop.close();
      process.exit(0);
    }, STOP_MS);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

const openSocket = (url: string): globalThis.WebSocket =>
  new WebSocket(url, { perMessageDeflate: false }) as unknown as globalThis.WebSocket;

/** One line when what the device does changes, and when units were accepted. */
function openTeller(): (status: DeviceStatus) => void {
  let said = '';
  let shards = 0;
  return ({ phase, reason, shardsAccepted, unitsAccepted, unitsPerSecond }) => {
    const line = `${phase}: ${reason.replace(/trying again in .*/, 'trying again')}`;
    if (line !== said) print(phase === 'waiting' ? `${phase}: ${reason}` : line);
    if (shardsAccepted !== shards) {
      const speed = unitsPerSecond === undefined ? '' : `, ${unitsPerSecond.toFixed(1)} a second`;
      print(`accepted ${unitsAccepted} units${speed}`);
    }
    [said, shards] = [line, shardsAccepted];
  };
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function misuse(problem: string): void {
  console.error(`${problem}\n\n${USAGE}`);
  process.exitCode = 2;
}

await main();
