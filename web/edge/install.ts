import { type ReadonlySignal, signal } from '@preact/signals';
import type { InstallWorld } from '../core/install-offer.ts';
import { readStored, writeStored } from './local-store.ts';

/** The browser's own question, kept until its time has come (W3C, Manifest Incubations). */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

/** Installing this page, where the browser has that. */
export interface Install {
  world: ReadonlySignal<InstallWorld>;
  /** Has the browser ask its person. */
  ask(): Promise<void>;
  /** Never offers it again. */
  decline(): void;
}

/** Keeps the browser's question back from now on. */
export function openInstall(): Install {
  let kept: InstallPrompt | undefined;
  const world = signal<InstallWorld>({
    canAsk: false,
    isInstalled:
      matchMedia('(display-mode: standalone)').matches ||
      (navigator as { standalone?: boolean }).standalone === true,
    isDeclined: readStored('install') === 'declined',
  });
  const change = (now: Partial<InstallWorld>) => {
    world.value = { ...world.value, ...now };
  };
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    kept = event as InstallPrompt;
    change({ canAsk: true });
  });
  addEventListener('appinstalled', () => change({ isInstalled: true }));
  return {
    world,
    async ask() {
      const asking = kept;
      kept = undefined;
      // It can be asked once; the browser gives another when there may be another.
      change({ canAsk: false });
      await asking?.prompt();
    },
    decline() {
      writeStored('install', 'declined');
      change({ isDeclined: true });
    },
  };
}
