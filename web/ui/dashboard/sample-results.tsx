import { plural, t } from '@lingui/core/macro';
import { useEffect, useState } from 'preact/hooks';
import type { Result } from '#protocol/values/refusal.ts';
import type { AnswerRow } from '../../core/answers.ts';
import { formatShare } from '../../core/format.ts';
import { findScores, measureAccuracy, predict } from '../../core/results-view.ts';
import { decodeSample, SAMPLE, type Sample } from '../../core/sample.ts';
import type { DashboardActions, JobProps } from './actions.ts';
import { DigitImage } from './digit-image.tsx';

const SHOWN = 12;

interface Read {
  sample: Sample;
  /** Scores of each item; none of one that failed. */
  scores: readonly (readonly number[])[];
}

/** How many digits of the sample were read as their label says, and the first of them. */
export function SampleResults({ job, request, actions }: JobProps) {
  const [read, setRead] = useState<Read | undefined>(undefined);
  const { key, job: id } = request;
  const output = findScores(job.outputs)?.name;
  useEffect(() => {
    let gone = false;
    const range = { job, from: 0, to: job.items };
    const load = async () => {
      const [rows, sample] = await Promise.all([
        actions.fetchAnswers({ key, job: id }, range),
        readSample(actions),
      ]);
      // The table says why there is nothing.
      if (gone || !rows.ok || !sample.ok || output === undefined) return;
      setRead({ sample: sample.value, scores: rows.value.map((row) => scoresOf(row, output)) });
    };
    void load();
    return () => {
      gone = true;
    };
  }, [actions, key, id, job.items, output]);
  if (read === undefined) return null;
  const { sample, scores } = read;
  const { right, of } = measureAccuracy(scores, sample.labels);
  return (
    <>
      <p class="accuracy" data-testid="accuracy">
        <strong class="number">{formatShare(right / Math.max(1, of), 1)}</strong>
        <span class="soft">
          {t`of ${plural(of, { one: '# digit', other: '# digits' })} read as their label says. The model trained on some of them.`}
        </span>
      </p>
      <Predictions scores={scores.slice(0, SHOWN)} sample={sample} />
    </>
  );
}

const scoresOf = ({ answer }: AnswerRow, output: string): readonly number[] =>
  (answer.kind === 'values' ? answer.values.get(output) : undefined) ?? [];

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

function Predictions({ scores, sample }: Read) {
  return (
    <ol class="predictions">
      {scores.map((row, index) => {
        const prediction = predict(row);
        const truth = sample.labels[index];
        const wrong = truth !== undefined && prediction?.label !== truth;
        return (
          <li key={index} class={wrong ? 'is-wrong' : ''}>
            <DigitImage pixels={sample.images[index] ?? []} />
            <strong class="prediction number">{prediction?.label ?? '–'}</strong>
            <span class="soft small">
              {prediction === undefined ? t`no score` : formatShare(prediction.share, 1)}
              {wrong ? `, ${t`is ${truth}`}` : ''}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
