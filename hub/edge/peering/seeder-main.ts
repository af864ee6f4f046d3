import { decodeWith } from '#protocol/values/decode.ts';
import { openBlobReader } from '../blobs/reader.ts';
import { openLog } from '../process/log.ts';
import {
  NO_WEBRTC_STATUS,
  type PeerWant,
  SERVED_EVERY_MS,
  SeederOrder,
  type SeederReport,
} from './seeder-words.ts';

const ASKED_MAX = 1_000;
const ANSWER_DEADLINE_MS = 5_000;

const report = (said: SeederReport): void => {
  // The hub has gone where it cannot be told; `disconnect` follows.
  if (process.connected) process.send?.(said, undefined, {}, () => undefined);
};

/** Questions to the hub that are not answered yet. */
const asked = new Map<number, (may: boolean) => void>();
let nextRequest = 1;

function mayServe(want: PeerWant): Promise<boolean> {
  if (asked.size >= ASKED_MAX) return Promise.resolve(false);
  const request = nextRequest++;
  return new Promise((resolve) => {
    const settle = (may: boolean) => {
      clearTimeout(late);
      asked.delete(request);
      resolve(may);
    };
    const late = setTimeout(() => settle(false), ANSWER_DEADLINE_MS);
    asked.set(request, settle);
    report({ type: 'asks', request, ...want });
  });
}

/**
 * The seeder as a process of its own, started by `seeder-process.ts`. What strangers send over
 * WebRTC is read here and nowhere else: it may end this process, and the hub starts another.
 */
async function main(): Promise<void> {
  process.on('disconnect', () => process.exit(0));
  const { openSeeder } = await import('./seeder.ts').catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(NO_WEBRTC_STATUS);
  });
  const counters = { blobBytesWebrtc: 0, peersServed: 0 };
  setInterval(() => {
    const { blobBytesWebrtc: bytes, peersServed: peers } = counters;
    if (bytes + peers === 0) return;
    Object.assign(counters, { blobBytesWebrtc: 0, peersServed: 0 });
    report({ type: 'served', bytes, peers });
  }, SERVED_EVERY_MS);
  process.on('message', (message) => {
    const order = decodeWith(SeederOrder, message);
    if (!order.ok) throw new Error(order.refusal.message);
    if (order.value.type === 'may-serve') return asked.get(order.value.request)?.(order.value.may);
    const { peer, address, blobs } = order.value;
    openSeeder({
      ...{ peer, address, counters, mayServe },
      blobs: openBlobReader(blobs),
      log: openLog('warn'),
      joined: () => report({ type: 'joined' }),
    });
  });
  report({ type: 'loaded' });
}

await main();
