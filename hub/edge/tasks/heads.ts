import type { OnnxModel, OnnxValue } from '#protocol/onnx/model.ts';
import { chooseRows } from '#protocol/onnx/rows.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

/** Operators that rows are chosen with are of this opset. */
const OPSET_LEAST = 11;

/** The model with one row of an output as its one output. */
export function withRows(
  model: OnnxModel,
  options: Parameters<typeof chooseRows>[1],
): Result<OnnxModel> {
  const opset = model.opsetImports.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  if ((opset?.version ?? 0) >= OPSET_LEAST) return accept(chooseRows(model, options));
  const message = `The model uses opset ${opset?.version ?? 0}, and this task adds operators of opset ${OPSET_LEAST}. In Python: onnx.version_converter.convert_version(model, 17).`;
  return refuse('model-opset', message);
}

/** Goes on with the output of this name, or with the only one. */
export function withOutput(
  model: OnnxModel,
  name: string,
  go: (output: OnnxValue) => Result<OnnxModel>,
): Result<OnnxModel> {
  const [first, second] = model.graph.outputs;
  const output = findOutput(model, name) ?? (second ? undefined : first);
  return output === undefined ? lacks(model, `"${name}", by which this task is known`) : go(output);
}

/** The model with its logits alone. */
export const keepLogits = (model: OnnxModel): Result<OnnxModel> =>
  withOutput(model, 'logits', (output) => accept(keep(model, output)));

/** The output of this name. */
export const findOutput = ({ graph }: OnnxModel, name: string): OnnxValue | undefined =>
  graph.outputs.find((each) => each.name === name);

/** The first output that has a row for each part of an item: [items, parts, width]. */
export const findSequence = ({ graph }: OnnxModel): OnnxValue | undefined =>
  graph.outputs.find(({ type }) => type.kind === 'tensor' && type.dims?.length === 3);

/** The model with these outputs alone. */
export const keep = (model: OnnxModel, ...outputs: readonly OnnxValue[]): OnnxModel => ({
  ...model,
  graph: { ...model.graph, outputs: [...outputs] },
});

/** Refuses a model that lacks an output. */
export function lacks({ graph }: OnnxModel, what: string): Result<never> {
  const names = graph.outputs.map(({ name }) => `"${name}"`).join(', ');
  const message = `The model has no output ${what}; it has ${names}. Export it for the task.`;
  return refuse('model-outputs-unsupported', message.slice(0, 600));
}
