import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { AppUpdate } from './app-update.ts';
import type { Contribution, ContributionState } from './contribute/contribution.ts';

/** A page that was reloaded for a new version goes on with its work within this time. */
const RESUME_MS_MAX = 60_000;
/** A page that is still too old after it was made new is left as it is for so long. */
const RECOVER_MS_MIN = 10 * 60_000;
const LOOK_MS = 60 * 60_000;
const STORED = { resume: 'pocketgrid.resume', recovered: 'pocketgrid.recovered' } as const;

/** New versions of the app, and what becomes of the work of this page meanwhile. */
export interface Updates {
  /** Whether a newer version waits, and whether it waits for another tab's work. */
  state: ReadonlySignal<'none' | 'ready' | 'busy'>;
  /** Takes the newer version up now: the person asked. */
  apply(): Promise<void>;
  /** Looks for newer versions from now on. */
  watch(): Promise<void>;
}

/**
 * Takes new versions up. A device at work hands in its shards first, is reloaded, and goes on: it does so
 * by itself where the page that shows it is looked at, and nothing that is typed can be lost.
 */
export function openUpdates(page: {
  work: Pick<Contribution, 'finish'>;
  contribution: ReadonlySignal<ContributionState>;
  /** Whether nothing on this page would be lost. */
  isCalm: ReadonlySignal<boolean>;
  start(): void;
}): Updates {
  const { work, contribution, isCalm, start } = page;
  const state: Signal<'none' | 'ready' | 'busy'> = signal('none');
  let opened: Promise<AppUpdate | undefined> | undefined;
  let isTaking = false;
  const open = () => {
    opened ??= openAppUpdate(() => {
      state.value = 'ready';
    });
    return opened;
  };
  const apply = async (): Promise<void> => {
    if ((await (await opened)?.apply()) === 'busy') state.value = 'busy';
  };
  /** The device has stopped for it, and starts again where nothing comes of it. */
  const takeUp = async (): Promise<void> => {
    remember('resume');
    if (state.value === 'none') return location.reload();
    await apply();
    if (state.value !== 'busy') return;
    forget('resume');
    start();
  };
  const recover = async (isGone: boolean): Promise<void> => {
    if (isWithin('recovered', RECOVER_MS_MIN)) return;
    remember('recovered');
    const found = await (await open())?.look();
    // Without a service worker a reload brings what the hub has now; it has answered.
    const isBare = navigator.serviceWorker?.controller == null;
    if (found !== true && isBare && isGone) work.finish();
  };
  effect(() => {
    const { running, stopping, status } = contribution.value;
    const { phase, reason } = status;
    const isOld = reason.code === 'page-outdated';
    if (running && (isOld || phase === 'restarting')) void recover(isOld);
    if (state.value === 'ready' && running && !stopping && isCalm.value) work.finish();
    if (running || reason.code !== 'updating') isTaking = false;
    else if (!isTaking) {
      isTaking = true;
      void takeUp();
    }
  });
  if (isWithin('resume', RESUME_MS_MAX)) start();
  forget('resume');
  return {
    state,
    apply,
    async watch() {
      const update = await open();
      // A browser looks when a page is loaded, and one at work is loaded once in days.
      setInterval(() => void update?.look(), LOOK_MS);
    },
  };
}

async function openAppUpdate(onReady: () => void): Promise<AppUpdate | undefined> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return undefined;
  try {
    const { openAppUpdate: open } = await import('./app-update.ts');
    return await open(onReady);
  } catch (cause) {
    // A browser that forbids service workers still works, only not offline.
    console.error('the app is not kept for offline use', cause);
    return undefined;
  }
}

/** Marks of this tab that outlast a reload; without storage a reload is the end of the work. */
function remember(name: keyof typeof STORED): void {
  try {
    sessionStorage.setItem(STORED[name], `${Date.now()}`);
  } catch {
    // Nothing is kept.
  }
}

function forget(name: keyof typeof STORED): void {
  try {
    sessionStorage.removeItem(STORED[name]);
  } catch {
    // Nothing was kept.
  }
}

function isWithin(name: keyof typeof STORED, ms: number): boolean {
  try {
    return Date.now() - Number(sessionStorage.getItem(STORED[name]) ?? 0) < ms;
  } catch {
    return false;
  }
}
