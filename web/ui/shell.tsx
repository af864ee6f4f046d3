import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { say } from '../core/language.ts';
import { routeTitle } from '../core/route-title.ts';
import { encodeRoute, type Route } from '../core/router.ts';
import { CoinIcon, DashboardIcon, Mark, PhoneIcon, ThemeIcon, VerdictIcon } from './icons.tsx';
import { LanguageChoice } from './language-choice.tsx';
import type { AppModel, Theme } from './model.ts';

const TABS = [
  { page: 'contribute', label: msg`Contribute`, icon: PhoneIcon },
  { page: 'dashboard', label: msg`Dashboard`, icon: DashboardIcon },
  { page: 'verdicts', label: msg`Verdicts`, icon: VerdictIcon },
  { page: 'settlements', label: msg`Settlements`, icon: CoinIcon },
] as const;

const THEMES: Record<Theme, { next: Theme; label: MessageDescriptor }> = {
  auto: { next: 'dark', label: msg`Colours follow the system; switch to dark` },
  dark: { next: 'light', label: msg`Dark colours; switch to light` },
  light: { next: 'auto', label: msg`Light colours; follow the system` },
};

/** Whether a route is a page, or one below it. */
const isAt = (route: Route, page: (typeof TABS)[number]['page']): boolean =>
  `${encodeRoute(route)}/`.startsWith(`${encodeRoute({ page })}/`);

/** The frame of every page: header, places to go, announcements, the note of a new version. */
export function Shell({ app, children }: { app: AppModel; children: ComponentChildren }) {
  const route = app.route.value;
  const main = useRef<HTMLElement>(null);
  const shown = useRef(encodeRoute(route));

  const title = routeTitle(route);
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    const path = encodeRoute(route);
    // A new page is a new place to read from; the first one keeps the browser's own focus.
    if (path !== shown.current) main.current?.focus();
    shown.current = path;
  }, [route]);

  const theme = THEMES[app.theme.value];
  return (
    <div class="shell">
      <a class="skip" href="#main">
        {t`Skip to the page`}
      </a>
      <header class="top">
        <a class="brand" href="/" aria-label={t`Pocketgrid, home`}>
          <Mark />
          <span>pocketgrid</span>
        </a>
        <nav class="tabs" aria-label={t`Pages`}>
          {TABS.map(({ page, label, icon: Icon }) => (
            <a
              key={page}
              href={encodeRoute({ page })}
              aria-current={isAt(route, page) ? 'page' : undefined}
            >
              <Icon />
              <span>{say(label)}</span>
            </a>
          ))}
        </nav>
        <LanguageChoice app={app} />
        <button
          type="button"
          class="icon-button"
          aria-label={say(theme.label)}
          title={say(theme.label)}
          onClick={() => {
            app.theme.value = theme.next;
          }}
        >
          <ThemeIcon theme={app.theme.value} />
        </button>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {app.update.value !== 'none' ? <UpdateNote app={app} /> : null}
        {children}
      </main>
      <footer class="foot">
        <a href="/privacy">{t`Privacy`}</a>
      </footer>
      <p class="hidden-words" role="status" aria-live="polite" data-testid="announcement">
        {app.announcement.value}
      </p>
    </div>
  );
}

function UpdateNote({ app }: { app: AppModel }) {
  const { running } = app.world.value;
  return (
    <aside class="note" aria-label={t`New version`}>
      <p>
        <strong>{t`A newer Pocketgrid is ready.`}</strong>{' '}
        {running
          ? app.route.value.page === 'contribute'
            ? t`It is taken up when the work at hand is handed in; then work goes on by itself.`
            : t`It waits until you stop, or go to the first page.`
          : app.update.value === 'busy'
            ? t`Another tab is at work: stop it there, then update.`
            : t`It takes a second.`}
      </p>
      <button type="button" class="button" disabled={running} onClick={app.applyUpdate}>
        {t`Update`}
      </button>
    </aside>
  );
}
