import { BLOCKS_NONE } from '#protocol/api/about.ts';
import { type BackgroundOrders, WORK_LOCK } from '#protocol/messages/background.ts';
import type { DeviceSignals } from '#protocol/messages/care.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { bytes, instant, millis } from '#protocol/values/units.ts';
import { lookAgain, openCare } from '../../../core/care/care.ts';
import type { ContributorConfig, KeptAdmission } from '../../../core/events.ts';
import { openDeviceLoop } from '../../loop.ts';
import { nameEngine } from '../capabilities.ts';
import { type DeviceStore, openDeviceStore } from '../device-store.ts';
import { openHistoryStore } from '../history-store.ts';
import { openKeptCache } from './kept-cache.ts';
import { readKeptRuntime } from './kept-runtime.ts';
import { openOwnPorts } from './own-port.ts';
import { watchShard } from './watch-shard.ts';

const RUNTIME = 'background';

/** Computes one shard of what is kept on this device, and says what came of it. */
export function computeShard(orders: BackgroundOrders): Promise<Reason> {
  return navigator.locks.request(WORK_LOCK, { ifAvailable: true }, async (lock) => {
    if (lock === null) return why('tab-at-work', {});
    const store = await openDeviceStore();
    const held = judge(orders, store);
    if (held !== undefined) return held;
    const admissions = store.memory.admissions.flatMap(fitThread);
    const wasm = admissions.length === 0 || !store.isKept ? undefined : await readKeptRuntime();
    if (wasm === undefined) return why('nothing-kept', {});
    const watch = watchShard(isAwaited);
    const config = configOf(orders, store, admissions);
    const device = openDeviceLoop(config, {
      hub: new URL(orders.hub),
      openSocket: (url) => new WebSocket(url),
      sign: store.signer.sign,
      // What a page was admitted to with its threads stays as the page measured it.
      remember: (memory) => store.remember({ ...memory, admissions: store.memory.admissions }),
      cache: await openKeptCache(),
      openPort: openOwnPorts(wasm),
      note: openHistoryStore().add,
      tell: watch.tell,
    });
    return watch.start(device);
  });
}

/** Whether a page waits to work. */
async function isAwaited(): Promise<boolean> {
  const { pending = [] } = await navigator.locks.query();
  return pending.some(({ name }) => name === WORK_LOCK);
}

/** Why its person's settings hold it back. */
function judge({ care: policy, signals }: BackgroundOrders, { memory }: DeviceStore) {
  const care = openCare(policy, { signals: senseAlone(signals), today: memory.today });
  const now = instant(Date.now());
  care.startedAt = now;
  lookAgain(care, now);
  return care.hold?.reason;
}

/**
 * What a service worker knows of its device: the charge as a page saw it last, never that it charges, and
 * what the line is, where its browser says so here.
 */
function senseAlone({ battery, savesData }: DeviceSignals): DeviceSignals {
  const { connection } = navigator as { connection?: { type?: string; saveData?: boolean } };
  const { type = '', saveData = savesData } = connection ?? {};
  const line = /^(cellular|wimax)$/.test(type)
    ? ('cellular' as const)
    : /^(wifi|ethernet)$/.test(type)
      ? ('wifi' as const)
      : undefined;
  return {
    ...(battery && { battery: { level: battery.level, charging: false } }),
    ...(line && { line }),
    savesData: saveData,
    said: { charging: false, wifi: false },
    utcOffset: -new Date().getTimezoneOffset(),
  };
}

/** A kept admission with one thread: at the worst it takes as much longer as it has fewer of them. */
const fitThread = (kept: KeptAdmission): KeptAdmission[] =>
  kept.provider === 'wasm'
    ? [
        {
          ...kept,
          ...{ runtime: RUNTIME, chosen: 'wasm', threads: 1 },
          unitMs: millis(kept.unitMs * kept.threads),
        },
      ]
    : [];

const configOf = (
  { donates, blocks, care, signals }: BackgroundOrders,
  store: DeviceStore,
  admissions: readonly KeptAdmission[],
): ContributorConfig => ({
  key: store.signer.key,
  capabilities: {
    providers: ['wasm'],
    features: [],
    threads: 1,
    memoryBytes: bytes(250 * 2 ** 20),
    engine: nameEngine(navigator.userAgent),
  },
  provider: 'wasm',
  skipped: [],
  knownBad: [],
  runtime: RUNTIME,
  memory: { ...store.memory, admissions },
  isKept: true,
  onlyKept: true,
  fetchesRuntime: false,
  provableBytes: bytes(0),
  recycleShards: 1,
  serves: false,
  donates,
  blocks: blocks ?? BLOCKS_NONE,
  care,
  signals: senseAlone(signals),
});
