import { BACKGROUND } from '#protocol/messages/background.ts';

const START_MS_MAX = 10_000;

/** Registers the background worker, or finds it, and waits until it can be spoken to. */
export async function registerBackground(): Promise<ServiceWorkerRegistration> {
  const { script, scope } = BACKGROUND;
  const registration = await navigator.serviceWorker.register(script, { scope, type: 'module' });
  const starting = registration.installing ?? registration.waiting;
  if (registration.active !== null || starting === null) return registration;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it does not start')), START_MS_MAX);
    starting.addEventListener('statechange', () => {
      if (starting.state !== 'activated' && starting.state !== 'redundant') return;
      clearTimeout(timer);
      if (starting.state === 'activated') resolve();
      else reject(new Error('it could not be installed'));
    });
  });
  return registration;
}

/** Ends the background worker for good. */
export async function unregisterBackground(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration(BACKGROUND.scope);
  if (registration?.scope.endsWith(BACKGROUND.scope) === true) await registration.unregister();
}
