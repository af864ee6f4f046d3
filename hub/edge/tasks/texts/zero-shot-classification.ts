import { groupRows } from '#protocol/onnx/rows.ts';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import { accept, refuse } from '#protocol/values/refusal.ts';
import { withOutput } from '../heads.ts';
import type { TextTask } from '../port.ts';
import { eachRow, type Row, splitRow } from '../rows.ts';
import { type Labels, labelsOf, nameWith, rank, softmax } from '../scores.ts';

/** What a label is put into, as in Hugging Face's pipelines. */
const HYPOTHESIS = 'This example is {}.';

/** Which of the developer's labels follow from a text: an item has a row for each. */
export const zeroShotClassification: TextTask = {
  options: ['labels', 'hypothesis', 'multiLabel', 'topK'],
  pairs: 'never',
  checkOptions({ labels }) {
    if (labels !== undefined) return undefined;
    const message =
      'zero-shot-classification needs what texts may be about: "labels": ["sport", "politics"]';
    return refuse('request-invalid', message, 'task.labels');
  },
  pairsOf: ({ labels = [], hypothesis = HYPOTHESIS }) =>
    labels.map((label) => hypothesis.replace('{}', () => label)),
  addHead: (model, { options, length }) =>
    withOutput(model, 'logits', ({ name }) =>
      accept(
        groupRows(model, {
          inputs: model.graph.inputs.map((input) => input.name),
          ...{ output: name, rows: options.labels?.length ?? 1, length },
        }),
      ),
    ),
  openAnswers({ options, settings }) {
    const labels = labelsOf(settings);
    return eachRow((row) => ({ labels: judgeLabels(row, options, labels) }));
  },
};

/** By the model's logits for each label. */
function judgeLabels({ row, width }: Row, options: TaskOptions, names: Labels): object[] {
  const { labels = [], multiLabel, topK } = options;
  const kinds = Array.from({ length: width }, (_, index) => names(index).toLowerCase());
  const find = (kind: string) => kinds.findIndex((name) => name.startsWith(kind));
  // As in transformers.js: the last, or the first, where a model does not say.
  const yes = find('entail') < 0 ? width - 1 : find('entail');
  const no = Math.max(0, find('contra'));
  const logits = splitRow(row, width);
  const scores =
    multiLabel === true || labels.length === 1
      ? logits.map((each) => softmax([each[no] ?? 0, each[yes] ?? 0])[1] ?? 0)
      : softmax(logits.map((each) => each[yes] ?? 0));
  return rank(scores, topK ?? labels.length).map(nameWith((index) => labels[index] ?? ''));
}
