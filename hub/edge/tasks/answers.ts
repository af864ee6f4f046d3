import type { TaskOptions } from '#protocol/tasks/task.ts';
import { readNumber } from '#protocol/tensors/element.ts';
import { elementCount, type Tensor } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';
import type { Settings } from './repository.ts';
import { openTokenizer, type TextTokenizer } from './tokenizer.ts';

/** Items of one job: what the model gave, and what it was given. */
export interface TaskItems {
  outputs: ReadonlyMap<string, Tensor>;
  inputs: ReadonlyMap<string, Tensor>;
}

/** What a job was posted for. */
export interface TaskSettings {
  options: TaskOptions;
  settings: Settings;
}

/** Says what the outputs of some items mean, an object each. */
export type Answerer = (items: TaskItems) => object[];

/** Labels that a model of tokens gives to what is nothing. */
const NO_ENTITY = 'O';
const TOP_WORDS = 5;

/**
 * Opens the answers of a task. They are those of the pipeline of the same name of transformers.js,
 * under one key each: `embedding` or `embeddings`, `labels`, `tokens`, `score`.
 */
export function openAnswers({ options, settings }: TaskSettings): Answerer {
  const labels = labelsOf(settings);
  switch (options.name) {
    case 'feature-extraction':
      return embed;
    case 'text-classification':
      return eachRow(({ row }) => {
        const scores = isMultiLabel(settings, row) ? row.map(sigmoid) : softmax(row);
        return { labels: rank(scores, options.topK ?? 1).map(nameWith(labels)) };
      });
    case 'text-ranking':
      return eachRow(({ row: [score = Number.NaN] }) => ({ score: sigmoid(score) }));
    case 'zero-shot-classification':
      return eachRow((row) => ({ labels: judgeLabels(row, options, labels) }));
    case 'token-classification': {
      const tokenizer = must(openTokenizer(settings));
      return eachRow((row) => ({ tokens: nameTokens(row, labels, tokenizer) }));
    }
    case 'fill-mask': {
      const tokenizer = must(openTokenizer(settings));
      return eachRow(({ row, ids }) => ({
        tokens: rank(softmax(row), options.topK ?? TOP_WORDS).map(({ index, score }) => ({
          ...{ score, token: index, token_str: tokenizer.decode([index]) },
          sequence: tokenizer.decode(
            ids.map((id) => (id === tokenizer.mask ? index : id)),
            true,
          ),
        })),
      }));
    }
  }
}

interface Row {
  /** All numbers of the item's output. */
  row: number[];
  /** How many numbers the last axis has. */
  width: number;
  /** Its tokens, without those that fill its row up. */
  ids: number[];
}

/** Answers of tasks with one output, item by item. */
const eachRow =
  (answer: (row: Row) => object): Answerer =>
  ({ outputs, inputs }) => {
    const [output] = [...outputs.values()];
    const rows = output === undefined ? [] : rowsOf(output);
    const ids = inputs.get('input_ids');
    const idRows = ids === undefined ? [] : rowsOf(ids);
    const lengths = lengthsOf(inputs);
    const width = output?.shape.at(-1) ?? 1;
    return rows.map((row, at) =>
      answer({ row, width, ids: (idRows[at] ?? []).slice(0, lengths?.[at]) }),
    );
  };

/** A vector of a text, or one of each of its tokens. */
function embed({ outputs, inputs }: TaskItems): object[] {
  const [output] = [...outputs.values()];
  if (output === undefined) return [];
  const [, ...shape] = output.shape;
  const rows = rowsOf(output);
  if (shape.length < 2) return rows.map((embedding) => ({ embedding }));
  const width = shape.at(-1) ?? 1;
  const lengths = lengthsOf(inputs);
  return rows.map((row, at) => {
    const count = lengths?.[at] ?? row.length / width;
    const embeddings = Array.from({ length: count }, (_, token) =>
      row.slice(token * width, (token + 1) * width),
    );
    return { embeddings };
  });
}

/** The first axis as a list of all numbers behind it. */
function rowsOf({ dtype, shape: [items = 0, ...rest], data }: Tensor): number[][] {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const width = elementCount(rest);
  return Array.from({ length: items }, (_, item) =>
    Array.from({ length: width }, (_, at) => Number(readNumber(dtype, view, item * width + at))),
  );
}

/** How many tokens of each item are its own; undefined where the model takes no mask. */
function lengthsOf(inputs: TaskItems['inputs']): number[] | undefined {
  const mask = inputs.get('attention_mask');
  return mask && rowsOf(mask).map((row) => row.reduce((sum, one) => sum + one, 0));
}

type Labels = (index: number) => string;

function labelsOf({ config = {} }: Settings): Labels {
  const named = config['id2label'] as Readonly<Record<string, unknown>> | undefined;
  return (index) => String(named?.[index] ?? `LABEL_${index}`);
}

const isMultiLabel = ({ config = {} }: Settings, row: readonly number[]): boolean =>
  config['problem_type'] === 'multi_label_classification' || row.length === 1;

interface Ranked {
  index: number;
  score: number;
}

const nameWith =
  (labels: Labels) =>
  ({ index, score }: Ranked) => ({ label: labels(index), score });

/** The likeliest, the first of equals first. */
const rank = (scores: readonly number[], count: number): Ranked[] =>
  scores
    .map((score, index) => ({ index, score }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, count);

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

function softmax(values: readonly number[]): number[] {
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Which labels the model says follow from a text, by its logits for each. */
function judgeLabels({ row, width }: Row, options: TaskOptions, names: Labels): object[] {
  const { labels = [], multiLabel, topK } = options;
  const kinds = Array.from({ length: width }, (_, index) => names(index).toLowerCase());
  const find = (kind: string) => kinds.findIndex((name) => name.startsWith(kind));
  // As in transformers.js: the last, or the first, where a model does not say.
  const yes = find('entail') < 0 ? width - 1 : find('entail');
  const no = Math.max(0, find('contra'));
  const logits = labels.map((_, at) => row.slice(at * width, (at + 1) * width));
  const scores =
    multiLabel === true || labels.length === 1
      ? logits.map((each) => softmax([each[no] ?? 0, each[yes] ?? 0])[1] ?? 0)
      : softmax(logits.map((each) => each[yes] ?? 0));
  return rank(scores, topK ?? labels.length).map(nameWith((index) => labels[index] ?? ''));
}

/** The tokens that are something: what, how surely, where in the row and how it is written. */
function nameTokens({ row, width, ids }: Row, labels: Labels, tokenizer: TextTokenizer): object[] {
  return ids.flatMap((id, index) => {
    const [best] = rank(softmax(row.slice(index * width, (index + 1) * width)), 1);
    const entity = labels(best?.index ?? 0);
    // Tokens that the model adds have no word.
    const word = tokenizer.decode([id], true);
    return entity === NO_ENTITY || word === '' ? [] : [{ entity, score: best?.score, index, word }];
  });
}
