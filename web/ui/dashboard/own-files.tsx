import { useState } from 'preact/hooks';
import type { Refusal } from '#protocol/values/refusal.ts';
import { formatBytes } from '../../core/format.ts';
import {
  addFiles,
  checkFiles,
  decodeUploadForm,
  INPUT_ENDINGS,
  MODEL_ENDINGS,
  sortFile,
  UPLOAD_FORM_EMPTY,
  type UploadForm,
} from '../../core/upload.ts';
import type { JobUpload } from './actions.ts';
import { DropField } from './drop-field.tsx';
import { UploadOptions } from './upload-options.tsx';

/** The form for a model and inputs of the developer's own. */
export function OwnFiles(props: {
  busy: boolean;
  onPost(upload: JobUpload): void;
  onRefused(refusal: Refusal | undefined): void;
}) {
  const [files, setFiles] = useState<readonly File[]>([]);
  const [form, setForm] = useState<UploadForm>(UPLOAD_FORM_EMPTY);

  const add = (list: FileList | null | undefined) => {
    const added = addFiles(files, [...(list ?? [])]);
    setFiles(added.files);
    props.onRefused(added.refusal);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const checked = checkFiles(files);
    if (!checked.ok) return props.onRefused(checked.refusal);
    const { model, inputs } = checked.value;
    const options = decodeUploadForm(form, model.name);
    if (!options.ok) return props.onRefused(options.refusal);
    const named = (file: File) => ({ name: file.name, data: file });
    props.onPost({ model: named(model), inputs: inputs.map(named), options: options.value });
  };

  return (
    <section class="card" aria-labelledby="own-title">
      <h2 id="own-title">Post your own model</h2>
      <form class="stack" onSubmit={submit} noValidate>
        <DropField
          title="Drop a model and its inputs here, or tap to choose"
          hint="One ONNX file. Inputs as safetensors, NPY, NPZ, JSON Lines, PNG or JPEG."
          accept={[...MODEL_ENDINGS, ...INPUT_ENDINGS].join(',')}
          multiple
          id="file-input"
          onFiles={add}
        />
        {files.length === 0 ? null : (
          <ChosenFiles
            files={files}
            onRemove={(gone) => setFiles(files.filter((file) => file !== gone))}
          />
        )}
        <UploadOptions form={form} onChange={setForm} />
        <button
          type="submit"
          class="button button-main"
          disabled={props.busy}
          data-testid="post-own"
        >
          Post for a quote
        </button>
      </form>
    </section>
  );
}

function ChosenFiles({ files, onRemove }: { files: readonly File[]; onRemove(file: File): void }) {
  return (
    <ul class="files">
      {files.map((file) => (
        <li key={file.name}>
          <span>
            <strong>{file.name}</strong>{' '}
            <span class="soft small">
              {sortFile(file.name)}, {formatBytes(file.size)}
            </span>
          </span>
          <button
            type="button"
            class="button button-quiet"
            aria-label={`Remove ${file.name}`}
            onClick={() => onRemove(file)}
          >
            Remove
          </button>
        </li>
      ))}
    </ul>
  );
}
