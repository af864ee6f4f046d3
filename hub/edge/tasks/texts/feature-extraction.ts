import { accept, refuse } from '#protocol/values/refusal.ts';
import { findOutput, findSequence, keep, lacks, withRows } from '../heads.ts';
import type { TextTask } from '../port.ts';
import type { Settings } from '../repository.ts';
import { embed } from '../rows.ts';

const POOLINGS = [
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_lasttoken', 'last-token'],
] as const;

const CHOICES = { cls: 'first', mean: 'mean', 'last-token': 'last' } as const;

/** A vector of a text, made in the graph as the repository or the developer says. */
export const featureExtraction: TextTask = {
  options: ['pooling', 'normalize'],
  addHead(model, { options, settings }) {
    const whole = findOutput(model, 'sentence_embedding');
    if (whole !== undefined && options.pooling === undefined && options.normalize === undefined) {
      return accept(keep(model, whole));
    }
    const rows =
      findOutput(model, 'last_hidden_state') ??
      findOutput(model, 'token_embeddings') ??
      findSequence(model);
    if (rows === undefined) return lacks(model, 'with a vector for each token (last_hidden_state)');
    const pooling = options.pooling ?? poolingOf(settings);
    if (pooling === 'none') return accept(keep(model, rows));
    if (pooling !== 'cls' && !model.graph.inputs.some(({ name }) => name === 'attention_mask')) {
      const message = `The model has no input "attention_mask", without which the ${pooling} of its tokens is not known. Set pooling to cls or none.`;
      return refuse('model-inputs-mismatch', message, 'task.pooling');
    }
    const normalize = options.normalize ?? settings.modules?.includes('Normalize') ?? false;
    return withRows(model, {
      ...{ rows: rows.name, guide: 'attention_mask', output: 'embedding' },
      ...{ choice: CHOICES[pooling], normalize },
    });
  },
  openAnswers: () => embed,
};

const poolingOf = ({ pooling = {} }: Settings) =>
  POOLINGS.find(([field]) => pooling[field] === true)?.[1] ?? 'mean';
