import type { JobId, PublicKey } from '#protocol/values/ids.ts';

/** Pages with a path of their own. */
const PATHS = {
  contribute: '/',
  dashboard: '/dashboard',
  playground: '/dashboard/playground',
  models: '/dashboard/models',
  keys: '/dashboard/keys',
  webhooks: '/dashboard/webhooks',
  verdicts: '/verdicts',
  settlements: '/settlements',
  privacy: '/privacy',
  teams: '/teams',
} as const;
/** A page with a path of its own. */
export type PageName = keyof typeof PATHS;

/** The pages of the app. A path that names none of them is `missing`. */
export type Route =
  | { page: PageName }
  | { page: 'job'; job: JobId }
  | { page: 'profile'; device: PublicKey }
  | { page: 'missing'; path: string };

const JOB_PATH = /^\/dashboard\/(job_[0-9a-f]{16})$/;
const PROFILE_PATH = /^\/profile\/([0-9a-f]{64})$/;

/** Reads a URL's path; a trailing slash makes no difference. */
export function decodeRoute(path: string): Route {
  const plain = path.replace(/\/+$|^\/index\.html$/, '') || '/';
  const page = (Object.keys(PATHS) as PageName[]).find((name) => PATHS[name] === plain);
  if (page !== undefined) return { page };
  const device = PROFILE_PATH.exec(plain)?.[1];
  if (device !== undefined) return { page: 'profile', device: device as PublicKey };
  const job = JOB_PATH.exec(plain)?.[1];
  return job === undefined ? { page: 'missing', path } : { page: 'job', job: job as JobId };
}

/** Paths of the app's pages; all else under the hub's address is no page. */
export const PAGE_PATHS: readonly RegExp[] = [
  ...Object.values(PATHS).map((path) => new RegExp(`^${path}/?$`)),
  /^\/index\.html$/,
  /^\/dashboard\/job_/,
  /^\/profile\//,
];

/** The path of a route. */
export function encodeRoute(route: Route): string {
  if (route.page === 'missing') return route.path;
  if (route.page === 'profile') return `/profile/${route.device}`;
  return route.page === 'job' ? `/dashboard/${route.job}` : PATHS[route.page];
}
