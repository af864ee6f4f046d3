import { keepLogits } from '../heads.ts';
import type { PictureTask } from '../port.ts';
import { eachRow } from '../rows.ts';
import { labelsOf, nameWith, rank, softmax } from '../scores.ts';

const TOP_CLASSES = 5;

/** The likeliest classes of a picture. */
export const imageClassification: PictureTask = {
  options: ['topK'],
  addHead: keepLogits,
  openAnswers({ options: { topK = TOP_CLASSES }, settings }) {
    const labels = labelsOf(settings);
    return eachRow(({ row }) => ({ labels: rank(softmax(row), topK).map(nameWith(labels)) }));
  },
};
