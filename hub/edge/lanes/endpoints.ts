import { randomBytes } from 'node:crypto';
import type { RequestCall } from '#protocol/api/job.ts';
import { ModerationRequest, sayModeration } from '#protocol/openai/moderations.ts';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { countTexts, type ReadBody, readBody } from '../batches/batch-lines.ts';
import { type BatchAnswers, sayAnswers } from '../batches/print-batch.ts';
import type { Settings } from '../tasks/repository.ts';
import { rowsOf } from '../tasks/rows.ts';
import { labelsOf, sigmoid } from '../tasks/scores.ts';
import { isMultiLabel } from '../tasks/texts/text-classification.ts';
import type { TextTokenizer } from '../tasks/tokenizer.ts';

/** What is known of the model of a request. */
export interface AskedModel {
  name: string;
  tokenizer: TextTokenizer;
  settings: Settings;
}

/** A call of OpenAI's API that asks a model about texts. */
interface Endpoint {
  /** What the job of its requests is posted for. */
  task: TaskOptions;
  read(body: unknown, model: AskedModel): ReadBody;
  /** The body of the answer. */
  say(answers: BatchAnswers, model: AskedModel): unknown;
}

/** Calls whose texts are rows of one run; `prompts.ts` has the others. */
export type TextCall = Exclude<RequestCall, 'completions'>;

/** All such calls. */
export const ENDPOINTS = {
  embeddings: {
    task: { name: 'feature-extraction', overLength: 'refuse' },
    read: (body, { name, tokenizer }) => readBody(body, { model: name, tokenizer }),
    say: (answers) => [...sayAnswers(answers)][0]?.body,
  },
  moderations: {
    task: { name: 'text-classification', overLength: 'refuse' },
    read: readModeration,
    say: (answers, model) => ({
      id: `modr-${randomBytes(12).toString('hex')}`,
      model: model.name,
      results: readScores(answers.vectors, model.settings).map(sayModeration),
    }),
  },
} as const satisfies Record<TextCall, Endpoint>;

function readModeration(body: unknown, model: AskedModel): ReadBody {
  const request = decodeWith(ModerationRequest, body);
  if (!request.ok) return { code: 'invalid_request', message: `body: ${request.refusal.message}` };
  if (!isMultiLabel(model.settings)) {
    const message = `${model.name} finds the one class of a text, and moderation needs a model in whose config.json problem_type is multi_label_classification; post a job with the task text-classification`;
    return { code: 'invalid_request', message };
  }
  const { input } = request.value;
  const counted = countTexts(typeof input === 'string' ? [input] : input, model.tokenizer);
  if ('code' in counted) return counted;
  const { texts, tokens, longest } = counted;
  return { line: { texts: texts.length, tokens, encoding: 'float' }, texts, longest };
}

/** Scores by the names of classes, text by text. */
function readScores(logits: Tensor, settings: Settings): Record<string, number>[] {
  const labels = labelsOf(settings);
  return rowsOf(logits).map((row) =>
    Object.fromEntries(row.map((value, at) => [labels(at), sigmoid(value)])),
  );
}
