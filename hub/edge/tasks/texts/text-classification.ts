import { keepLogits } from '../heads.ts';
import type { TextTask } from '../port.ts';
import type { Settings } from '../repository.ts';
import { eachRow } from '../rows.ts';
import { labelsOf, nameWith, rank, sigmoid, softmax } from '../scores.ts';

/** The likeliest classes of a text. */
export const textClassification: TextTask = {
  options: ['topK'],
  addHead: keepLogits,
  openAnswers({ options: { topK = 1 }, settings }) {
    const labels = labelsOf(settings);
    return eachRow(({ row }) => {
      const isMulti = row.length === 1 || isMultiLabel(settings);
      const scores = isMulti ? row.map(sigmoid) : softmax(row);
      return { labels: rank(scores, topK).map(nameWith(labels)) };
    });
  },
};

/** Whether several classes may be true of one text. */
export const isMultiLabel = ({ config = {} }: Settings): boolean =>
  config['problem_type'] === 'multi_label_classification';
