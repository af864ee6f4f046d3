import sharp from 'sharp';
import { isPictureTask, type TaskOptions } from '#protocol/tasks/task.ts';

/** A file of inputs. */
export interface CaseFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** What is asked of the small model of a task, both here and of transformers.js. */
export interface TaskCase {
  task: TaskOptions;
  /** Of a task of texts: a text, or a query and a document. */
  lines: readonly (string | { query: string; document: string })[];
  /** Options of the pipeline that asks the same. */
  pipeline: Readonly<Record<string, unknown>>;
  /**
   * It is in trials alone: another case computes the same, and `hub/edge/tasks/answers.test.ts` tests
   * what is said of the numbers.
   */
  onlyTried?: true;
}

const TEXTS = ['The cat sat on the mat.', 'I love this film! It was very good and not bad', 'a'];
const TOPICS = ['sport', 'politics', 'cat'];
const ZERO_SHOT = 'zero-shot-classification';

/** By names of their own. */
export const CASES: Readonly<Record<string, TaskCase>> = {
  mean: {
    ...{ task: { name: 'feature-extraction', normalize: true }, lines: TEXTS },
    pipeline: { pooling: 'mean', normalize: true },
  },
  classes: {
    ...{ task: { name: 'text-classification', topK: 3 }, lines: TEXTS },
    ...{ pipeline: { top_k: 3 }, onlyTried: true },
  },
  tokens: { task: { name: 'token-classification' }, lines: TEXTS, pipeline: {} },
  words: {
    task: { name: 'fill-mask' },
    ...{ lines: ['The [MASK] sat on the mat.', 'i [MASK] it'], pipeline: {} },
  },
  one: { task: { name: ZERO_SHOT, labels: TOPICS }, lines: TEXTS, pipeline: {} },
  several: {
    task: { name: ZERO_SHOT, labels: TOPICS.slice(0, 2), multiLabel: true },
    ...{ lines: TEXTS, pipeline: { multi_label: true }, onlyTried: true },
  },
  ranks: {
    task: { name: 'text-ranking' },
    lines: [
      { query: 'the cat', document: 'a dog' },
      { query: 'i', document: 'love it' },
    ],
    pipeline: {},
  },
  pictures: { task: { name: 'image-classification' }, lines: [], pipeline: {} },
  views: {
    ...{ task: { name: 'image-feature-extraction' }, lines: [], pipeline: { pool: true } },
  },
  objects: {
    ...{ task: { name: 'object-detection', threshold: 0.99 }, lines: [] },
    pipeline: { threshold: 0.99 },
  },
};

const SIZE = { width: 60, height: 40, channels: 3 } as const;

/** Those that are posted to a grid in a test, with what the pipelines said of them before. */
export const RECORDED = Object.entries(CASES).filter(([, { onlyTried }]) => onlyTried !== true);

/** Pictures of 60 × 40 pixels: waves of colours that no two of them share. */
export const PICTURES: readonly CaseFile[] = await Promise.all(
  ['a.png', 'b.png', 'c.png'].map(draw),
);

async function draw(name: string, number: number): Promise<CaseFile> {
  const { width, height, channels } = SIZE;
  const colours = Uint8Array.from({ length: width * height * channels }, (_, at) => {
    const [x, y] = [Math.floor(at / channels) % width, Math.floor(at / (channels * width))];
    const wave = (x * (number + 1)) / 7 + y / (3 + (at % channels));
    return Math.round(127.5 + 127.5 * Math.sin(number === 1 ? wave * 0.4 : wave));
  });
  const bytes = await sharp(colours, { raw: SIZE }).png().toBuffer();
  return { name, bytes: new Uint8Array(bytes) };
}

/** The files of inputs of a case, as a developer sends them. */
export function filesOf({ task, lines }: TaskCase): readonly CaseFile[] {
  if (isPictureTask(task.name)) return PICTURES;
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  return [{ name: 'lines.jsonl', bytes: new TextEncoder().encode(text) }];
}
