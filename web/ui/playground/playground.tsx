import { t } from '@lingui/core/macro';
import { useCallback, useState } from 'preact/hooks';
import { type ModelView, nameModel } from '#protocol/api/models.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import type { Result } from '#protocol/values/refusal.ts';
import { nameInputs } from '../../core/input-kinds.ts';
import { findTasks, type ModelSettings, nameTask } from '../../core/model-facts.ts';
import { decodePlayground, PLAYGROUND_EMPTY, type PlaygroundForm } from '../../core/playground.ts';
import { viewRun } from '../../core/run-view.ts';
import type { DashboardActions, NamedFile } from '../dashboard/actions.ts';
import { DeveloperHead } from '../dashboard/developer-head.tsx';
import { Refused } from '../dashboard/refused.tsx';
import { Meter } from '../meter.tsx';
import { Trans } from '../trans.tsx';
import { useAnswer } from '../use-answer.ts';
import { Answers } from './answers.tsx';
import { ChosenInputs } from './chosen-inputs.tsx';
import { TypedInputs } from './typed-inputs.tsx';
import { useRun } from './use-run.ts';
import './playground.css';

/** Asks a model of the hub something, and shows in words what the grid answers. */
export function Playground(props: {
  developerKey: string;
  actions: DashboardActions;
  onForget(): void;
}) {
  const { developerKey, actions, onForget } = props;
  const [name, setName] = useState<string | undefined>(undefined);
  const ask = useCallback(() => actions.fetchModels(developerKey), [actions, developerKey]);
  const { value: list, refusal } = useAnswer(ask);
  const models = list?.data ?? [];
  const model = models.find((each) => nameModel(each) === name) ?? models[0];
  return (
    <div class="dashboard">
      <DeveloperHead page="playground" refusal={refusal} onForget={onForget} />
      {list === undefined && refusal === undefined ? (
        <p class="soft">{t`Asking the hub for its models…`}</p>
      ) : null}
      {list !== undefined && model === undefined ? <NoModels /> : null}
      {model === undefined ? null : (
        <section class="card" aria-labelledby="ask-title">
          <h2 id="ask-title">{t`Ask a model`}</h2>
          <div class="stack">
            <label for="playground-model">{t`Model`}</label>
            <select
              id="playground-model"
              class="text-input"
              value={nameModel(model)}
              onChange={(event) => setName(event.currentTarget.value)}
              data-testid="playground-model"
            >
              {models.map((each) => (
                <option key={nameModel(each)} value={nameModel(each)}>
                  {nameModel(each)}
                  {each.dtype === undefined ? '' : ` (${each.dtype})`}
                </option>
              ))}
            </select>
          </div>
          <OneModel
            key={nameModel(model)}
            model={model}
            developerKey={developerKey}
            actions={actions}
          />
        </section>
      )}
    </div>
  );
}

function NoModels() {
  return (
    <section class="card">
      <h2>{t`The hub keeps no model yet`}</h2>
      <p>
        <Trans>
          <a href="/dashboard/models">Add one from files</a>, or by the command line, and it can be
          asked here: <code>npm run pocketgrid -- model add hf:Xenova/all-MiniLM-L6-v2</code>
        </Trans>
      </p>
    </section>
  );
}

interface ModelProps {
  model: ModelView;
  developerKey: string;
  actions: DashboardActions;
}

/** What one model can be asked, once its settings are read. */
function OneModel({ model, developerKey, actions }: ModelProps) {
  const read = useCallback(
    (): Promise<Result<ModelSettings>> => actions.fetchSettings(developerKey, model),
    [actions, developerKey, model],
  );
  const { value: settings, refusal } = useAnswer(read);
  if (refusal !== undefined) return <Refused refusal={refusal} />;
  if (settings === undefined) return <p class="soft">{t`Reading the model’s settings…`}</p>;
  return (
    <Question model={model} settings={settings} developerKey={developerKey} actions={actions} />
  );
}

function Question(props: ModelProps & { settings: ModelSettings }) {
  const { model, settings, actions } = props;
  const tasks = findTasks(settings);
  const [task, setTask] = useState<TaskName | undefined>(tasks[0]);
  const [form, setForm] = useState<PlaygroundForm>(PLAYGROUND_EMPTY);
  const [files, setFiles] = useState<readonly NamedFile[]>([]);
  const run = useRun(props.developerKey, actions);
  const choose = (next: TaskName) => {
    setTask(next);
    setFiles([]);
    run.forget();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const hasFiles = files.length > 0;
    const asked = decodePlayground(form, { model: nameModel(model), task, hasFiles });
    if (!asked.ok) return run.refuse(asked.refusal);
    void run.start({ ...asked.value, files });
  };
  return (
    <>
      <form class="stack" onSubmit={submit} noValidate>
        {tasks.length === 0 ? (
          <p class="soft">
            {t`This model has no settings that say what it is for: it takes ${nameInputs(undefined)}.`}
          </p>
        ) : (
          <div class="stack">
            <label for="playground-task">{t`Task`}</label>
            <select
              id="playground-task"
              class="text-input"
              value={task}
              onChange={(event) => choose(event.currentTarget.value as TaskName)}
              data-testid="playground-task"
            >
              {tasks.map((name) => (
                <option key={name} value={name}>
                  {nameTask(name)} ({name})
                </option>
              ))}
            </select>
          </div>
        )}
        <TypedInputs
          task={task}
          mask={settings.mask}
          form={form}
          onChange={setForm}
          hasFiles={files.length > 0}
        />
        <ChosenInputs
          task={task}
          files={files}
          actions={actions}
          onFiles={setFiles}
          onRefused={run.refuse}
        />
        <RunButtons run={run} />
      </form>
      {run.refusal === undefined ? null : <Refused refusal={run.refusal} />}
      {run.done === undefined ? null : (
        <Answers done={run.done} actions={actions} name={model.id} />
      )}
    </>
  );
}

function RunButtons({ run }: { run: ReturnType<typeof useRun> }) {
  if (run.state === undefined) {
    return (
      <button type="submit" class="button button-main" data-testid="run">
        {t`Run`}
      </button>
    );
  }
  return (
    <div class="stack">
      <Meter id="run-meter" {...viewRun(run.state, run.elapsedMs)} />
      <button type="button" class="button" onClick={run.stop}>
        {t`Stop`}
      </button>
    </div>
  );
}
