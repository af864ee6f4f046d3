import { msg, t } from '@lingui/core/macro';
import type { Refusal } from '#protocol/values/refusal.ts';
import { say } from '../../core/language.ts';
import { encodeRoute } from '../../core/router.ts';
import { Refused } from './refused.tsx';
import './developer-head.css';

const PLACES = [
  { page: 'dashboard', title: msg`Dashboard`, label: msg`Jobs` },
  { page: 'playground', title: msg`Playground`, label: msg`Playground` },
  { page: 'models', title: msg`Models`, label: msg`Models` },
  { page: 'keys', title: msg`Keys`, label: msg`Keys` },
  { page: 'webhooks', title: msg`Webhooks`, label: msg`Webhooks` },
] as const;

/** The head of a developer's page: its name, the other pages, and why the hub would not answer. */
export function DeveloperHead(props: {
  page: (typeof PLACES)[number]['page'];
  refusal: Refusal | undefined;
  onForget(): void;
}) {
  const { page, refusal, onForget } = props;
  const place = PLACES.find((each) => each.page === page);
  const wrongKey = refusal?.code === 'key-wrong' || refusal?.code === 'key-missing';
  return (
    <>
      <header class="page-head">
        <h1>{place === undefined ? '' : say(place.title)}</h1>
        <button type="button" class="button button-quiet" onClick={onForget}>
          {t`Forget my key`}
        </button>
      </header>
      <nav class="places" aria-label={t`For developers`}>
        {PLACES.map((each) => (
          <a
            key={each.page}
            href={encodeRoute({ page: each.page })}
            aria-current={each === place ? 'page' : undefined}
          >
            {say(each.label)}
          </a>
        ))}
      </nav>
      {refusal === undefined ? null : (
        <Refused refusal={refusal}>
          {wrongKey ? (
            <button type="button" class="button" onClick={onForget}>
              {t`Enter another key`}
            </button>
          ) : null}
        </Refused>
      )}
    </>
  );
}
