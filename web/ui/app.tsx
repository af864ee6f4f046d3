import { t } from '@lingui/core/macro';
import type { ComponentType } from 'preact';
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
      ) : (
        <Lazy app={app} load={loadDashboard} />
      )}
    </Shell>
  );
}

function Lazy({ app, load }: { app: AppModel; load(): Promise<LazyPages> }) {
  const [loaded, setLoaded] = useState<LazyPages | 'failed' | undefined>(undefined);
  useEffect(() => {
    load().then(setLoaded, () => setLoaded('failed'));
  }, [load]);
  if (loaded === undefined) return <p class="soft">{t`Loading…`}</p>;
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
  return <loaded.Pages app={app} actions={loaded.actions} />;
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
