import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TaskName } from '#protocol/tasks/task.ts';
import { type CaseFile, filesOf, type TaskCase } from '../tasks/cases.ts';
import { installPackage } from './packages.ts';

const PACKAGE = '@huggingface/transformers';
const VERSION = '4.3.2';

interface Tensor {
  tolist(): unknown[];
}
type Pipeline = (input: unknown, ...more: unknown[]) => Promise<unknown>;
type Loaded = (input: unknown, options?: object) => Promise<unknown>;
interface Loader {
  from_pretrained(model: string, options?: object): Promise<Loaded>;
}

/** What is used of transformers.js. */
export interface Transformers {
  env: { localModelPath: string; allowRemoteModels: boolean };
  pipeline(task: string, model: string, options: object): Promise<Pipeline>;
  RawImage: { fromBlob(blob: Blob): Promise<unknown> };
  AutoTokenizer: Loader;
  AutoModelForSequenceClassification: Loader;
}

/** Installs transformers.js under `cache`; it reads models of `folder` alone. */
export async function openTransformers(cache: string, folder: string): Promise<Transformers> {
  const installed = await installPackage(cache, PACKAGE, VERSION);
  const transformers = createRequire(join(installed, 'package.json'))(PACKAGE) as Transformers;
  transformers.env.localModelPath = folder;
  transformers.env.allowRemoteModels = false;
  return transformers;
}

const WEIGHTS = { dtype: 'fp32' };

/** What is asked: a case, its files where they are others, and the folder of the model. */
export interface Asking extends TaskCase {
  model: string;
  files?: readonly CaseFile[];
  /** Its graph takes one text at a time. */
  isLone?: boolean;
}

type Ask = (transformers: Transformers, asking: Asking) => Promise<object[]>;

/** Asks a pipeline once for all lines, or once for each of a model that takes one at a time. */
const ofTexts =
  (read: (answer: unknown) => object[], more: (asking: Asking) => unknown[] = () => []): Ask =>
  async ({ pipeline }, asking) => {
    const ask = await pipeline(asking.task.name, asking.model, WEIGHTS);
    const { lines, isLone = false, pipeline: options } = asking;
    const answers: object[] = [];
    for (const some of isLone ? lines.map((line) => [line]) : [lines]) {
      answers.push(...read(await ask(some, ...more(asking), options)));
    }
    return answers;
  };

/** Asks a pipeline for each picture: objects are found in one at a time. */
const ofPictures =
  (read: (answer: unknown) => object): Ask =>
  async ({ pipeline, RawImage }, asking) => {
    const ask = await pipeline(asking.task.name, asking.model, WEIGHTS);
    const answers: object[] = [];
    for (const { bytes } of asking.files ?? filesOf(asking)) {
      const picture = await RawImage.fromBlob(new Blob([bytes]));
      answers.push(read(await ask(picture, asking.pipeline)));
    }
    return answers;
  };

const listUnder = (key: string) => (answers: unknown) =>
  (answers as unknown[]).map((answer) => ({ [key]: answer }));

interface Judged {
  labels: string[];
  scores: number[];
}

/** The model itself, for there is no pipeline of pairs. */
const rank: Ask = async (transformers, { lines, model }) => {
  const tokenizer = await transformers.AutoTokenizer.from_pretrained(model);
  const classifier = await transformers.AutoModelForSequenceClassification.from_pretrained(
    model,
    WEIGHTS,
  );
  const pairs = lines.flatMap((line) => (typeof line === 'string' ? [] : line));
  const queries = pairs.map(({ query }) => query);
  const options = { text_pair: pairs.map(({ document }) => document), padding: true };
  const { logits } = (await classifier(await tokenizer(queries, options))) as { logits: Tensor };
  return logits.tolist().map((row) => {
    const [logit = Number.NaN] = row as number[];
    return { score: 1 / (1 + Math.exp(-logit)) };
  });
};

const ASKS: Readonly<Record<Exclude<TaskName, 'text-generation'>, Ask>> = {
  'feature-extraction': ofTexts((answer) => listUnder('embedding')((answer as Tensor).tolist())),
  'text-classification': ofTexts(listUnder('labels')),
  'token-classification': ofTexts(listUnder('tokens')),
  'fill-mask': ofTexts(listUnder('tokens')),
  'zero-shot-classification': ofTexts(
    (answers) =>
      (answers as Judged[]).map(({ labels, scores }) => ({
        labels: labels.map((label, at) => ({ label, score: scores[at] })),
      })),
    ({ task }) => [task.labels],
  ),
  'text-ranking': rank,
  'image-classification': ofPictures((labels) => ({ labels })),
  'image-feature-extraction': ofPictures((answer) => {
    const [rows] = (answer as Tensor).tolist() as [number[] | number[][]];
    // Without a vector of the whole picture there is one of each part, that of the whole first.
    return { embedding: Array.isArray(rows[0]) ? rows[0] : rows };
  }),
  'object-detection': ofPictures((objects) => ({ objects })),
};

/** What transformers.js answers, in the form of the grid's answers. */
export const askPipeline: Ask = (transformers, asking) =>
  ASKS[named(asking.task.name)](transformers, asking);

function named(task: TaskName): keyof typeof ASKS {
  if (task !== 'text-generation') return task;
  throw new RangeError('texts that are written are compared by the trial of decoders');
}
