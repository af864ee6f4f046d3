import type { OnnxModel, OnnxValue } from '#protocol/onnx/model.ts';
import { chooseRows, groupRows } from '#protocol/onnx/rows.ts';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { Settings } from './repository.ts';

/** What a graph gives for a task, beside what the developer and the repository say. */
export interface HeadOptions {
  options: TaskOptions;
  settings: Settings;
  /** Tokens of a row. */
  length: number;
  /** The token to be found, where the model has one. */
  mask: number | undefined;
}

type Pooling = NonNullable<TaskOptions['pooling']>;

/** Operators that rows are chosen with are of this opset. */
const OPSET_LEAST = 11;
const POOLINGS: readonly [string, Pooling][] = [
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_lasttoken', 'last-token'],
];

/**
 * The model for a task, with what a phone is to send as its one output: a vector of a text and not
 * those of its tokens, scores of the word to be found and not of all.
 */
export function addHead(model: OnnxModel, head: HeadOptions): Result<OnnxModel> {
  switch (head.options.name) {
    case 'feature-extraction':
      return addEmbedding(model, head);
    case 'fill-mask':
      return withOutput(model, 'logits', ({ name }) =>
        head.mask === undefined
          ? refuse(
              'model-format',
              'The tokenizer has no mask token, so there is nothing to fill. Send a model of fill-mask.',
              'model',
            )
          : withRows(model, {
              ...{ rows: name, guide: 'input_ids', output: 'scores' },
              choice: { token: head.mask },
            }),
      );
    case 'zero-shot-classification':
      return withOutput(model, 'logits', ({ name }) =>
        accept(
          groupRows(model, {
            inputs: model.graph.inputs.map((input) => input.name),
            ...{ output: name, rows: head.options.labels?.length ?? 1, length: head.length },
          }),
        ),
      );
    default:
      return withOutput(model, 'logits', (output) => accept(keep(model, output)));
  }
}

function addEmbedding(model: OnnxModel, { options, settings }: HeadOptions): Result<OnnxModel> {
  const { outputs } = model.graph;
  const whole = outputs.find(({ name }) => name === 'sentence_embedding');
  if (whole !== undefined && options.pooling === undefined && options.normalize === undefined) {
    return accept(keep(model, whole));
  }
  const rows =
    outputs.find(({ name }) => name === 'last_hidden_state' || name === 'token_embeddings') ??
    outputs.find(({ type }) => type.kind === 'tensor' && type.dims?.length === 3);
  if (rows === undefined) {
    const names = outputs.map(({ name }) => `"${name}"`).join(', ');
    const message = `The model has no output with a vector for each token (last_hidden_state); it has ${names}. Export it for feature-extraction.`;
    return refuse('model-outputs-unsupported', message.slice(0, 600));
  }
  const pooling = options.pooling ?? poolingOf(settings);
  if (pooling === 'none') return accept(keep(model, rows));
  const choice = ({ cls: 'first', mean: 'mean', 'last-token': 'last' } as const)[pooling];
  if (choice !== 'first' && !model.graph.inputs.some(({ name }) => name === 'attention_mask')) {
    const message = `The model has no input "attention_mask", without which the ${pooling} of its tokens is not known. Set pooling to cls or none.`;
    return refuse('model-inputs-mismatch', message, 'task.pooling');
  }
  const normalize = options.normalize ?? settings.modules?.includes('Normalize') ?? false;
  return withRows(model, {
    ...{ rows: rows.name, guide: 'attention_mask', output: 'embedding' },
    ...{ choice, normalize },
  });
}

const poolingOf = ({ pooling = {} }: Settings): Pooling =>
  POOLINGS.find(([field]) => pooling[field] === true)?.[1] ?? 'mean';

function withRows(model: OnnxModel, options: Parameters<typeof chooseRows>[1]): Result<OnnxModel> {
  const opset = model.opsetImports.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  if ((opset?.version ?? 0) >= OPSET_LEAST) return accept(chooseRows(model, options));
  const message = `The model uses opset ${opset?.version ?? 0}, and this task adds operators of opset ${OPSET_LEAST}. In Python: onnx.version_converter.convert_version(model, 17).`;
  return refuse('model-opset', message);
}

/** Goes on with the output of this name, or with the only one. */
function withOutput(
  { graph: { outputs } }: OnnxModel,
  name: string,
  go: (output: OnnxValue) => Result<OnnxModel>,
): Result<OnnxModel> {
  const [first, second] = outputs;
  const output = outputs.find((each) => each.name === name) ?? (second ? undefined : first);
  if (output !== undefined) return go(output);
  const names = outputs.map((each) => `"${each.name}"`).join(', ');
  const message = `The model has no output "${name}", by which this task is known; it has ${names}. Export it for the task.`;
  return refuse('model-outputs-unsupported', message.slice(0, 600));
}

const keep = (model: OnnxModel, output: OnnxValue): OnnxModel => ({
  ...model,
  graph: { ...model.graph, outputs: [output] },
});
