import { plural, t } from '@lingui/core/macro';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ModelDtype, type ModelLimits } from '#protocol/api/models.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { formatBytes, formatShare } from '../../core/format.ts';
import {
  chooseParts,
  decodeModelForm,
  MODEL_FORM_EMPTY,
  type ModelForm,
  type ModelPart,
  onnxPaths,
  pathsInside,
  suggestName,
} from '../../core/model-upload.ts';
import type { DashboardActions } from '../dashboard/actions.ts';
import { DropField } from '../dashboard/drop-field.tsx';
import { Refused } from '../dashboard/refused.tsx';
import { Meter } from '../meter.tsx';
import { Trans } from '../trans.tsx';

/** The form for a model as it is published: a folder, or its files. */
export function AddModel(props: {
  developerKey: string;
  limits: ModelLimits | undefined;
  actions: Pick<DashboardActions, 'postModel' | 'say'>;
  onAdded(): Promise<void>;
}) {
  const { developerKey, limits, actions } = props;
  const [parts, setParts] = useState<readonly ModelPart<File>[]>([]);
  const [form, setForm] = useState<ModelForm>(MODEL_FORM_EMPTY);
  const [share, setShare] = useState<number | undefined>(undefined);
  const [refusal, setRefusal] = useState<Refusal | undefined>(undefined);
  const abort = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const add = (list: FileList | null | undefined) => {
    const files = [...(list ?? [])];
    const added = pathsInside(files);
    const folder = files[0]?.webkitRelativePath.split('/')[0];
    const [first, ...others] = onnxPaths(added);
    setRefusal(undefined);
    setParts(added);
    setForm({
      ...form,
      name: suggestName(folder, first),
      onnx: others.length === 0 ? '' : (first ?? ''),
    });
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const sent = chooseParts(parts, form.onnx);
    if (!sent.ok) return setRefusal(sent.refusal);
    const options = decodeModelForm(form);
    if (!options.ok) return setRefusal(options.refusal);
    const files = sent.value.map(({ path, file }) => ({ name: path, data: file }));
    abort.current = new AbortController();
    setRefusal(undefined);
    setShare(0);
    const control = { onProgress: setShare, signal: abort.current.signal };
    const answer = await actions.postModel(
      developerKey,
      { files, options: options.value },
      control,
    );
    setShare(undefined);
    if (!answer.ok) return setRefusal(answer.refusal);
    setParts([]);
    setForm(MODEL_FORM_EMPTY);
    actions.say(t`${answer.value.id} is added.`);
    await props.onAdded();
  };
  return (
    <section class="card" aria-labelledby="add-title">
      <h2 id="add-title">{t`Add a model`}</h2>
      <form class="stack" onSubmit={submit} noValidate>
        <DropField
          title={t`Drop the files of a model here, or tap to choose`}
          hint={t`One ONNX file, the files with its data, its JSON files.`}
          accept=""
          multiple
          id="model-files"
          onFiles={add}
        />
        <FolderField onFiles={add} />
        {parts.length === 0 ? null : <Chosen parts={parts} form={form} onChange={setForm} />}
        <Fields form={form} onChange={setForm} />
        {share === undefined ? (
          <button type="submit" class="button button-main" data-testid="add-model">
            {t`Add the model`}
          </button>
        ) : (
          <>
            <Meter
              id="model-upload"
              name={share === 1 ? t`The hub is checking the files` : t`Sending`}
              share={share}
              label={formatShare(share)}
            />
            <button type="button" class="button" onClick={() => abort.current?.abort()}>
              {t`Stop`}
            </button>
          </>
        )}
        {refusal === undefined ? null : <Refused refusal={refusal} />}
      </form>
      <p class="soft small">
        {limits === undefined
          ? null
          : t`At most ${formatBytes(limits.fileBytes)}, and ${formatBytes(limits.weightBytes)} of weights.`}{' '}
        <Trans>
          A repository of the Hugging Face Hub comes by the command line:{' '}
          <code>npm run pocketgrid -- model add hf:OWNER/NAME</code>
        </Trans>
      </p>
    </section>
  );
}

/** Folders keep the paths of their files, which tell files of one name apart. */
function FolderField({ onFiles }: { onFiles(files: FileList | null): void }) {
  return (
    <label class="folder">
      <span>{t`Or a whole folder`}</span>
      <input
        type="file"
        {...{ webkitdirectory: true }}
        onChange={(event) => onFiles(event.currentTarget.files)}
        data-testid="model-folder"
      />
    </label>
  );
}

interface FormProps {
  form: ModelForm;
  onChange(form: ModelForm): void;
}

function Chosen({ parts, form, onChange }: FormProps & { parts: readonly ModelPart<File>[] }) {
  const graphs = onnxPaths(parts);
  const sent = chooseParts(parts, form.onnx);
  return (
    <>
      {graphs.length < 2 ? null : (
        <div class="stack">
          <label for="model-onnx">{t`Which ONNX file`}</label>
          <select
            id="model-onnx"
            class="text-input"
            value={form.onnx}
            onChange={(event) => onChange({ ...form, onnx: event.currentTarget.value })}
          >
            {graphs.map((path) => (
              <option key={path} value={path}>
                {path}
              </option>
            ))}
          </select>
        </div>
      )}
      {sent.ok ? (
        <p class="small" data-testid="model-sent">
          {t`${plural(sent.value.length, { one: '# file', other: '# files' })} of ${parts.length} to send: ${sent.value.map(({ path }) => path).join(', ')}`}
        </p>
      ) : null}
    </>
  );
}

function Fields({ form, onChange }: FormProps) {
  return (
    <>
      <div class="stack">
        <label for="model-name">{t`Name`}</label>
        <input
          id="model-name"
          class="text-input"
          placeholder="owner/my-model"
          value={form.name}
          onInput={(event) => onChange({ ...form, name: event.currentTarget.value })}
        />
      </div>
      <div class="model-fields">
        <div class="stack">
          <label for="model-revision">{t`Revision`}</label>
          <input
            id="model-revision"
            class="text-input"
            placeholder={t`may stay empty`}
            value={form.revision}
            onInput={(event) => onChange({ ...form, revision: event.currentTarget.value })}
          />
        </div>
        <div class="stack">
          <label for="model-dtype">{t`Weights kept as`}</label>
          <select
            id="model-dtype"
            class="text-input"
            value={form.dtype}
            onChange={(event) => onChange({ ...form, dtype: event.currentTarget.value })}
          >
            <option value="">{t`not said`}</option>
            {ModelDtype.options.map((dtype) => (
              <option key={dtype} value={dtype}>
                {dtype}
              </option>
            ))}
          </select>
        </div>
      </div>
    </>
  );
}
