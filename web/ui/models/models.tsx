import { plural, t } from '@lingui/core/macro';
import { useCallback, useState } from 'preact/hooks';
import type { ModelStats } from '#protocol/api/model-stats.ts';
import { type ModelView, nameModel } from '#protocol/api/models.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import { formatBytes, formatInstant } from '../../core/format.ts';
import { findTasks, nameTask } from '../../core/model-facts.ts';
import type { DashboardActions } from '../dashboard/actions.ts';
import { DeveloperHead } from '../dashboard/developer-head.tsx';
import { Refused } from '../dashboard/refused.tsx';
import { TwoStep } from '../dashboard/two-step.tsx';
import { Trans } from '../trans.tsx';
import { useAction, useAnswer } from '../use-answer.ts';
import { AddModel } from './add-model.tsx';
import { CompareQuotes } from './compare-quotes.tsx';
import { ModelStatsTable } from './model-stats.tsx';
import { SpeedTable } from './speed-table.tsx';
import './models.css';

const STATS_MS = 10_000;

/** The models that the hub keeps: what each is for, and how to add and remove one. */
export function Models(props: {
  developerKey: string;
  actions: DashboardActions;
  onForget(): void;
}) {
  const { developerKey, actions, onForget } = props;
  const ask = useCallback(() => actions.fetchModels(developerKey), [actions, developerKey]);
  const { value: list, refusal, again } = useAnswer(ask);
  const measure = useCallback(() => actions.fetchModelStats(developerKey), [actions, developerKey]);
  const { value: measured } = useAnswer(measure, STATS_MS);
  return (
    <div class="dashboard">
      <DeveloperHead page="models" refusal={refusal} onForget={onForget} />
      <div class="columns list-first">
        <section class="card" aria-labelledby="models-title">
          <h2 id="models-title">{t`Models of this hub`}</h2>
          {list === undefined && refusal === undefined ? (
            <p class="soft">{t`Asking the hub…`}</p>
          ) : null}
          {list?.data.length === 0 ? <p class="soft">{t`None yet.`}</p> : null}
          <ul class="models" data-testid="models">
            {list?.data.map((model) => (
              <OneModel
                key={nameModel(model)}
                model={model}
                stats={measured?.models.find((each) => each.model === nameModel(model))}
                developerKey={developerKey}
                actions={actions}
                onRemoved={again}
              />
            ))}
          </ul>
        </section>
        <AddModel
          developerKey={developerKey}
          limits={list?.limits}
          actions={actions}
          onAdded={again}
        />
      </div>
      <SpeedTable stats={measured?.models ?? []} />
    </div>
  );
}

const describeTask = (task: TaskName | undefined): string =>
  task === undefined ? t`Takes tensors` : t`Likely ${task} (${nameTask(task)})`;

function OneModel(props: {
  model: ModelView;
  stats: ModelStats | undefined;
  developerKey: string;
  actions: DashboardActions;
  onRemoved(): Promise<void>;
}) {
  const { model, developerKey, actions } = props;
  const [removed, setRemoved] = useState(false);
  const { busy, refusal, act } = useAction();
  const name = nameModel(model);
  const read = useCallback(
    () => actions.fetchSettings(developerKey, model),
    // The files of a model under one name never change.
    [actions, developerKey, name],
  );
  const { value: settings } = useAnswer(read);
  const [task] = settings === undefined ? [] : findTasks(settings);
  const remove = async () => {
    const gone = await act(() => actions.removeModel(developerKey, name));
    if (gone === undefined) return;
    setRemoved(true);
    await props.onRemoved();
  };
  if (removed) return null;
  return (
    <li data-testid="model">
      <p>
        <strong class="model-name">{name}</strong>
        <span class="chips">
          {model.dtype === undefined ? null : <span class="chip">{model.dtype}</span>}
        </span>
        <span class="soft small block">
          {settings === undefined ? '' : `${describeTask(task)} · `}
          {t`${formatBytes(model.bytes)} in ${plural(model.files.length, { one: '# file', other: '# files' })}`}{' '}
          ·{' '}
          <Trans>
            added {formatInstant(model.created * 1000)} by <code>{model.owned_by}</code>
          </Trans>
        </span>
      </p>
      {props.stats === undefined ? null : <ModelStatsTable stats={props.stats} />}
      {settings === undefined ? null : (
        <CompareQuotes model={name} task={task} developerKey={developerKey} actions={actions} />
      )}
      <TwoStep
        label={t`Remove`}
        name={t`Remove ${name}`}
        sure={t`Really remove it`}
        busy={busy}
        onSure={remove}
      />
      {refusal === undefined ? null : <Refused refusal={refusal} />}
    </li>
  );
}
