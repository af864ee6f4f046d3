import type { Tensor } from '../tensors/tensor.ts';
import { accept, type Result, refuse } from '../values/refusal.ts';
import { dtypeOfOnnx, nameOnnxType, type OnnxModel, rawTensor } from './model.ts';

/**
 * The model with some of its inputs made constants: what all items share is then part of it. Refuses
 * with `input-name`, `input-dtype` or `input-shape` what is no such input, and to leave none.
 */
export function shareInputs(
  model: OnnxModel,
  shared: ReadonlyMap<string, Tensor>,
): Result<OnnxModel> {
  const { graph } = model;
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const inputs = graph.inputs.filter(({ name }) => !constants.has(name));
  for (const [name, { dtype, shape }] of shared) {
    const input = inputs.find((each) => each.name === name);
    if (input === undefined) {
      const names = inputs.map((each) => `"${each.name}"`).join(', ');
      const message = `The model has no input "${name}" that items could share; its inputs are ${names}.`;
      return refuse('input-name', message, name);
    }
    const { type } = input;
    if (type.kind !== 'tensor' || dtypeOfOnnx(type.dataType) !== dtype) {
      const wanted = type.kind === 'tensor' ? nameOnnxType(type.dataType) : type.kind;
      const message = `Input "${name}" takes ${wanted} and the shared one is ${dtype}. Convert it first.`;
      return refuse('input-dtype', message, name);
    }
    const { dims = shape } = type;
    const fits = dims.every((size, at) => !(Number(size) >= 0) || size === shape[at]);
    if (dims.length !== shape.length || !fits) {
      const message = `Input "${name}" takes [${dims.join(', ')}] and the shared one is [${shape.join(', ')}]. Send it as the model takes it.`;
      return refuse('input-shape', message, name);
    }
  }
  if (inputs.every(({ name }) => shared.has(name))) {
    const message = 'Every input is shared, so that no item has any. Leave one out of `shared`.';
    return refuse('model-inputs-mismatch', message, 'shared');
  }
  const made = [...shared].map(([name, { dtype, shape, data }]) =>
    rawTensor(name, { dtype, dims: [...shape], data }),
  );
  return accept({
    ...model,
    graph: {
      ...graph,
      inputs: graph.inputs.filter(({ name }) => !shared.has(name)),
      initializers: [...graph.initializers, ...made],
    },
  });
}
