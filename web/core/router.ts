import type { JobId } from '#protocol/values/ids.ts';

/** Pages with a path of their own: where they are, and what the browser's tab calls them. */
const PAGES = {
  contribute: { path: '/', title: 'Pocketgrid: lend a phone’s spare seconds to AI' },
  dashboard: { path: '/dashboard', title: 'Dashboard · Pocketgrid' },
  verdicts: { path: '/verdicts', title: 'Verdicts · Pocketgrid' },
  settlements: { path: '/settlements', title: 'Settlements · Pocketgrid' },
} as const;
type PageName = keyof typeof PAGES;

/** The pages of the app. A path that names none of them is `missing`. */
export type Route =
  | { page: PageName }
  | { page: 'job'; job: JobId }
  | { page: 'missing'; path: string };

const JOB_PATH = /^\/dashboard\/(job_[0-9a-f]{16})$/;

/** Reads a URL's path; a trailing slash makes no difference. */
export function decodeRoute(path: string): Route {
  const plain = path.replace(/\/+$|^\/index\.html$/, '') || '/';
  const page = (Object.keys(PAGES) as PageName[]).find((name) => PAGES[name].path === plain);
  if (page !== undefined) return { page };
  const job = JOB_PATH.exec(plain)?.[1];
  return job === undefined ? { page: 'missing', path } : { page: 'job', job: job as JobId };
}

/** The path of a route. */
export function encodeRoute(route: Route): string {
  if (route.page === 'missing') return route.path;
  return route.page === 'job' ? `/dashboard/${route.job}` : PAGES[route.page].path;
}

/** What the browser's tab and history call a page. */
export function routeTitle(route: Route): string {
  if (route.page === 'missing') return 'Not found · Pocketgrid';
  return route.page === 'job'
    ? `Job ${route.job.slice(4, 10)} · Pocketgrid`
    : PAGES[route.page].title;
}
