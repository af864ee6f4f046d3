import { t } from '@lingui/core/macro';
import type { JobAbout } from '#protocol/api/about.ts';
import { blockDeveloper, blockJob, type KeptBlocks, switchCategory } from '../core/blocks.ts';
import { CATEGORY_WORDS } from '../core/categories.ts';
import { say, sayDeveloper, sayPurpose } from '../core/language.ts';
import type { AppModel } from './model.ts';
import { Trans } from './trans.tsx';

/** What this device computes now and for whom, and how to have no more of it. */
export function AboutJob({ app, about }: { app: AppModel; about: JobAbout }) {
  const { settings } = app;
  const { blocks } = settings.value;
  const change = (next: KeptBlocks) => {
    settings.value = { ...settings.value, blocks: next };
  };
  const by = sayDeveloper(about);
  const name = say(CATEGORY_WORDS[about.category].name);
  return (
    <section class="card" aria-labelledby="about-title" data-testid="about-job">
      <h2 id="about-title">{t`What this is for`}</h2>
      <p>
        <strong data-testid="purpose">{sayPurpose(about)}.</strong>{' '}
        <span class="soft">
          <Trans>
            “{about.name}”, posted by <span data-testid="posted-by">{by}</span>. Kind: {name}.
          </Trans>
        </span>
      </p>
      <details class="options">
        <summary>{t`I do not want this`}</summary>
        <p class="soft small">
          {t`This device hands it back at once and gets no more of it. The settings take it back.`}
        </p>
        <div class="buttons">
          <button type="button" class="button" onClick={() => change(blockJob(blocks, about))}>
            {t`Block this job`}
          </button>
          <button
            type="button"
            class="button"
            onClick={() => change(blockDeveloper(blocks, about))}
          >
            {t`Block all by ${by}`}
          </button>
          <button
            type="button"
            class="button"
            onClick={() => change(switchCategory(blocks, about.category, false))}
          >
            {t`Block all of ${name}`}
          </button>
        </div>
      </details>
    </section>
  );
}
