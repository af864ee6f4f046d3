import type { JobAbout } from '#protocol/api/about.ts';
import { describeDeveloper, describePurpose } from '#protocol/api/job-words.ts';
import { blockDeveloper, blockJob, type KeptBlocks, switchCategory } from '../core/blocks.ts';
import { CATEGORY_WORDS } from '../core/categories.ts';
import type { AppModel } from './model.ts';

/** What this device computes now and for whom, and how to have no more of it. */
export function AboutJob({ app, about }: { app: AppModel; about: JobAbout }) {
  const { settings } = app;
  const { blocks } = settings.value;
  const change = (next: KeptBlocks) => {
    settings.value = { ...settings.value, blocks: next };
  };
  const by = describeDeveloper(about);
  const { name } = CATEGORY_WORDS[about.category];
  return (
    <section class="card" aria-labelledby="about-title" data-testid="about-job">
      <h2 id="about-title">What this is for</h2>
      <p>
        <strong data-testid="purpose">{describePurpose(about)}.</strong>{' '}
        <span class="soft">
          “{about.name}”, posted by <span data-testid="posted-by">{by}</span>. Kind: {name}.
        </span>
      </p>
      <details class="options">
        <summary>I do not want this</summary>
        <p class="soft small">
          This device hands it back at once and gets no more of it. The settings take it back.
        </p>
        <div class="buttons">
          <button type="button" class="button" onClick={() => change(blockJob(blocks, about))}>
            Block this job
          </button>
          <button
            type="button"
            class="button"
            onClick={() => change(blockDeveloper(blocks, about))}
          >
            Block all by {by}
          </button>
          <button
            type="button"
            class="button"
            onClick={() => change(switchCategory(blocks, about.category, false))}
          >
            Block all of {name}
          </button>
        </div>
      </details>
    </section>
  );
}
