import { useEffect, useRef, useState } from 'preact/hooks';
import type { JobOptions } from '#protocol/job.ts';
import type { Refusal, Result } from '#protocol/refusal.ts';
import { accept, refusal as newRefusal } from '#protocol/refusal.ts';
import { formatBytes, formatShare } from '../../core/format.ts';
import { SAMPLE } from '../../core/sample.ts';
import {
  decodeUploadForm,
  INPUT_ENDINGS,
  MODEL_ENDINGS,
  sortFile,
  UPLOAD_FORM_EMPTY,
  type UploadForm,
} from '../../core/upload.ts';
import { Meter } from '../meter.tsx';
import type { DashboardActions, NamedFile } from './actions.ts';
import { Refused } from './refused.tsx';
import { UploadOptions } from './upload-options.tsx';

interface Upload {
  model: NamedFile;
  inputs: readonly NamedFile[];
  options: JobOptions;
}

/** Posts the sample job, or a model and inputs of the developer's own. */
export function PostJob({
  developerKey,
  actions,
}: {
  developerKey: string;
  actions: DashboardActions;
}) {
  const [share, setShare] = useState<number | undefined>(undefined);
  const [refusal, setRefusal] = useState<Refusal | undefined>(undefined);
  const abort = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  const post = async (prepare: () => Promise<Result<Upload>>) => {
    const control = new AbortController();
    abort.current = control;
    setRefusal(undefined);
    setShare(0);
    const upload = await prepare();
    const answer = upload.ok
      ? await actions.postJob(developerKey, upload.value, {
          onProgress: setShare,
          signal: control.signal,
        })
      : upload;
    if (control !== abort.current) return;
    setShare(undefined);
    if (answer.ok) actions.go(`/dashboard/${answer.value.id}`);
    else setRefusal(answer.refusal);
  };

  const busy = share !== undefined;
  return (
    <div class="column">
      <section class="card sample-card" aria-labelledby="sample-title">
        <h2 id="sample-title">Try it with the sample</h2>
        <p class="soft">
          1,797 handwritten digits and a small network that reads them. You see the quote first;
          nothing runs before you start it.
        </p>
        <button
          type="button"
          class="button button-main"
          disabled={busy}
          onClick={() => post(() => readSample(actions))}
          data-testid="post-sample"
        >
          Post the sample job
        </button>
      </section>
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      {busy ? (
        <section class="card" aria-label="Upload">
          <Meter
            id="upload"
            name={share === 1 ? 'The hub is checking the files' : 'Uploading'}
            share={share}
            label={formatShare(share)}
          />
          <button type="button" class="button" onClick={() => abort.current?.abort()}>
            Stop the upload
          </button>
        </section>
      ) : null}
      <OwnFiles
        busy={busy}
        onPost={(upload) => post(async () => accept(upload))}
        onRefused={setRefusal}
      />
    </div>
  );
}

async function readSample(actions: DashboardActions): Promise<Result<Upload>> {
  const [model, inputs] = await Promise.all([
    actions.fetchFile(SAMPLE.model),
    actions.fetchFile(SAMPLE.inputs),
  ]);
  if (!model.ok) return model;
  if (!inputs.ok) return inputs;
  return accept({
    model: { name: 'digits.onnx', data: model.value },
    inputs: [{ name: 'digits.npy', data: inputs.value }],
    options: { name: SAMPLE.name },
  });
}

function OwnFiles(props: {
  busy: boolean;
  onPost(upload: Upload): void;
  onRefused(refusal: Refusal | undefined): void;
}) {
  const [files, setFiles] = useState<readonly File[]>([]);
  const [form, setForm] = useState<UploadForm>(UPLOAD_FORM_EMPTY);
  const [over, setOver] = useState(false);
  const models = files.filter((file) => sortFile(file.name) === 'model');
  const inputs = files.filter((file) => sortFile(file.name) === 'input');

  const add = (added: FileList | null | undefined) => {
    const list = [...(added ?? [])];
    const unknown = list.find((file) => sortFile(file.name) === 'unknown');
    props.onRefused(
      unknown &&
        newRefusal(
          'input-format',
          `${unknown.name} is neither a model nor inputs. Add ${ACCEPTED}.`,
          unknown.name,
        ),
    );
    const known = list.filter((file) => sortFile(file.name) !== 'unknown');
    const names = new Set(known.map(({ name }) => name));
    const hasModel = known.some((file) => sortFile(file.name) === 'model');
    setFiles([
      // One model a job: a new one takes the place of the old, and so does a file of the same name.
      ...files.filter(({ name }) => !names.has(name) && !(hasModel && sortFile(name) === 'model')),
      ...known,
    ]);
  };

  const submit = (event: Event) => {
    event.preventDefault();
    const [model] = models;
    if (model === undefined || inputs.length === 0) {
      const lacks =
        model === undefined ? 'a model (.onnx)' : `inputs (${INPUT_ENDINGS.join(', ')})`;
      return props.onRefused(
        newRefusal('request-invalid', `Add ${lacks} before you post the job.`),
      );
    }
    const options = decodeUploadForm(form, model.name);
    if (!options.ok) return props.onRefused(options.refusal);
    const named = (file: File) => ({ name: file.name, data: file });
    props.onPost({ model: named(model), inputs: inputs.map(named), options: options.value });
  };

  return (
    <section class="card" aria-labelledby="own-title">
      <h2 id="own-title">Post your own model</h2>
      <form class="stack" onSubmit={submit} noValidate>
        <label
          class={`drop ${over ? 'is-over' : ''}`}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            add(event.dataTransfer?.files);
          }}
        >
          <strong>Drop a model and its inputs here, or tap to choose</strong>
          <span class="soft small">
            One ONNX file. Inputs as safetensors, NPY, NPZ, JSON Lines, PNG or JPEG.
          </span>
          <input
            type="file"
            multiple
            accept={[...MODEL_ENDINGS, ...INPUT_ENDINGS].join(',')}
            onChange={(event) => {
              add(event.currentTarget.files);
              event.currentTarget.value = '';
            }}
            data-testid="file-input"
          />
        </label>
        {files.length === 0 ? null : (
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
                  onClick={() => setFiles(files.filter((other) => other !== file))}
                >
                  Remove
                </button>
              </li>
            ))}
          </ul>
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

const ACCEPTED = `one ${MODEL_ENDINGS[0]} file and inputs as ${INPUT_ENDINGS.join(', ')}`;
