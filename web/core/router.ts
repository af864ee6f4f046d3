import type { JobId } from '#protocol/values/ids.ts';

/** The pages of the app. A path that names none of them is `missing`. */
export type Route =
  | { page: 'contribute' }
  | { page: 'dashboard' }
  | { page: 'job'; job: JobId }
  | { page: 'verdicts' }
  | { page: 'settlements' }
  | { page: 'missing'; path: string };

const JOB_PATH = /^\/dashboard\/(job_[0-9a-f]{16})$/;

/** Reads a URL's path; a trailing slash makes no difference. */
export function decodeRoute(path: string): Route {
  const plain = path.length > 1 ? path.replace(/\/+$/, '') : path;
  if (plain === '/' || plain === '' || plain === '/index.html') return { page: 'contribute' };
  if (plain === '/dashboard') return { page: 'dashboard' };
  if (plain === '/verdicts') return { page: 'verdicts' };
  if (plain === '/settlements') return { page: 'settlements' };
  const job = JOB_PATH.exec(plain)?.[1];
  return job === undefined ? { page: 'missing', path } : { page: 'job', job: job as JobId };
}

/** The path of a route. */
export function encodeRoute(route: Route): string {
  switch (route.page) {
    case 'contribute':
      return '/';
    case 'dashboard':
      return '/dashboard';
    case 'job':
      return `/dashboard/${route.job}`;
    case 'verdicts':
      return '/verdicts';
    case 'settlements':
      return '/settlements';
    case 'missing':
      return route.path;
  }
}

/** What the browser's tab and history call a page. */
export function routeTitle(route: Route): string {
  switch (route.page) {
    case 'contribute':
      return 'Pocketgrid: lend a phone’s spare seconds to AI';
    case 'dashboard':
      return 'Dashboard · Pocketgrid';
    case 'job':
      return `Job ${route.job.slice(4, 10)} · Pocketgrid`;
    case 'verdicts':
      return 'Verdicts · Pocketgrid';
    case 'settlements':
      return 'Settlements · Pocketgrid';
    case 'missing':
      return 'Not found · Pocketgrid';
  }
}
