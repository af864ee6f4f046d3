import { useEffect, useState } from 'preact/hooks';
import { findFragmentKey } from '../../core/developer-key.ts';
import { Keys } from '../keys/keys.tsx';
import type { AppModel } from '../model.ts';
import { Models } from '../models/models.tsx';
import { SettlementsPage } from '../money/settlements.tsx';

import type { DashboardActions } from './actions.ts';
import { Dashboard } from './dashboard.tsx';
import './dashboard.css';
import { Playground } from '../playground/playground.tsx';
import { Webhooks } from '../webhooks/webhooks.tsx';
import { JobPage } from './job-page.tsx';
import { KeyForm } from './key-form.tsx';
import { Verdicts } from './verdicts.tsx';

/** The pages for developers and for the public log. */
export function DashboardPages({ app, actions }: { app: AppModel; actions: DashboardActions }) {
  const route = app.route.value;
  const [key, setKey] = useState(
    () => findFragmentKey(actions.takeFragment()) ?? actions.readKey(),
  );
  useEffect(() => actions.writeKey(key), [key, actions]);

  if (route.page === 'verdicts') return <Verdicts actions={actions} />;
  if (route.page === 'settlements') return <SettlementsPage actions={actions.money} />;
  if (key === null) return <KeyForm onKey={setKey} actions={actions} />;
  const forget = () => setKey(null);
  if (route.page === 'job') {
    return (
      <JobPage
        key={route.job}
        request={{ key, job: route.job }}
        actions={actions}
        onWrongKey={forget}
      />
    );
  }
  const props = { developerKey: key, actions, onForget: forget };
  if (route.page === 'models') return <Models {...props} />;
  if (route.page === 'keys') return <Keys {...props} />;
  if (route.page === 'webhooks') return <Webhooks {...props} />;
  return route.page === 'playground' ? <Playground {...props} /> : <Dashboard {...props} />;
}
