import type { Tensor, TensorSpec } from '#protocol/tensors/tensor.ts';

/** One uploaded file, under the name it had on the developer's disk. */
export interface InputFile {
  name: string;
  bytes: Uint8Array;
}

/** All items of a job, and how they are cut into units. */
export interface JobInputs {
  items: number;
  unitItems: number;
  /** One unit's inputs in the order of the model, shapes fixed. */
  specs: readonly TensorSpec[];
  /** By input name, in the order of the specs: the items of each end to end. */
  tensors: ReadonlyMap<string, Tensor>;
}
