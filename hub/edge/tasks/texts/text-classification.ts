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
      const scores = isMultiLabel(settings, row) ? row.map(sigmoid) : softmax(row);
      return { labels: rank(scores, topK).map(nameWith(labels)) };
    });
  },
};

const isMultiLabel = ({ config = {} }: Settings, row: readonly number[]): boolean =>
  config['problem_type'] === 'multi_label_classification' || row.length === 1;
