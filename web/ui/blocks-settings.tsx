import { t } from '@lingui/core/macro';
import { JOB_CATEGORIES } from '#protocol/api/job-words.ts';
import type { DeveloperId, JobId } from '#protocol/values/ids.ts';
import { type KeptBlocks, switchCategory, unblock } from '../core/blocks.ts';
import { CATEGORY_WORDS } from '../core/categories.ts';
import { say } from '../core/language.ts';
import type { AppModel } from './model.ts';
import { SwitchRow } from './switch-row.tsx';

/** Which kinds of work this device takes, and what was blocked, with the way back. */
export function BlocksSettings({ app }: { app: AppModel }) {
  const { settings } = app;
  const { blocks } = settings.value;
  const change = (next: KeptBlocks) => {
    settings.value = { ...settings.value, blocks: next };
  };
  const blocked = [
    ...blocks.jobs.map(({ id, name = id }) => ({ id, shown: t`The job “${name}”` })),
    ...blocks.developers.map(({ id, name }) => ({
      id,
      shown: name === undefined ? t`All by the operator` : t`All by ${name}`,
    })),
  ];
  return (
    <details class="options" data-testid="blocks">
      <summary>{t`What it works for`}</summary>
      {JOB_CATEGORIES.map((category) => (
        <SwitchRow
          key={category}
          name={say(CATEGORY_WORDS[category].name)}
          says={say(CATEGORY_WORDS[category].says)}
          on={!blocks.categories.includes(category)}
          set={(on) => change(switchCategory(blocks, category, on))}
        />
      ))}
      {blocked.map(({ id, shown }) => (
        <Blocked key={id} id={id} shown={shown} allow={() => change(unblock(blocks, id))} />
      ))}
      {blocked.length === 0 ? (
        <p class="soft small">
          {t`No job and nobody is blocked. A job can be, while it is at work.`}
        </p>
      ) : null}
    </details>
  );
}

function Blocked(props: { id: JobId | DeveloperId; shown: string; allow: () => void }) {
  return (
    <div class="row" data-testid={`blocked-${props.id}`}>
      <span>{props.shown}</span>
      <button type="button" class="button" onClick={props.allow}>
        {t`Allow again`}
      </button>
    </div>
  );
}
