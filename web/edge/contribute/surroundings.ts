/** What the page is told about the world around it. */
export interface Surroundings {
  online: boolean;
  visible: boolean;
}

/** Calls at once, and whenever one of them changes. */
export function watchSurroundings(onChange: (now: Surroundings) => void): void {
  const tell = () =>
    onChange({ online: navigator.onLine, visible: document.visibilityState === 'visible' });
  addEventListener('online', tell);
  addEventListener('offline', tell);
  document.addEventListener('visibilitychange', tell);
  tell();
}

/** Follows where the person goes in the app: links to its own pages load no new document. */
export function watchPath(onChange: (path: string) => void): { go(path: string): void } {
  const tell = () => onChange(location.pathname);
  const go = (path: string) => {
    if (path !== location.pathname) history.pushState(null, '', path);
    scrollTo(0, 0);
    tell();
  };
  addEventListener('popstate', tell);
  document.addEventListener('click', (event) => {
    const path = findPagePath(event);
    if (path === undefined) return;
    event.preventDefault();
    go(path);
  });
  return { go };
}

/** The path of our own page that a plain click on a link asks for. */
function findPagePath(event: MouseEvent): string | undefined {
  const plain =
    event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!plain || link === null || link.target !== '' || link.hasAttribute('download'))
    return undefined;
  const url = new URL(link.href, location.href);
  const isPage =
    url.origin === location.origin &&
    url.hash === '' &&
    !/^\/(v1|sample|assets)\//.test(url.pathname);
  return isPage ? url.pathname : undefined;
}
