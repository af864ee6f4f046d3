import { must } from '#protocol/values/refusal.ts';
import { keepLogits } from '../heads.ts';
import type { TextTask } from '../port.ts';
import { eachRow, type Row, splitRow } from '../rows.ts';
import { type Labels, labelsOf, rank, softmax } from '../scores.ts';
import { openTokenizer, type TextTokenizer } from '../tokenizer.ts';

/** The label that a model of tokens gives to what is nothing. */
const NO_ENTITY = 'O';

/** The tokens that are something. */
export const tokenClassification: TextTask = {
  options: [],
  addHead: keepLogits,
  openAnswers({ settings }) {
    const tokenizer = must(openTokenizer(settings));
    const labels = labelsOf(settings);
    return eachRow((row) => ({ tokens: nameTokens(row, labels, tokenizer) }));
  },
};

/** What each is, how surely, where in the row and how it is written. */
function nameTokens({ row, width, ids }: Row, labels: Labels, tokenizer: TextTokenizer): object[] {
  const scores = splitRow(row, width);
  return ids.flatMap((id, index) => {
    const [best] = rank(softmax(scores[index] ?? []), 1);
    const entity = labels(best?.index ?? 0);
    // Tokens that the model adds have no word.
    const word = tokenizer.decode([id], true);
    return entity === NO_ENTITY || word === '' ? [] : [{ entity, score: best?.score, index, word }];
  });
}
