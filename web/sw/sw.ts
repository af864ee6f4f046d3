import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  precacheAndRoute,
} from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { CacheFirst } from 'workbox-strategies';
import { RUNTIME_CACHE } from '#protocol/messages/background.ts';
import { PAGE_PATHS } from '../core/router.ts';

declare const self: ServiceWorkerGlobalScope & {
  /** The app's shell, written in by the build. */
  __WB_MANIFEST: { url: string; revision: string | null }[];
};

/** Glue and parts of wasm of both builds of one version; older ones go when new ones come in. */
const RUNTIME_FILES_MAX = 24;

precacheAndRoute(self.__WB_MANIFEST);
cleanupOutdatedCaches();

// Every page of the app is the same document; all else at this address is the hub's to answer.
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), { allowlist: [...PAGE_PATHS] }),
);

// The runtime is 3 to 7 MB compressed, so it is kept on first use and never fetched ahead of it.
// Its file names carry a hash of their contents, so what is kept never goes stale.
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && /^\/assets\/ort-/.test(url.pathname),
  new CacheFirst({
    cacheName: RUNTIME_CACHE,
    plugins: [{ cacheDidUpdate: () => trimRuntime() }],
  }),
);

async function trimRuntime(): Promise<void> {
  const cache = await caches.open(RUNTIME_CACHE);
  const kept = await cache.keys();
  const old = kept.slice(0, Math.max(0, kept.length - RUNTIME_FILES_MAX));
  await Promise.all(old.map((request) => cache.delete(request)));
}

// The page says when no device works, and only then does a new version take over.
self.addEventListener('message', (event) => {
  if ((event.data as { type?: unknown } | null)?.type === 'SKIP_WAITING') void self.skipWaiting();
});
