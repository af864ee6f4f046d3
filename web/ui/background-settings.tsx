import { t } from '@lingui/core/macro';
import { useEffect, useState } from 'preact/hooks';
import { viewBackground, WISH_ROWS } from '../core/background-view.ts';
import { say } from '../core/language.ts';
import type { AppModel, BackgroundActions } from './model.ts';
import { SwitchRow } from './switch-row.tsx';

/** What is done while no page is open: all of it is off until its person says so. */
export function BackgroundSettings({ app }: { app: AppModel }) {
  const [actions, setActions] = useState<BackgroundActions>();
  useEffect(() => {
    void app.loadBackground().then((loaded) => setActions(() => loaded));
  }, [app]);
  if (actions === undefined) return null;
  const { background } = app.settings.value;
  return (
    <details class="options" data-testid="background">
      <summary>{t`While this page is closed`}</summary>
      {WISH_ROWS.map(({ wish, name, says }) => (
        <SwitchRow
          key={wish}
          name={say(name)}
          says={say(says)}
          on={background[wish]}
          set={(on) => void actions.wish(wish, on)}
        />
      ))}
      {viewBackground(actions.state.value, background).map((sentence) => (
        <p key={sentence} class="soft small" role="note">
          {sentence}
        </p>
      ))}
    </details>
  );
}
