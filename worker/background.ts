import { describeReason } from '#protocol/api/sentences.ts';
import { BACKGROUND, type BackgroundMessage, type Woken } from '#protocol/messages/background.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { instant } from '#protocol/values/units.ts';
import { lookAtHub } from './edge/browser/background/look.ts';
import { computeShard } from './edge/browser/background/shard.ts';
import { readKept, writeKept } from './edge/browser/background/store.ts';

/** The background worker: a service worker that no page is controlled by, woken by the browser. */
declare const self: ServiceWorkerGlobalScope;

/** Not in the library's types yet. */
interface PeriodicSyncEvent extends ExtendableEvent {
  readonly tag: string;
}

const TITLES: Partial<Record<Reason['code'], string>> = {
  'work-waits': 'Work waits',
  'pay-settled': 'Pay is settled',
};

/** Looks, tells what is new, and, where it `computes`, works once. */
async function wake(computes: boolean): Promise<Woken> {
  const orders = await readKept('orders');
  if (orders === undefined) return {};
  const woken = { at: instant(Date.now()), reason: await act() };
  await writeKept('woken', woken);
  return woken;

  async function act(): Promise<Reason> {
    if (orders === undefined) return why('nothing-kept', {});
    try {
      const { jobsWaiting, news } = await lookAtHub(orders);
      for (const each of news) await tell(each);
      if (jobsWaiting === 0) return why('no-jobs', {});
      if (computes && orders.wishes.computes) return await computeShard(orders);
      return why('work-waits', { jobs: jobsWaiting });
    } catch (error) {
      return why('hub-away', { text: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** Tells one thing, unless somebody looks at a page; a newer one takes the place of an older. */
async function tell(reason: Reason): Promise<void> {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const isSeen = pages.some(({ visibilityState }) => visibilityState === 'visible');
  if (isSeen || Notification.permission !== 'granted') return;
  await self.registration.showNotification(TITLES[reason.code] ?? 'Pocketgrid', {
    body: `${describeReason(reason)}.`,
    tag: reason.code,
    data: reason,
    icon: '/icons/icon-192.png',
  });
}

async function openPage(): Promise<void> {
  const [page] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (page !== undefined) await page.focus();
  else await self.clients.openWindow('/');
}

async function receive(message: BackgroundMessage): Promise<Woken> {
  if (message.type === 'look') return wake(false);
  await writeKept('orders', message.orders);
  return (await readKept('woken')) ?? {};
}

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('periodicsync', (event) => {
  const { tag } = event as PeriodicSyncEvent;
  if (tag === BACKGROUND.tag) (event as PeriodicSyncEvent).waitUntil(wake(true));
});
self.addEventListener('message', (event) => {
  const [port] = event.ports;
  const answer = receive(event.data as BackgroundMessage).catch((): Woken => ({}));
  event.waitUntil(answer.then((woken) => port?.postMessage(woken)));
});
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(openPage());
});
