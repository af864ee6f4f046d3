import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import {
  BACKGROUND,
  type BackgroundMessage,
  type BackgroundOrders,
  type BackgroundWishes,
  type Woken,
} from '#protocol/messages/background.ts';
import type { DeviceSignals } from '#protocol/messages/care.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { BackgroundState } from '../core/background-view.ts';
import { wireBlocks } from '../core/blocks.ts';
import { type Settings, wantsBackground } from '../core/settings.ts';
import { registerBackground, unregisterBackground } from './background-worker.ts';

const ANSWER_MS_MAX = 30_000;
/** Signals change with each touch; what is left for the background follows when they rest. */
const REST_MS = 1_000;
/** How often a page that is open and out of sight has the hub looked at. */
const LOOK_MS = 15 * 60_000;

/** Not in the library's types. */
interface PeriodicSync {
  register(tag: string, options: { minInterval: number }): Promise<void>;
}

/** What is done while no page is open, as the page sees it. */
export interface Background {
  state: ReadonlySignal<BackgroundState>;
  /** Asks the browser where it has to be asked, so it must come of a tap. */
  wish(name: keyof BackgroundWishes, on: boolean): Promise<void>;
}

/** Keeps the background worker as the settings have it: registered with its orders, or not at all. */
export function openBackground(page: {
  hub: string;
  settings: Signal<Settings>;
  signals: ReadonlySignal<DeviceSignals>;
  device: ReadonlySignal<PublicKey | undefined>;
}): Background {
  const { hub, settings, signals, device } = page;
  const state = signal<BackgroundState>({
    ...{ notifications: findNotifications(), wakes: 'absent', woken: {} },
    isPossible: 'serviceWorker' in navigator && import.meta.env.PROD,
  });
  const change = (part: Partial<BackgroundState>) => {
    state.value = { ...state.value, notifications: findNotifications(), ...part };
  };
  const look = (): Told => ({
    ...{ hub, settings: settings.value, signals: signals.value, device: device.value },
  });
  const settle = async (): Promise<void> => {
    try {
      if (!wantsBackground(settings.peek())) return await unregisterBackground();
      const registration = await registerBackground();
      change({ wakes: await askToWake(registration) });
      const orders = ordersOf(look());
      change({ woken: await ask(registration, { type: 'orders', orders }) });
    } catch (cause) {
      console.error('nothing is done while this page is closed', cause);
      change({ isPossible: false });
    }
  };
  let timer = 0;
  let left = '';
  effect(() => {
    const now = JSON.stringify(ordersOf(look()));
    if (now === left || !state.peek().isPossible) return;
    left = now;
    clearTimeout(timer);
    timer = setTimeout(() => void settle(), REST_MS);
  });
  setInterval(() => {
    const { tellsPay, tellsWork } = settings.peek().background;
    if (document.visibilityState === 'visible' || !(tellsPay || tellsWork)) return;
    void registerBackground().then((registration) => ask(registration, { type: 'look' }));
  }, LOOK_MS);
  return {
    state,
    async wish(name, on) {
      if (on && name !== 'computes' && !(await mayNotify())) return change({});
      const background = { ...settings.peek().background, [name]: on };
      settings.value = { ...settings.peek(), background };
      change({});
    },
  };
}

/** What orders are made of. */
interface Told {
  hub: string;
  settings: Settings;
  signals: DeviceSignals;
  device: PublicKey | undefined;
}

const findNotifications = (): BackgroundState['notifications'] =>
  'Notification' in globalThis ? Notification.permission : 'absent';

async function mayNotify(): Promise<boolean> {
  if (!('Notification' in globalThis)) return false;
  return (await Notification.requestPermission()) === 'granted';
}

function ordersOf({ hub, settings, signals, device }: Told): BackgroundOrders {
  const { background, donates, blocks, care } = settings;
  const { battery, savesData, said, utcOffset } = signals;
  return {
    ...{ hub, wishes: background, donates, blocks: wireBlocks(blocks), care },
    signals: { ...(battery && { battery }), savesData, said, utcOffset },
    ...(device !== undefined && { device }),
  };
}

/** Browsers allow it for pages that are installed and used. */
async function askToWake(
  registration: ServiceWorkerRegistration,
): Promise<BackgroundState['wakes']> {
  const { periodicSync } = registration as { periodicSync?: PeriodicSync };
  if (periodicSync === undefined) return 'absent';
  const { tag, intervalMs } = BACKGROUND;
  const asked = periodicSync.register(tag, { minInterval: intervalMs });
  return asked.then(
    () => 'granted',
    () => 'denied',
  );
}

function ask({ active }: ServiceWorkerRegistration, message: BackgroundMessage): Promise<Woken> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const end = (woken: Woken) => {
      clearTimeout(timer);
      port1.close();
      resolve(woken);
    };
    const timer = setTimeout(() => end({}), ANSWER_MS_MAX);
    port1.onmessage = ({ data }: MessageEvent<Woken>) => end(data);
    active?.postMessage(message, [port2]);
  });
}
