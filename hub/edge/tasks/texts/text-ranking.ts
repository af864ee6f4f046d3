import { keepLogits } from '../heads.ts';
import type { TextTask } from '../port.ts';
import { eachRow } from '../rows.ts';
import { sigmoid } from '../scores.ts';

/** How well a document fits a query. */
export const textRanking: TextTask = {
  options: [],
  pairs: 'always',
  addHead: keepLogits,
  openAnswers: () => eachRow(({ row: [score = Number.NaN] }) => ({ score: sigmoid(score) })),
};
