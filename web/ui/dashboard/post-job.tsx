import { t } from '@lingui/core/macro';
import { useEffect, useRef, useState } from 'preact/hooks';
import { accept, type Refusal, type Result } from '#protocol/values/refusal.ts';
import { formatShare } from '../../core/format.ts';
import { SAMPLE } from '../../core/sample.ts';
import { Meter } from '../meter.tsx';
import type { DashboardActions, JobUpload } from './actions.ts';
import { OwnFiles } from './own-files.tsx';
import { Refused } from './refused.tsx';

/** Posts the sample job, or a model and inputs of the developer's own. */
export function PostJob(props: { developerKey: string; actions: DashboardActions }) {
  const { developerKey, actions } = props;
  const [share, setShare] = useState<number | undefined>(undefined);
  const [refusal, setRefusal] = useState<Refusal | undefined>(undefined);
  const abort = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  const post = async (prepare: () => Promise<Result<JobUpload>>) => {
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
      <SampleCard busy={busy} onPost={() => post(() => readSample(actions))} />
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      {busy ? (
        <section class="card" aria-label={t`Upload`}>
          <Meter
            id="upload"
            name={share === 1 ? t`The hub is checking the files` : t`Uploading`}
            share={share}
            label={formatShare(share)}
          />
          <button type="button" class="button" onClick={() => abort.current?.abort()}>
            {t`Stop the upload`}
          </button>
        </section>
      ) : null}
      <OwnFiles
        busy={busy}
        refusal={refusal}
        actions={actions}
        onPost={(upload) => post(async () => accept(upload))}
        onRefused={setRefusal}
      />
    </div>
  );
}

async function readSample(actions: DashboardActions): Promise<Result<JobUpload>> {
  const [model, inputs] = await Promise.all([
    actions.fetchFile(SAMPLE.model),
    actions.fetchFile(SAMPLE.inputs),
  ]);
  if (!model.ok) return model;
  if (!inputs.ok) return inputs;
  return accept({
    model: { name: 'digits.onnx', data: model.value },
    modelFiles: [],
    inputs: [{ name: 'digits.npy', data: inputs.value }],
    options: { name: SAMPLE.name },
  });
}

function SampleCard({ busy, onPost }: { busy: boolean; onPost(): void }) {
  return (
    <section class="card sample-card" aria-labelledby="sample-title">
      <h2 id="sample-title">{t`Try it with the sample`}</h2>
      <p class="soft">
        {t`1,797 handwritten digits and a small network that reads them. You see the quote first; nothing runs before you start it.`}
      </p>
      <button
        type="button"
        class="button button-main"
        disabled={busy}
        onClick={onPost}
        data-testid="post-sample"
      >
        {t`Post the sample job`}
      </button>
    </section>
  );
}
