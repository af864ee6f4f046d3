import { t } from '@lingui/core/macro';
import { type JobOptions, JobOptions as JobOptionsSchema } from '#protocol/api/job.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

/** The form of the playground, as typed. */
export interface PlaygroundForm {
  /** Texts, or the documents of a query: one on each line. */
  texts: string;
  query: string;
  /** What texts may be about, with commas. */
  labels: string;
}

/** The form before anything was typed. */
export const PLAYGROUND_EMPTY: PlaygroundForm = { texts: '', query: '', labels: '' };

/** A typed item: a text, or a document and its query. */
export type Line = string | { query: string; document: string };

/** What is asked of a model; without a task it takes tensors. */
export interface PlaygroundAsk {
  model: string;
  task: TaskName | undefined;
  /** Whether files hold the items, and nothing typed does. */
  hasFiles: boolean;
}

/** Typed lines of one run; more come in a file. */
const LINES_MAX = 500;
/** Labels that a text is shown with. */
const TOP_LABELS = 5;
/** Objects that are less sure are not drawn. */
const THRESHOLD = 0.5;

const no = (message: string, field: keyof PlaygroundForm | 'files'): Result<never> =>
  refuse('request-invalid', message, field);

/** Turns what was typed into a job's options and its lines, or says what is missing. */
export function decodePlayground(
  form: PlaygroundForm,
  ask: PlaygroundAsk,
): Result<{ options: JobOptions; lines: readonly Line[] }> {
  const { model, task, hasFiles } = ask;
  const labels = splitLabels(form.labels);
  if (task === 'zero-shot-classification' && labels.length === 0) {
    return no(t`Write what the texts may be about, with commas: sport, politics.`, 'labels');
  }
  const lines = hasFiles ? accept([]) : decodeLines(form, task);
  if (!lines.ok) return lines;
  const name = `${model}: ${task ?? 'tensors'}`.slice(0, 120);
  const decoded = decodeWith(
    JobOptionsSchema,
    {
      name,
      model,
      autoStart: true,
      ...(task && { task: { name: task, ...choose(task, labels) } }),
    },
    'request-invalid',
  );
  return decoded.ok ? accept({ options: decoded.value, lines: lines.value }) : decoded;
}

/** Labels as they are typed, with commas. */
export const splitLabels = (text: string): string[] =>
  text.split(',').flatMap((label) => label.trim() || []);

/** Options of a task beside its name. */
function choose(task: TaskName, labels: readonly string[]): object {
  if (task === 'text-classification') return { topK: TOP_LABELS };
  if (task === 'zero-shot-classification') return { labels };
  // Parts of a picture can be drawn at any size.
  return task === 'object-detection' ? { threshold: THRESHOLD, percentage: true } : {};
}

function decodeLines(
  { texts, query }: PlaygroundForm,
  task: TaskName | undefined,
): Result<readonly Line[]> {
  const lines = texts.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
  const isRanking = task === 'text-ranking';
  if (isRanking && query.trim() === '') {
    return no(t`Write the query that the documents are ranked by.`, 'query');
  }
  if (lines.length === 0) {
    return no(
      isRanking
        ? t`Write a document on each line, or add a file.`
        : t`Write a text on each line, or add a file.`,
      'texts',
    );
  }
  if (lines.length > LINES_MAX) {
    return no(t`${lines.length} lines are many to type; add them as a text file.`, 'texts');
  }
  return accept(isRanking ? lines.map((document) => ({ query, document })) : lines);
}
