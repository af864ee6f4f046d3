import { t } from '@lingui/core/macro';
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Contribute } from './contribute.tsx';
import type { DashboardActions } from './dashboard/actions.ts';
import type { AppModel } from './model.ts';
import { Shell } from './shell.tsx';
import { Trans } from './trans.tsx';

/** Pages that load when they are first looked at. */
export interface LazyPages {
  Pages: ComponentType<{ app: AppModel; actions: DashboardActions }>;
  actions: DashboardActions;
}

const loadProfiles = () => import('./profiles.tsx');
const loadPrivacy = () => import('./privacy.tsx');

/** The whole app: the contribute page at once, everything else when it is asked for. */
export function App(props: { app: AppModel; loadDashboard(): Promise<LazyPages> }) {
  const { app, loadDashboard } = props;
  const route = app.route.value;
  return (
    <Shell app={app}>
      {route.page === 'contribute' ? (
        <Contribute app={app} />
      ) : route.page === 'missing' ? (
        <Missing />
      ) : route.page === 'privacy' ? (
        <Lazy key="privacy" app={app} load={loadPrivacy} show={({ Privacy }) => <Privacy />} />
      ) : route.page === 'teams' ? (
        <Lazy key="teams" app={app} load={loadProfiles} show={({ Teams }) => <Teams app={app} />} />
      ) : route.page === 'profile' ? (
        <Lazy
          key={route.device}
          app={app}
          load={loadProfiles}
          show={({ Profile }) => <Profile app={app} device={route.device} />}
        />
      ) : (
        <Lazy
          key="dashboard"
          app={app}
          load={loadDashboard}
          show={({ Pages, actions }) => <Pages app={app} actions={actions} />}
        />
      )}
    </Shell>
  );
}

function Lazy<Loaded extends object>(props: {
  app: AppModel;
  load(): Promise<Loaded>;
  show(loaded: Loaded): JSX.Element;
}) {
  const { app, load, show } = props;
  const [loaded, setLoaded] = useState<Loaded | 'failed' | undefined>(undefined);
  useEffect(() => {
    Promise.all([load(), app.loadSentences()]).then(
      ([found]) => setLoaded(() => found),
      () => setLoaded('failed'),
    );
  }, [app, load]);
  if (loaded === undefined) return <p class="soft loading">{t`Loading…`}</p>;
  if (loaded === 'failed') {
    return (
      <aside class="note note-warn">
        <p>
          <Trans>
            <strong>This page could not be loaded.</strong> You may be offline, or the app was just
            updated.
          </Trans>
        </p>
        <button type="button" class="button" onClick={() => location.reload()}>
          {t`Reload`}
        </button>
      </aside>
    );
  }
  return show(loaded);
}

function Missing() {
  return (
    <div class="card">
      <h1>{t`Nothing here`}</h1>
      <p class="soft">{t`This address names no page of Pocketgrid.`}</p>
      <p>
        <a class="button button-main" href="/">
          {t`Go to the first page`}
        </a>
      </p>
    </div>
  );
}
