import { plural, t } from '@lingui/core/macro';
import {
  type Answer,
  byScore,
  closeness,
  type Label,
  markTokens,
  type NamedToken,
} from '../../core/answers.ts';
import { formatCount, formatShare, formatValue } from '../../core/format.ts';
import { predict, previewValues } from '../../core/results-view.ts';
import { Trans } from '../trans.tsx';

const NUMBERS_SHOWN = 8;
const BARS_SHOWN = 20;

/** One answer in words: bars, marked text, or the first of many numbers. */
export function AnswerWords(props: {
  answer: Answer;
  /** What was asked, where it was typed. */
  text: string | undefined;
  /** The vector of the first text, to be set beside this one. */
  nearTo: readonly number[] | undefined;
}) {
  const { answer, text, nearTo } = props;
  switch (answer.kind) {
    case 'labels':
      return <Bars labels={byScore(answer.labels)} />;
    case 'words':
      return <Bars labels={byScore(answer.words)} />;
    case 'objects':
      return answer.objects.length === 0 ? (
        <p class="soft">{t`No object of which the model is half sure.`}</p>
      ) : (
        <Bars labels={byScore(answer.objects)} />
      );
    case 'score':
      return <Bars labels={[{ label: t`fits`, score: answer.score }]} />;
    case 'text':
      return <p class="written">{answer.finish === 'stop' ? answer.text : `${answer.text}…`}</p>;
    case 'tokens':
      return <MarkedText text={text} tokens={answer.tokens} />;
    case 'vector':
      return <Vector vector={answer.vector} nearTo={nearTo} />;
    case 'vectors':
      return (
        <p>
          {t`${plural(answer.vectors.length, { one: '# vector', other: '# vectors' })} of ${formatCount(answer.vectors[0]?.length ?? 0)} numbers, one for each part`}
        </p>
      );
    case 'values':
      return <Values values={answer.values} />;
    case 'failed':
      return <p class="note note-bad">{answer.error}</p>;
  }
}

/** Labels with their scores, each as a bar and in words. */
function Bars({ labels }: { labels: readonly (Label & { sentence?: string })[] }) {
  return (
    <ul class="bars">
      {labels.slice(0, BARS_SHOWN).map(({ label, score, sentence }, place) => (
        <li key={place}>
          <span class="meter-words">
            <span>
              {label}
              {sentence === undefined ? null : (
                <span class="soft small"> {t`in: ${sentence}`}</span>
              )}
            </span>
            <span class="number">{Number.isNaN(score) ? '–' : formatShare(score, 1)}</span>
          </span>
          <span class="meter-track" aria-hidden="true">
            <i class="meter-fill" style={{ inlineSize: `${(score || 0) * 100}%` }} />
          </span>
        </li>
      ))}
      {labels.length > BARS_SHOWN ? (
        <li class="soft small">{t`and ${formatCount(labels.length - BARS_SHOWN)} more.`}</li>
      ) : null}
    </ul>
  );
}

/** A text with the tokens that are something, and those that cannot be found in it. */
function MarkedText({ text, tokens }: { text: string | undefined; tokens: readonly NamedToken[] }) {
  const { parts, missing } = markTokens(text ?? '', tokens);
  return (
    <>
      <p class="marked">
        {parts.map(({ text: part, token }, place) =>
          token === undefined ? (
            part
          ) : (
            <mark key={place}>
              {part} <b>{token.entity}</b> <span class="number">{formatShare(token.score)}</span>
            </mark>
          ),
        )}
      </p>
      {tokens.length === 0 ? <p class="soft">{t`Nothing in it has a name.`}</p> : null}
      {missing.length === 0 ? null : (
        <ul class="soft small">
          {missing.map(({ word, entity, score }, place) => (
            <li key={place}>
              {word}: {entity}, {formatShare(score)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Vector(props: { vector: readonly number[]; nearTo: readonly number[] | undefined }) {
  const { vector, nearTo } = props;
  const shown = vector.slice(0, NUMBERS_SHOWN).map((value) => formatValue(value));
  return (
    <>
      <p class="number vector">
        {shown.join(', ')}
        {vector.length > NUMBERS_SHOWN ? ' …' : ''}{' '}
        <span class="soft">({plural(vector.length, { one: '# number', other: '# numbers' })})</span>
      </p>
      {nearTo === undefined ? null : (
        <p class="soft small">
          <Trans>
            Closeness to the first text:{' '}
            <strong class="number">{formatValue(closeness(vector, nearTo))}</strong> (1 is the same)
          </Trans>
        </p>
      )}
    </>
  );
}

function Values({ values }: { values: ReadonlyMap<string, readonly number[]> }) {
  const [only] = values.size === 1 ? values.values() : [];
  const best = only !== undefined && only.length > 1 ? predict(only) : undefined;
  return (
    <>
      {best === undefined ? null : (
        <p>
          <Trans>
            Likeliest class <strong class="prediction number">{best.label}</strong>{' '}
            <span class="soft">({formatShare(best.share, 1)})</span>
          </Trans>
        </p>
      )}
      <dl class="values">
        {[...values].map(([name, numbers]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="number">{previewValues(numbers)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
