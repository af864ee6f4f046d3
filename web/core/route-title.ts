import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import { say } from './language.ts';
import type { PageName, Route } from './router.ts';

const TITLES: Record<Exclude<PageName, 'contribute'> | 'profile', MessageDescriptor> = {
  dashboard: msg`Dashboard`,
  playground: msg`Playground`,
  models: msg`Models`,
  keys: msg`Keys`,
  webhooks: msg`Webhooks`,
  verdicts: msg`Verdicts`,
  settlements: msg`Settlements`,
  privacy: msg`Privacy`,
  teams: msg`Teams`,
  profile: msg`Contributor`,
};

/** What the browser's tab and history call a page. */
export function routeTitle(route: Route): string {
  if (route.page === 'contribute') return t`Pocketgrid: lend a phone’s spare seconds to AI`;
  if (route.page === 'missing') return `${t`Not found`} · Pocketgrid`;
  const name = route.page === 'job' ? t`Job ${route.job.slice(4, 10)}` : say(TITLES[route.page]);
  return `${name} · Pocketgrid`;
}
