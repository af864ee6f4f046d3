import { castExactly } from '#protocol/tensors/cast.ts';
import { DTYPE_NAMES, specBytes, type Tensor } from '#protocol/tensors/tensor.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelInput } from '../../core/models/check.ts';
import { UNITS_BYTES_MAX } from './units.ts';

/**
 * Tensors in the dtypes of the inputs they feed, wherever no number changes by that: NumPy makes f64
 * and i64 of what is in a file, models take f32 and i32. Refuses with `input-dtype` what would have
 * to be rounded: whether that is right is for the developer to say.
 */
export function fitDtypes(
  inputs: readonly ModelInput[],
  tensors: ReadonlyMap<string, Tensor>,
): Result<Map<string, Tensor>> {
  const fitted = new Map(tensors);
  const isOnly = inputs.length === 1 && tensors.size === 1;
  for (const [source, tensor] of tensors) {
    const input = isOnly ? inputs[0] : inputs.find(({ name }) => name === source);
    if (input === undefined || input.dtype === tensor.dtype) continue;
    const { name, dtype } = input;
    // Too much for a job; the match of inputs says why the dtype does not do.
    if (specBytes({ dtype, shape: tensor.shape }) > UNITS_BYTES_MAX) continue;
    const cast = castExactly(tensor, dtype);
    if ('index' in cast) {
      const message = `Input "${name}" takes ${dtype} and "${source}" is ${tensor.dtype}, whose value ${cast.value} (number ${cast.index + 1}) is not the same as ${dtype}. Convert it if that is right: x.astype("${DTYPE_NAMES[dtype]}").`;
      return refuse('input-dtype', message, name);
    }
    fitted.set(source, cast);
  }
  return accept(fitted);
}
