import { t } from '@lingui/core/macro';
import { useState } from 'preact/hooks';
import type { Result } from '#protocol/values/refusal.ts';
import { useAction } from '../use-answer.ts';
import type { JobProps } from './actions.ts';
import { Refused } from './refused.tsx';

/** Results and receipts as files. They need the developer's key, so a plain link would not do. */
export function Downloads({ job, request, actions }: JobProps) {
  const [busy, setBusy] = useState<string | undefined>(undefined);
  const { refusal, act } = useAction();
  const save = async (name: string, fetchIt: () => Promise<Result<Blob>>) => {
    setBusy(name);
    const file = await act(fetchIt);
    setBusy(undefined);
    if (file !== undefined) actions.saveFile(name, file);
  };
  const stem =
    job.name
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '')
      .toLowerCase() || job.id;
  const files = [
    ...(['safetensors', 'jsonl'] as const).map((format) => ({
      id: format,
      label: format === 'jsonl' ? 'JSON Lines' : 'safetensors',
      name: `${stem}.${format}`,
      fetchIt: () => actions.fetchResults(request, { format }),
    })),
    // NPY holds one array, so there is a file for each output.
    ...job.outputs.map(({ name: output }, index) => ({
      id: index === 0 ? 'npy' : `npy-${output}`,
      label: job.outputs.length === 1 ? 'NPY' : `NPY: ${output}`,
      name:
        job.outputs.length === 1 ? `${stem}.npy` : `${stem}-${output.replace(/[^\w-]+/g, '-')}.npy`,
      fetchIt: () => actions.fetchResults(request, { format: 'npy', output }),
    })),
    ...(job.failed === 0
      ? []
      : [
          {
            id: 'errors',
            label: t`Items that failed`,
            name: `${stem}-failed.jsonl`,
            fetchIt: () => actions.fetchResults(request, { format: 'errors' }),
          },
        ]),
    // The other formats have the names in them.
    ...(job.named
      ? [
          {
            id: 'files',
            label: t`Names of the files`,
            name: `${stem}-files.jsonl`,
            fetchIt: () => actions.fetchResults(request, { format: 'files' }),
          },
        ]
      : []),
    {
      id: 'receipts',
      label: t`Receipts`,
      name: `${stem}-receipts.json`,
      fetchIt: () => actions.fetchReceipts(request),
    },
  ];
  return (
    <>
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      <div class="buttons">
        {files.map(({ id, label, name, fetchIt }) => (
          <button
            key={id}
            type="button"
            class="button"
            disabled={busy !== undefined}
            onClick={() => save(name, fetchIt)}
            data-testid={`download-${id}`}
          >
            <span class="hidden-words">{t`Download`} </span>
            {busy === name ? t`Fetching…` : `↓ ${label}`}
          </button>
        ))}
      </div>
    </>
  );
}
