import { type DeviceSignals, SIGNALS_NONE } from '#protocol/messages/care.ts';
import { instant } from '#protocol/values/units.ts';

/** Touches are told at most this often. */
const USE_MS = 1_000;

/** What Chrome and its kin tell of line, battery and load; other browsers tell nothing. */
interface DeviceNavigator {
  connection?: EventTarget & { saveData?: boolean; type?: string };
  getBattery?(): Promise<EventTarget & { level: number; charging: boolean }>;
}
interface PressureRecord {
  state: NonNullable<DeviceSignals['pressure']>;
}
type PressureObserverClass = new (
  onChange: (records: readonly PressureRecord[]) => void,
) => { observe(source: 'cpu', options: { sampleInterval: number }): Promise<void> };

const CELLULAR = new Set(['cellular', 'wimax']);
const FREE = new Set(['wifi', 'ethernet']);

/** Calls at once, and whenever the device tells something else of itself. */
export async function watchSignals(onChange: (now: DeviceSignals) => void): Promise<void> {
  const { connection, getBattery } = navigator as DeviceNavigator;
  let signals: DeviceSignals = SIGNALS_NONE;
  const change = (part: Partial<DeviceSignals>) => {
    signals = { ...signals, ...part, utcOffset: -new Date().getTimezoneOffset() };
    onChange(signals);
  };
  const tellLine = () => {
    const { type = '', saveData } = connection ?? {};
    const line = CELLULAR.has(type) ? 'cellular' : FREE.has(type) ? 'wifi' : undefined;
    change({ savesData: saveData === true, ...(line && { line }) });
  };
  connection?.addEventListener('change', tellLine);
  tellLine();
  watchUse((at) => change({ usedAt: instant(at) }));
  watchPressure((pressure) => change({ pressure }));
  const battery = await getBattery?.call(navigator).catch(() => undefined);
  if (battery === undefined) return;
  const tellBattery = () =>
    change({ battery: { level: battery.level * 100, charging: battery.charging } });
  battery.addEventListener('levelchange', tellBattery);
  battery.addEventListener('chargingchange', tellBattery);
  tellBattery();
}

/** A touch of the page's own buttons is a use of the phone like any other. */
function watchUse(onUse: (at: number) => void): void {
  let told = 0;
  const tell = () => {
    const now = Date.now();
    if (now - told < USE_MS) return;
    told = now;
    onUse(now);
  };
  for (const name of ['pointerdown', 'keydown', 'touchmove', 'wheel']) {
    addEventListener(name, tell, { passive: true });
  }
}

function watchPressure(onState: (state: PressureRecord['state']) => void): void {
  const { PressureObserver } = globalThis as { PressureObserver?: PressureObserverClass };
  if (PressureObserver === undefined) return;
  const observer = new PressureObserver((records) => {
    const last = records.at(-1);
    if (last !== undefined) onState(last.state);
  });
  void observer.observe('cpu', { sampleInterval: 5_000 }).catch(() => undefined);
}
