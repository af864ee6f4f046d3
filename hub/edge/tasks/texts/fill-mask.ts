import { must, refuse } from '#protocol/values/refusal.ts';
import { withOutput, withRows } from '../heads.ts';
import type { TextTask } from '../port.ts';
import { eachRow } from '../rows.ts';
import { rank, softmax } from '../scores.ts';
import { openTokenizer } from '../tokenizer.ts';

const TOP_WORDS = 5;

/** The likeliest words in the place of a mask. */
export const fillMask: TextTask = {
  options: ['topK'],
  pairs: 'never',
  checkText({ ids }, { at }, { mask, maskText }) {
    const masks = ids.filter((id) => id === mask).length;
    if (masks === 1) return undefined;
    const message = `${at} has ${masks} times ${maskText}, and each text has one word to be found; write it where that word is`;
    return refuse('input-format', message, at);
  },
  addHead: (model, { mask }) =>
    withOutput(model, 'logits', ({ name }) =>
      mask === undefined
        ? refuse(
            'model-format',
            'The tokenizer has no mask token, so there is nothing to fill. Send a model of fill-mask.',
            'model',
          )
        : withRows(model, {
            ...{ rows: name, guide: 'input_ids', output: 'scores' },
            choice: { token: mask },
          }),
    ),
  openAnswers({ options: { topK = TOP_WORDS }, settings }) {
    const tokenizer = must(openTokenizer(settings));
    return eachRow(({ row, ids }) => ({
      tokens: rank(softmax(row), topK).map(({ index, score }) => ({
        ...{ score, token: index, token_str: tokenizer.decode([index]) },
        sequence: tokenizer.decode(
          ids.map((id) => (id === tokenizer.mask ? index : id)),
          true,
        ),
      })),
    }));
  },
};
