/** What the page of a fake contributor is told by. */
export interface FakeContributor {
  tellPage(message: unknown): void;
}

/**
 * Runs in a page before its own scripts: its workers compute nothing and say what they are told to. No real
 * device comes into all its states within a minute.
 */
export function fakeContributor(): void {
  const scope = globalThis as unknown as FakeContributor & { Worker: unknown };
  scope.Worker = class {
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onerror = null;
    constructor() {
      scope.tellPage = (data) => this.onmessage?.({ data });
    }
    postMessage() {}
    terminate() {}
  };
  // A service worker that waits, for an address that asks for it.
  const { location, navigator } = globalThis as unknown as {
    location: { origin: string; search: string };
    navigator: { serviceWorker?: EventTarget };
  };
  if (navigator.serviceWorker === undefined) return;
  const script = { scriptURL: `${location.origin}/sw.js`, state: 'installed' };
  const registration = Object.assign(new EventTarget(), {
    ...(location.search.includes('update') && {
      waiting: Object.assign(new EventTarget(), script),
    }),
    update: async () => undefined,
  });
  Object.assign(navigator.serviceWorker, { register: async () => registration });
}
