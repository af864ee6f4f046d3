import { t } from '@lingui/core/macro';
import { type AnswerRow, byScore } from '../../core/answers.ts';
import { formatMillis } from '../../core/format.ts';
import { viewReceipt } from '../../core/receipt-view.ts';
import { nameVerdict, VERDICT_TONES } from '../../core/verdict-view.ts';
import type { DashboardActions, NamedFile, TaskRun } from '../dashboard/actions.ts';
import { Plural, Trans } from '../trans.tsx';
import { AnswerWords } from './answer-words.tsx';
import { Picture } from './picture.tsx';
import type { DoneRun } from './use-run.ts';

/** What the grid answered, in words, with its receipt. */
export function Answers(props: {
  done: DoneRun;
  /** Of the file that the answers are saved as. */
  name: string;
  actions: Pick<DashboardActions, 'saveFile'>;
}) {
  const { done, name, actions } = props;
  const { run, answers, ms } = done;
  const { rows, items } = answers;
  const ranked =
    run.options.task?.name === 'text-ranking'
      ? byScore(rows.map((row) => ({ ...row, score: scoreOf(row) })))
      : rows;
  const [first] = rows;
  const vector = first?.answer.kind === 'vector' ? first.answer.vector : undefined;
  return (
    <section class="stack answers" aria-label={t`Answers`} data-testid="answers">
      <p>
        <Trans>
          <strong>
            <Plural value={items} one="# answer" other="# answers" />
          </strong>{' '}
          in {formatMillis(ms)}
        </Trans>
        {rows.length < items ? `; ${t`the first ${rows.length} are here`}` : ''}
      </p>
      <ol class="answer-list">
        {ranked.map((row) => (
          <li key={row.item} data-testid="answer">
            <Asked run={run} row={row} />
            <AnswerWords
              answer={row.answer}
              text={textOf(run, row)}
              nearTo={row === first ? undefined : vector}
            />
          </li>
        ))}
      </ol>
      <Proof answers={answers} />
      <div class="buttons">
        <button
          type="button"
          class="button"
          onClick={() => actions.saveFile(`${name.replace(/[^\w-]+/g, '-')}.jsonl`, answers.file)}
        >
          <span class="hidden-words">{t`Download`} </span>↓ JSON Lines
        </button>
      </div>
    </section>
  );
}

const scoreOf = ({ answer }: AnswerRow): number =>
  answer.kind === 'score' ? answer.score : Number.NEGATIVE_INFINITY;

function textOf({ lines }: TaskRun, { item }: AnswerRow): string | undefined {
  const line = lines[item];
  return typeof line === 'object' ? line.document : line;
}

const fileOf = ({ files }: TaskRun, { file }: AnswerRow): NamedFile | undefined =>
  files.find(({ name }) => name === file);

/** What an answer is to: the text, the picture, or the number of the item. */
function Asked({ run, row }: { run: TaskRun; row: AnswerRow }) {
  const text = textOf(run, row);
  if (text !== undefined) {
    return row.answer.kind === 'tokens' ? null : <p class="asked">{text}</p>;
  }
  const file = fileOf(run, row);
  const objects = row.answer.kind === 'objects' ? row.answer.objects : [];
  return (
    <p class="asked">
      {file === undefined ? null : <Picture file={file} objects={objects} />}
      <span class="soft small">{row.file ?? t`Item ${row.item}`}</span>
    </p>
  );
}

function Proof({ answers: { job, receipt } }: Pick<DoneRun, 'answers'>) {
  if (job === undefined) return null;
  const view = receipt === undefined ? undefined : viewReceipt(receipt);
  return (
    <p class="small" data-testid="answer-receipt">
      {view === undefined ? null : (
        <>
          {t`${view.title} by ${view.by}`}{' '}
          {view.checks.kind === 'none' ? (
            <span class="chip">{t`not checked`}</span>
          ) : (
            <span class={`chip chip-${VERDICT_TONES[view.checks.kind]}`}>
              {nameVerdict(view.checks.kind)}
            </span>
          )}{' '}
        </>
      )}
      <a href={`/dashboard/${job}`}>{t`Receipt and job`}</a>
    </p>
  );
}
