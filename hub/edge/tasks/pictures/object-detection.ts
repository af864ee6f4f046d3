import { accept } from '#protocol/values/refusal.ts';
import type { Size } from '../../inputs/picture.ts';
import { findOutput, keep, lacks } from '../heads.ts';
import type { Answerer, PictureTask } from '../port.ts';
import { rowsOf, splitRow } from '../rows.ts';
import { type Labels, labelsOf, rank, softmax } from '../scores.ts';

const THRESHOLD = 0.9;
/** Of a box: where its middle is, and how wide and high it is. */
const BOX = 4;

/** Objects in a picture, as DETR and YOLOS tell them: classes and a box for each query. */
export const objectDetection: PictureTask = {
  options: ['threshold', 'percentage'],
  isSized: ({ percentage }) => percentage !== true,
  addHead(model) {
    const [logits, boxes] = ['logits', 'pred_boxes'].map((name) => findOutput(model, name));
    if (logits === undefined) return lacks(model, '"logits", by which this task is known');
    if (boxes === undefined) return lacks(model, '"pred_boxes", by which this task is known');
    return accept(keep(model, logits, boxes));
  },
  openAnswers({ options: { threshold = THRESHOLD }, settings }) {
    const labels = labelsOf(settings);
    const { sizes } = settings;
    const answer: Answerer = ({ outputs, from }) => {
      const [logits, boxes] = [outputs.get('logits'), outputs.get('pred_boxes')];
      if (logits === undefined || boxes === undefined) return [];
      const classes = logits.shape.at(-1) ?? 1;
      const boxRows = rowsOf(boxes);
      return rowsOf(logits).map((row, at) => {
        const found = { scores: splitRow(row, classes), boxes: splitRow(boxRows[at] ?? [], BOX) };
        return { objects: nameObjects(found, { labels, threshold, size: sizes?.[from + at] }) };
      });
    };
    return answer;
  },
};

interface Found {
  scores: readonly number[][];
  boxes: readonly number[][];
}

interface Naming {
  labels: Labels;
  threshold: number;
  /** Without it boxes are in parts of the picture. */
  size: Size | undefined;
}

/** Those whose likeliest class is one, and not the last, which is nothing. */
function nameObjects({ scores, boxes }: Found, { labels, threshold, size }: Naming): object[] {
  return scores.flatMap((row, at) => {
    const [best] = rank(softmax(row), 1);
    if (best === undefined || best.index === row.length - 1 || best.score < threshold) return [];
    return [{ score: best.score, label: labels(best.index), box: placeBox(boxes[at] ?? [], size) }];
  });
}

function placeBox([x = 0, y = 0, width = 0, height = 0]: readonly number[], size?: Size) {
  const corners = {
    ...{ xmin: x - width / 2, ymin: y - height / 2 },
    ...{ xmax: x + width / 2, ymax: y + height / 2 },
  };
  if (size === undefined) return corners;
  return {
    xmin: Math.trunc(corners.xmin * size.width),
    ymin: Math.trunc(corners.ymin * size.height),
    xmax: Math.trunc(corners.xmax * size.width),
    ymax: Math.trunc(corners.ymax * size.height),
  };
}
