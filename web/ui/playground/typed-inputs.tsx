import { t } from '@lingui/core/macro';
import { isPictureTask, type TaskName } from '#protocol/tasks/task.ts';
import type { PlaygroundForm } from '../../core/playground.ts';
import { Trans } from '../trans.tsx';

const LINES = 4;

/** Where a person types what the model is asked, as its task takes it. */
export function TypedInputs(props: {
  task: TaskName | undefined;
  /** The text that stands for a word to be found. */
  mask: string | undefined;
  form: PlaygroundForm;
  onChange(form: PlaygroundForm): void;
  /** Files stand in the place of what is typed. */
  hasFiles: boolean;
}) {
  const { task, mask = '[MASK]', form, onChange, hasFiles } = props;
  if (task === undefined || isPictureTask(task)) return null;
  const isRanking = task === 'text-ranking';
  const change = (field: keyof PlaygroundForm) => (event: { currentTarget: { value: string } }) =>
    onChange({ ...form, [field]: event.currentTarget.value });
  return (
    <>
      {task === 'zero-shot-classification' ? (
        <div class="stack">
          <label for="playground-labels">{t`Labels, with commas`}</label>
          <input
            id="playground-labels"
            class="text-input"
            placeholder={t`sport, politics`}
            value={form.labels}
            onInput={change('labels')}
          />
        </div>
      ) : null}
      {isRanking && !hasFiles ? (
        <div class="stack">
          <label for="playground-query">{t`Query`}</label>
          <input
            id="playground-query"
            class="text-input"
            value={form.query}
            onInput={change('query')}
          />
        </div>
      ) : null}
      {hasFiles ? null : (
        <div class="stack">
          <label for="playground-texts">
            {isRanking ? t`Documents, one on each line` : t`Texts, one on each line`}
          </label>
          <textarea
            id="playground-texts"
            class="text-input text-lines"
            rows={LINES}
            value={form.texts}
            aria-describedby={task === 'fill-mask' ? 'mask-hint' : undefined}
            onInput={change('texts')}
            data-testid="playground-texts"
          />
          {task === 'fill-mask' ? (
            <span id="mask-hint" class="soft small">
              <Trans>
                Write <code>{mask}</code> where the word is to be found.
              </Trans>
            </span>
          ) : null}
        </div>
      )}
    </>
  );
}
