import { t } from '@lingui/core/macro';
import { useState } from 'preact/hooks';
import type { ShareCard } from '../core/share-card.ts';
import type { AppModel } from './model.ts';

/** Makes a picture of the totals, for whomever the person wants to show it. */
export function SharePicture({ app, card }: { app: AppModel; card: ShareCard }) {
  const [said, setSaid] = useState('');
  const share = async () => {
    const outcome = await app.history.share(card).catch(() => 'failed' as const);
    const words = {
      ...{ shared: '', left: '', saved: t`The picture is in your downloads.` },
      failed: t`This browser could not draw the picture.`,
    };
    setSaid(words[outcome]);
  };
  return (
    <>
      <button type="button" class="button" onClick={() => void share()}>
        {t`Share as a picture`}
      </button>
      <span class="soft small block" role="status">
        {said === '' ? t`This page draws it and sends it nowhere.` : said}
      </span>
    </>
  );
}
