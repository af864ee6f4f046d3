import { plural, t } from '@lingui/core/macro';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import { elementCount, itemShape } from '#protocol/tensors/tensor.ts';
import { type Answer, type AnswerRow, byScore, type Label } from './answers.ts';
import { formatCount, formatShare, formatValue } from './format.ts';
import { findScores, predict, previewValues } from './results-view.ts';

/** What stands in a table, and what its column is sorted by; without that it comes last. */
export interface Cell {
  text: string;
  order?: number | string | undefined;
}

/** One item: its number, its file where it has one, and its answer, or why there is none. */
export interface TableRow {
  item: number;
  cells: readonly Cell[];
  error?: string;
}

/** Answers as rows and columns. */
export interface Table {
  columns: readonly string[];
  rows: readonly TableRow[];
}

/** By which column rows stand, counted from 0. */
export interface Order {
  column: number;
  isDown: boolean;
}

/** Rows of a page. */
export const PAGE_ROWS = 20;
/** Numbers of outputs that are read at once: some megabytes of text. */
const NUMBERS_MAX = 400_000;
const ROWS_MAX = 2_000;
const OTHERS_SHOWN = 3;

/** How many items are read at once: they are what search and order reach. */
export function windowItems(outputs: readonly TensorSpec[], unitItems: number): number {
  const numbers = outputs.reduce(
    (sum, { shape }) => sum + elementCount(itemShape(shape, unitItems)),
    0,
  );
  return Math.min(ROWS_MAX, Math.max(PAGE_ROWS, Math.floor(NUMBERS_MAX / Math.max(1, numbers))));
}

/** Answers of a job as a table; `outputs` are those of the job. */
export function tabulate(rows: readonly AnswerRow[], outputs: readonly TensorSpec[]): Table {
  const isNamed = rows.some(({ file }) => file !== undefined);
  const first = rows.find(({ answer }) => answer.kind !== 'failed')?.answer;
  return {
    columns: [t`Item`, ...(isNamed ? [t`File`] : []), ...columnsOf(first, outputs)],
    rows: rows.map(({ item, file = '', answer }) => ({
      item,
      cells: [
        { text: formatCount(item), order: item },
        ...(isNamed ? [{ text: file, order: file }] : []),
        ...cellsOf(answer, outputs),
      ],
      ...(answer.kind === 'failed' && { error: answer.error }),
    })),
  };
}

function columnsOf(answer: Answer | undefined, outputs: readonly TensorSpec[]): string[] {
  switch (answer?.kind) {
    case undefined:
    case 'failed':
      return [t`Answer`];
    case 'labels':
      return [t`Label`, t`Score`, t`Others`];
    case 'words':
      return [t`Word`, t`Score`, t`Sentence`];
    case 'tokens':
      return [t`Named`, t`Number`];
    case 'objects':
      return [t`Objects`, t`Number`];
    case 'score':
      return [t`Score`];
    case 'text':
      return [t`Text`];
    case 'vector':
      return [t`Vector`, t`Numbers`];
    case 'vectors':
      return [t`Vectors`, t`Numbers each`];
    case 'values':
      return [
        ...(findScores(outputs) === undefined ? [] : [t`Class`, t`Share`]),
        ...outputs.map(({ name }) => name),
      ];
  }
}

function cellsOf(answer: Answer, outputs: readonly TensorSpec[]): Cell[] {
  switch (answer.kind) {
    case 'failed':
      return [];
    case 'labels': {
      const [best, ...others] = byScore(answer.labels);
      return [...bestOf(best), words(others.slice(0, OTHERS_SHOWN).map(nameLabel))];
    }
    case 'words': {
      const [best] = byScore(answer.words);
      return [...bestOf(best), words([best?.sentence ?? ''])];
    }
    case 'tokens':
      return [
        words(answer.tokens.map(({ word, entity }) => `${word} (${entity})`)),
        count(answer.tokens.length),
      ];
    case 'objects':
      return [words(countLabels(answer.objects)), count(answer.objects.length)];
    case 'score':
      return [share(answer.score)];
    case 'text':
      return [words([answer.text])];
    case 'vector':
      return [number(answer.vector), count(answer.vector.length)];
    case 'vectors':
      return [
        {
          text: plural(answer.vectors.length, { one: '# vector', other: '# vectors' }),
          order: answer.vectors.length,
        },
        count(answer.vectors[0]?.length ?? 0),
      ];
    case 'values':
      return valueCells(answer.values, outputs);
  }
}

function valueCells(
  values: ReadonlyMap<string, readonly number[]>,
  outputs: readonly TensorSpec[],
): Cell[] {
  const scores = findScores(outputs);
  const best = scores && predict(values.get(scores.name) ?? []);
  const likeliest: Cell[] =
    best === undefined
      ? [{ text: '–' }, { text: '–' }]
      : [{ text: String(best.label), order: best.label }, share(best.share)];
  return [
    ...(scores === undefined ? [] : likeliest),
    ...outputs.map(({ name }) => number(values.get(name) ?? [])),
  ];
}

/** How often each label is there, the surest first: `cat × 2`. */
function countLabels(list: readonly Label[]): string[] {
  const counts = new Map<string, number>();
  for (const { label } of byScore(list)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].map(([label, times]) => (times === 1 ? label : `${label} × ${times}`));
}

const nameLabel = ({ label, score }: Label): string => `${label} ${formatShare(score, 1)}`;
const words = (list: readonly string[]): Cell => ({ text: list.join(', '), order: list[0] });
const count = (value: number): Cell => ({ text: formatCount(value), order: value });
const share = (value: number): Cell =>
  Number.isNaN(value) ? { text: '–' } : { text: formatShare(value, 1), order: value };
const number = (values: readonly number[]): Cell => ({
  text: values.length === 1 ? formatValue(values[0] ?? Number.NaN) : previewValues(values),
  order: values[0],
});
const bestOf = (best: Label | undefined): Cell[] =>
  best === undefined
    ? [{ text: '–' }, { text: '–' }]
    : [{ text: best.label, order: best.label }, share(best.score)];

/** Rows in which a text stands anywhere, whatever its case. */
export function searchRows(rows: readonly TableRow[], text: string): readonly TableRow[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return rows;
  const has = (words: string) => words.toLowerCase().includes(wanted);
  return rows.filter(({ cells, error = '' }) => has(error) || cells.some((cell) => has(cell.text)));
}

/** Rows by one column; what has nothing to be sorted by comes last, and equals stay as they are. */
export function orderRows(rows: readonly TableRow[], { column, isDown }: Order): TableRow[] {
  const sign = isDown ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [a, b] = [one.cells[column]?.order, other.cells[column]?.order];
    if (a === undefined || b === undefined)
      return Number(a === undefined) - Number(b === undefined);
    return sign * (typeof a === 'number' && typeof b === 'number' ? a - b : compare(a, b));
  });
}

const compare = (a: number | string, b: number | string): number =>
  String(a).localeCompare(String(b), undefined, { numeric: true });
