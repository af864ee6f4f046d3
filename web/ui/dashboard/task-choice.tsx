import { t } from '@lingui/core/macro';
import { PICTURE_TASKS, TEXT_TASKS } from '#protocol/tasks/task.ts';
import { nameTask } from '../../core/model-facts.ts';
import type { UploadForm } from '../../core/upload.ts';

/** What a model is asked to do: with a task files of texts are inputs, too. */
export function TaskChoice(props: { form: UploadForm; onChange(form: UploadForm): void }) {
  const { form, onChange } = props;
  return (
    <>
      <div class="stack">
        <label for="own-task">{t`Task`}</label>
        <select
          id="own-task"
          class="text-input"
          value={form.task}
          onChange={(event) =>
            onChange({ ...form, task: event.currentTarget.value as UploadForm['task'] })
          }
          data-testid="own-task"
        >
          <option value="">{t`None: inputs are tensors, or pictures that become some`}</option>
          {[...TEXT_TASKS, ...PICTURE_TASKS].map((name) => (
            <option key={name} value={name}>
              {nameTask(name)} ({name})
            </option>
          ))}
        </select>
      </div>
      {form.task === 'zero-shot-classification' ? (
        <div class="stack">
          <label for="own-labels">{t`Labels, with commas`}</label>
          <input
            id="own-labels"
            class="text-input"
            placeholder={t`sport, politics`}
            value={form.labels}
            onInput={(event) => onChange({ ...form, labels: event.currentTarget.value })}
          />
        </div>
      ) : null}
    </>
  );
}
