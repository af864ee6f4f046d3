import { t } from '@lingui/core/macro';
import { findInstallOffer } from '../core/install-offer.ts';
import type { AppModel } from './model.ts';

/** Offers a place on the home screen, once this device has had work accepted. */
export function InstallNote({ app }: { app: AppModel }) {
  const { install, platform } = app;
  const { unitsAccepted } = app.world.value.status;
  const offer = findInstallOffer(install.world.value, { platform, unitsAccepted });
  if (offer === undefined) return null;
  return (
    <aside class="note" data-testid="install">
      <p>
        <strong>{t`Keep it at hand.`}</strong>{' '}
        {offer === 'ask'
          ? t`On the home screen it opens like an app, and nothing else is installed.`
          : t`Tap Share, then “Add to Home Screen”: it opens like an app, and nothing else is installed.`}
      </p>
      {offer === 'ask' ? (
        <button type="button" class="button" onClick={() => void install.ask()}>
          {t`Add to the home screen`}
        </button>
      ) : null}
      <button type="button" class="button" onClick={install.decline}>
        {t`No, thank you`}
      </button>
    </aside>
  );
}
