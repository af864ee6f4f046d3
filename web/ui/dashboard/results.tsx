import { useEffect, useState } from 'preact/hooks';
import type { JobView } from '#protocol/api/job.ts';
import { itemShape } from '#protocol/tensors/tensor.ts';
import type { Refusal, Result } from '#protocol/values/refusal.ts';
import { formatInstant, formatNoun, formatShare } from '../../core/format.ts';
import {
  decodeResultLines,
  findScores,
  measureAccuracy,
  predict,
  previewValues,
  type ResultRow,
} from '../../core/results-view.ts';
import { decodeSample, isSampleJob, SAMPLE, type Sample } from '../../core/sample.ts';
import type { DashboardActions, JobProps } from './actions.ts';
import { DigitImage } from './digit-image.tsx';
import { Downloads } from './downloads.tsx';
import { Refused } from './refused.tsx';

const SHOWN = 12;
/** Longer results are previewed, not read whole, even where their truth is known. */
const WHOLE_ITEMS_MAX = 5_000;

interface Preview {
  rows: ResultRow[];
  sample?: Sample;
  refusal?: Refusal;
}

/** What came out: the first rows, what they mean where that is clear, and the files to keep. */
export function Results({ job, request, actions }: JobProps) {
  const [preview, setPreview] = useState<Preview | undefined>(undefined);
  const { key, job: id } = request;
  const known = isSampleJob(job) && job.items <= WHOLE_ITEMS_MAX;
  const named = job.named === true && job.outputs.every(({ name }) => name !== 'file');
  useEffect(() => {
    let gone = false;
    const load = async () => {
      const range = {
        format: 'jsonl',
        from: 0,
        to: known ? job.items : Math.min(SHOWN, job.items),
      } as const;
      const [lines, sample] = await Promise.all([
        actions.fetchResults({ key, job: id }, range),
        known ? readSample(actions) : undefined,
      ]);
      const rows = lines.ok ? decodeResultLines(await lines.value.text(), named) : lines;
      if (gone) return;
      setPreview({
        rows: rows.ok ? rows.value : [],
        ...(sample?.ok ? { sample: sample.value } : {}),
        ...(rows.ok ? {} : { refusal: rows.refusal }),
      });
    };
    void load();
    return () => {
      gone = true;
    };
  }, [actions, key, id, known, named, job.items]);

  return (
    <section class="card" aria-labelledby="results-title" data-testid="results">
      <h2 id="results-title">Results</h2>
      {preview === undefined ? <p class="soft">Fetching the first rows…</p> : null}
      {preview?.refusal === undefined ? null : <Refused refusal={preview.refusal} />}
      {preview === undefined || preview.rows.length === 0 ? null : (
        <Rows job={job} preview={preview} />
      )}
      {job.removedAt === undefined ? (
        <Downloads job={job} request={request} actions={actions} />
      ) : null}
      {job.keptUntil === undefined || job.removedAt !== undefined ? null : (
        <p class="soft small">Inputs and results are kept until {formatInstant(job.keptUntil)}.</p>
      )}
    </section>
  );
}

async function readSample(actions: DashboardActions): Promise<Result<Sample>> {
  const [inputs, labels] = await Promise.all([
    actions.fetchFile(SAMPLE.inputs),
    actions.fetchFile(SAMPLE.labels),
  ]);
  if (!inputs.ok) return inputs;
  if (!labels.ok) return labels;
  const [bytes, text] = await Promise.all([inputs.value.arrayBuffer(), labels.value.text()]);
  return decodeSample(new Uint8Array(bytes), JSON.parse(text));
}

function Rows({ job, preview: { rows, sample } }: { job: JobView; preview: Preview }) {
  const scores = findScores(job.outputs);
  const accuracy = sample && scores ? measureAccuracy(rows, scores.name, sample.labels) : undefined;
  return (
    <>
      {accuracy === undefined ? null : (
        <p class="accuracy" data-testid="accuracy">
          <strong class="number">
            {formatShare(accuracy.right / Math.max(1, accuracy.of), 1)}
          </strong>
          <span class="soft">
            of {formatNoun(accuracy.of, 'digit')} read as their label says. The model trained on
            some of them.
          </span>
        </p>
      )}
      {scores === undefined ? (
        <ValueTable job={job} rows={rows.slice(0, SHOWN)} />
      ) : (
        <Predictions rows={rows.slice(0, SHOWN)} output={scores.name} sample={sample} />
      )}
      <p class="soft small">
        The first {formatNoun(Math.min(SHOWN, rows.length), 'row')} of{' '}
        {formatNoun(job.items, 'item')}, in the order of the inputs.
      </p>
    </>
  );
}

function Predictions(props: {
  rows: readonly ResultRow[];
  output: string;
  sample: Sample | undefined;
}) {
  return (
    <ol class="predictions">
      {props.rows.map((row, index) => {
        const prediction = predict(row.values.get(props.output) ?? []);
        const image = props.sample?.images[index];
        const truth = props.sample?.labels[index];
        const wrong = truth !== undefined && prediction?.label !== truth;
        return (
          <li key={index} class={wrong ? 'is-wrong' : ''}>
            {image === undefined ? (
              <span class="soft small">{row.file ?? `item ${index}`}</span>
            ) : (
              <DigitImage pixels={image} />
            )}
            <strong class="prediction number">{prediction?.label ?? '–'}</strong>
            <span class="soft small">
              {prediction === undefined
                ? (row.error ?? 'no score')
                : formatShare(prediction.share, 1)}
              {wrong ? `, is ${truth}` : ''}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function ValueTable({ job, rows }: { job: JobView; rows: readonly ResultRow[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section class="scroll" aria-label="First rows" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">item</th>
            {job.outputs.map(({ name, dtype, shape }) => (
              <th key={name} scope="col">
                {name}{' '}
                <span class="soft small">
                  {dtype} [{itemShape(shape, job.unitItems).join(', ')}]
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              <th scope="row">{row.file ?? index}</th>
              {row.error === undefined ? (
                job.outputs.map(({ name }) => (
                  <td key={name} class="number">
                    {previewValues(row.values.get(name) ?? [])}
                  </td>
                ))
              ) : (
                <td class="soft" colSpan={job.outputs.length}>
                  {row.error}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
