import { Workbox } from 'workbox-window';
import { WORK_LOCK } from './contribute/contribution.ts';

/** The app's service worker: caching and updates. */
export interface AppUpdate {
  /** Takes the new version and reloads, unless a tab of this browser may hold a lease. */
  apply(): Promise<'applied' | 'busy'>;
}

/**
 * Registers the service worker. A new version waits until no tab works: a page and the wasm, worker
 * and manifest it speaks with belong to one version.
 */
export async function openAppUpdate(onReady: () => void): Promise<AppUpdate> {
  const workbox = new Workbox('/sw.js', { type: 'classic' });
  workbox.addEventListener('waiting', onReady);
  await workbox.register({ immediate: true });
  return {
    async apply() {
      const apply = async (lock: Lock | null) => {
        if (lock === null) return 'busy' as const;
        workbox.addEventListener('controlling', () => location.reload());
        workbox.messageSkipWaiting();
        return 'applied' as const;
      };
      return navigator.locks.request(WORK_LOCK, { ifAvailable: true }, apply);
    },
  };
}
