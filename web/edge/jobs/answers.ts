import { t } from '@lingui/core/macro';
import * as v from 'valibot';
import { downloadResults } from '#client/results.ts';
import type { JobView } from '#protocol/api/job.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { ApiError, accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { Answer, AnswerRow } from '../../core/answers.ts';
import { readValues } from '../../core/results-view.ts';
import { type KeyedRequest, openHub } from '../hub.ts';

/** A number; null where it is none that JSON has. */
const Num = v.pipe(
  v.nullable(v.number()),
  v.transform((value) => value ?? Number.NaN),
);
const Labels = v.object({ labels: v.array(v.object({ label: v.string(), score: Num })) });
const Named = v.object({
  tokens: v.array(
    v.object({ entity: v.string(), score: Num, index: v.number(), word: v.string() }),
  ),
});
const Words = v.object({
  tokens: v.array(v.object({ score: Num, token_str: v.string(), sequence: v.string() })),
});
const Score = v.object({ score: Num });
const Written = v.object({ text: v.string(), finish: v.picklist(['stop', 'length']) });
const Vector = v.object({ embedding: v.array(Num) });
const Vectors = v.object({ embeddings: v.array(v.array(Num)) });
const Box = v.object({ xmin: Num, ymin: Num, xmax: Num, ymax: Num });
const Objects = v.object({
  objects: v.array(v.object({ label: v.string(), score: Num, box: Box })),
});
const Item = v.looseObject({});

/** The fields of a line as an answer of one kind, where they are that. */
const reader =
  <S extends v.GenericSchema>(schema: S, name: (found: v.InferOutput<S>) => Answer) =>
  (fields: unknown): Answer | undefined => {
    const found = v.safeParse(schema, fields);
    return found.success ? name(found.output) : undefined;
  };

const labels = reader(Labels, (found) => ({ kind: 'labels', ...found }));
const vectors = [
  reader(Vector, ({ embedding }) => ({ kind: 'vector', vector: embedding })),
  reader(Vectors, ({ embeddings }) => ({ kind: 'vectors', vectors: embeddings })),
];

/** How the answers of each task are read. */
const READERS: Readonly<Record<TaskName, ReturnType<typeof reader>[]>> = {
  'feature-extraction': vectors,
  'text-classification': [labels],
  'token-classification': [reader(Named, (found) => ({ kind: 'tokens', ...found }))],
  'fill-mask': [
    reader(Words, ({ tokens }) => ({
      kind: 'words',
      words: tokens.map(({ score, token_str: label, sequence: sentence }) => ({
        ...{ label, score, sentence },
      })),
    })),
  ],
  'zero-shot-classification': [labels],
  'text-ranking': [reader(Score, (found) => ({ kind: 'score', ...found }))],
  'text-generation': [reader(Written, (found) => ({ kind: 'text', ...found }))],
  'image-classification': [labels],
  'image-feature-extraction': vectors,
  'object-detection': [reader(Objects, (found) => ({ kind: 'objects', ...found }))],
};

/** Items [from, to) of a job's results: its answers, and the JSON Lines that they came in. */
export async function fetchLines(
  { key, job: id }: KeyedRequest,
  { job, from, to }: { job: JobView; from: number; to: number },
): Promise<Result<{ rows: AnswerRow[]; file: Blob }>> {
  const range = { format: 'jsonl', from, to } as const;
  const file = await downloadResults(openHub(key), { job: id, range });
  if (!file.ok) return file;
  // An output of this name stands in the place of the file's.
  const named = job.named === true && job.outputs.every(({ name }) => name !== 'file');
  const rows = decodeAnswers(await file.value.text(), { task: job.task, named, from });
  return rows.ok ? accept({ rows: rows.value, file: file.value }) : rows;
}

/** What lines of results are of. */
export interface LinesOf {
  task: TaskName | undefined;
  /** `file` is the name of an item's file. */
  named: boolean;
  /** The number of the first item. */
  from: number;
}

/** Reads lines of results, an item each: answers of a task, or outputs by name. */
export function decodeAnswers(text: string, { task, named, from }: LinesOf): Result<AnswerRow[]> {
  const rows: AnswerRow[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const item = decodeLine(line);
    if (item === undefined) return wrong(rows.length);
    const { file, ...rest } = item;
    const isNamed = named && typeof file === 'string';
    const answer = readAnswer(isNamed ? rest : item, task);
    if (answer === undefined) return wrong(rows.length);
    rows.push({ item: from + rows.length, ...(isNamed && { file }), answer });
  }
  return accept(rows);
}

function decodeLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const item = v.safeParse(Item, value);
    return item.success && !Array.isArray(value) ? item.output : undefined;
  } catch {
    return undefined;
  }
}

function readAnswer(fields: object, task: TaskName | undefined): Answer | undefined {
  const failed = decodeWith(ApiError, fields);
  if (failed.ok) return { kind: 'failed', error: failed.value.error.message };
  if (task === undefined) return { kind: 'values', values: readValues(fields) };
  for (const read of READERS[task]) {
    const answer = read(fields);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

const wrong = (line: number): Result<never> =>
  refuse(
    'input-format',
    t`Line ${line + 1} of the results is no answer of this task; reload the page and try again.`,
  );
