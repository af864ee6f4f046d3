import { Workbox } from 'workbox-window';
import { openDeadline } from '#client/deadline.ts';
import { WORK_LOCK } from '#protocol/messages/background.ts';

/** How long a tab that has just stopped may take to let go of its lock. */
const LOCK_MS_MAX = 2_000;
const LOOK_MS_MAX = 15_000;

/** The app's service worker: caching and updates. */
export interface AppUpdate {
  /** Takes the new version and reloads, unless a tab of this browser may hold a lease. */
  apply(): Promise<'applied' | 'busy'>;
  /** Asks the hub for a newer version; `onReady` is called when one has come. Says whether it has. */
  look(): Promise<boolean>;
}

/**
 * Registers the service worker. A new version waits until no tab works: a page and the wasm, worker
 * and manifest it speaks with belong to one version.
 */
export async function openAppUpdate(onReady: () => void): Promise<AppUpdate> {
  const workbox = new Workbox('/sw.js', { type: 'classic' });
  let isReady = false;
  const heard = new Set<() => void>();
  const ready = () => {
    isReady = true;
    for (const each of heard) each();
    onReady();
  };
  workbox.addEventListener('waiting', ready);
  // Nothing waits for a page that no service worker controls, as on a first visit: it is only told.
  workbox.addEventListener('activated', ({ isUpdate, isExternal }) => {
    if (isUpdate || isExternal) ready();
  });
  const registration = await workbox.register({ immediate: true });
  return {
    async apply() {
      const deadline = openDeadline(LOCK_MS_MAX, undefined);
      const apply = () => {
        const waiting = registration?.waiting;
        if (!waiting) location.reload();
        waiting?.addEventListener('statechange', () => {
          if (waiting.state === 'activated') location.reload();
        });
        workbox.messageSkipWaiting();
        return 'applied' as const;
      };
      try {
        return await navigator.locks.request(WORK_LOCK, { signal: deadline.signal }, apply);
      } catch {
        return 'busy';
      } finally {
        deadline.close();
      }
    },
    async look() {
      await workbox.update().catch(() => undefined);
      const isComing = registration?.active && (registration.installing ?? registration.waiting);
      if (isReady || !isComing) return isReady;
      return new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          heard.delete(end);
          resolve(isReady);
        };
        const timer = setTimeout(end, LOOK_MS_MAX);
        heard.add(end);
      });
    },
  };
}
