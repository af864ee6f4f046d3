import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import { useRef, useState } from 'preact/hooks';
import type { TaskName } from '#protocol/tasks/task.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { formatBytes } from '../../core/format.ts';
import { nameInputs } from '../../core/input-kinds.ts';
import { say } from '../../core/language.ts';
import { decodeUploadForm, UPLOAD_FORM_EMPTY, type UploadForm } from '../../core/upload.ts';
import {
  addFiles,
  type ChosenFile,
  checkFiles,
  type FileRole,
  faultsOf,
  roleOf,
} from '../../core/upload-files.ts';
import type { DashboardActions, JobUpload } from './actions.ts';
import { DropField } from './drop-field.tsx';
import { TaskChoice } from './task-choice.tsx';
import { UploadOptions } from './upload-options.tsx';

/** The form for a model and inputs of the developer's own. */
export function OwnFiles(props: {
  busy: boolean;
  /** Why the hub, or this form, would not take the files. */
  refusal: Refusal | undefined;
  actions: Pick<DashboardActions, 'readFileKind'>;
  onPost(upload: JobUpload): void;
  onRefused(refusal: Refusal | undefined): void;
}) {
  const [files, setFiles] = useState<readonly ChosenFile<File>[]>([]);
  const [form, setForm] = useState<UploadForm>(UPLOAD_FORM_EMPTY);
  const task = form.task === '' ? undefined : form.task;
  // Files are looked into one drop after the other, and a post waits for the last one.
  const chosen = useRef<Promise<readonly ChosenFile<File>[]>>(Promise.resolve([]));
  const change = (next: (files: readonly ChosenFile<File>[]) => Promise<ChosenFile<File>[]>) => {
    props.onRefused(undefined);
    chosen.current = chosen.current.then(next);
    chosen.current.then(setFiles);
  };

  const add = (list: FileList | null | undefined) => {
    const dropped = [...(list ?? [])];
    change(async (before) => {
      const kinds = await Promise.all(dropped.map((file) => props.actions.readFileKind(file)));
      const added = dropped.map((file, index) => ({ file, kind: kinds[index] ?? 'unknown' }));
      return addFiles(before, added);
    });
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const { skipBadFiles } = form;
    const checked = checkFiles(await chosen.current, { skipBadFiles, task });
    if (!checked.ok) return props.onRefused(checked.refusal);
    const { model, weights, inputs } = checked.value;
    const options = decodeUploadForm(form, model.name);
    if (!options.ok) return props.onRefused(options.refusal);
    const named = (file: File) => ({ name: file.name, data: file });
    props.onPost({
      model: named(model),
      modelFiles: weights.map(named),
      inputs: inputs.map(named),
      options: options.value,
    });
  };

  return (
    <section class="card" aria-labelledby="own-title">
      <h2 id="own-title">{t`Post your own model`}</h2>
      <form class="stack" onSubmit={submit} noValidate>
        <TaskChoice form={form} onChange={setForm} />
        <DropField
          title={t`Drop a model and its inputs here, or tap to choose`}
          hint={
            task === undefined
              ? t`One ONNX model. Inputs: ${nameInputs(task)}.`
              : t`One ONNX model and its JSON files. Inputs: ${nameInputs(task)}.`
          }
          accept=""
          multiple
          id="file-input"
          onFiles={add}
        />
        {files.length === 0 ? null : (
          <ChosenFiles
            files={files}
            task={task}
            faults={faultsOf(files, { refusal: props.refusal, task })}
            onRemove={(gone) => change(async (before) => before.filter((each) => each !== gone))}
          />
        )}
        <UploadOptions form={form} onChange={setForm} />
        <button
          type="submit"
          class="button button-main"
          disabled={props.busy}
          data-testid="post-own"
        >
          {t`Post for a quote`}
        </button>
      </form>
    </section>
  );
}

const ROLES: Readonly<Record<FileRole, MessageDescriptor>> = {
  model: msg`model`,
  weights: msg`weights of the model`,
  settings: msg`settings of the model`,
  input: msg`input`,
  foreign: msg`not sent`,
};

function ChosenFiles(props: {
  files: readonly ChosenFile<File>[];
  task: TaskName | undefined;
  faults: ReadonlyMap<string, string>;
  onRemove(file: ChosenFile<File>): void;
}) {
  return (
    <ul class="files">
      {props.files.map((chosen) => {
        const { name, size } = chosen.file;
        const fault = props.faults.get(name);
        return (
          <li key={name}>
            <span>
              <strong>{name}</strong>{' '}
              <span class="soft small">
                {say(ROLES[roleOf(chosen, props.task)])}, {formatBytes(size)}
              </span>
              {fault === undefined ? null : (
                <span class="note note-bad small" data-testid="file-fault">
                  {fault}
                </span>
              )}
            </span>
            <button
              type="button"
              class="button button-quiet"
              aria-label={t`Remove ${name}`}
              onClick={() => props.onRemove(chosen)}
            >
              {t`Remove`}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
