import type { Browser, BrowserContext } from '@playwright/test';

/** Wakes the background worker of a hub's pages as the browser does, whether a page is open or not. */
export interface Waker {
  wake(): Promise<void>;
}

/**
 * Has a context allow notifications, and that the browser wakes workers by itself, for as long as the
 * browser runs.
 */
export async function allowBackground(
  browser: Browser,
  context: BrowserContext,
  origin: string,
): Promise<void> {
  await context.grantPermissions(['notifications'], { origin });
  const session = await browser.newBrowserCDPSession();
  const page = await context.newPage();
  const own = await context.newCDPSession(page);
  const { targetInfo } = await own.send('Target.getTargetInfo');
  const permission = { name: 'periodic-background-sync' };
  const { browserContextId } = targetInfo;
  const where = browserContextId === undefined ? {} : { browserContextId };
  await session.send('Browser.setPermission', { permission, setting: 'granted', origin, ...where });
  await page.close();
}

/** Opens a waker: a blank page of no hub holds the line to the browser. */
export async function openWaker(context: BrowserContext, origin: string): Promise<Waker> {
  const blank = await context.newPage();
  const session = await context.newCDPSession(blank);
  let registrationId = '';
  session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    const found = registrations.findLast(
      ({ scopeURL, isDeleted }) => scopeURL.endsWith('/background/') && !isDeleted,
    );
    registrationId = found?.registrationId ?? registrationId;
  });
  await session.send('ServiceWorker.enable');
  return {
    async wake() {
      while (registrationId === '') await blank.waitForTimeout(100);
      const tag = 'pocketgrid-look';
      await session.send('ServiceWorker.dispatchPeriodicSyncEvent', {
        origin,
        registrationId,
        tag,
      });
    },
  };
}
