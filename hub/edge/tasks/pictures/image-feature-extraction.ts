import type { OnnxModel, OnnxValue } from '#protocol/onnx/model.ts';
import { accept, refuse } from '#protocol/values/refusal.ts';
import { findOutput, findSequence, keep, lacks, withRows } from '../heads.ts';
import type { PictureTask } from '../port.ts';
import { embed } from '../rows.ts';

/** Outputs that are a vector of the picture already. */
const WHOLE = ['image_embeds', 'pooler_output'];

/** A vector of a picture: the model's own, or one made of those of its parts in the graph. */
export const imageFeatureExtraction: PictureTask = {
  options: ['pooling', 'normalize'],
  checkOptions: ({ pooling }) =>
    pooling === 'last-token'
      ? refuse('request-invalid', 'pooling of pictures is cls, mean or none', 'task.pooling')
      : undefined,
  addHead(model, { options: { pooling, normalize = false } }) {
    const whole = WHOLE.map((name) => findOutput(model, name)).find(Boolean);
    if (pooling === undefined && whole !== undefined) {
      const ends = { rows: whole.name, output: 'embedding', normalize } as const;
      return normalize ? withRows(model, { ...ends, choice: 'only' }) : accept(keep(model, whole));
    }
    const parts = findParts(model);
    if (parts === undefined) {
      return lacks(
        model,
        'with vectors of pictures (image_embeds, pooler_output, last_hidden_state)',
      );
    }
    if (pooling === 'none') return accept(keep(model, parts));
    return withRows(model, {
      ...{ rows: parts.name, output: 'embedding', normalize },
      choice: pooling === 'mean' ? 'all' : 'first',
    });
  },
  openAnswers: () => embed,
};

/** Vectors of the parts of a picture, the one of the whole first. */
function findParts(model: OnnxModel): OnnxValue | undefined {
  const named = findOutput(model, 'last_hidden_state');
  const isRows = named?.type.kind === 'tensor' && (named.type.dims?.length ?? 3) === 3;
  return isRows ? named : findSequence(model);
}
