import type { Dtype, Tensor } from '#protocol/tensor.ts';

/** One uploaded file, under the name it had on the developer's disk. */
export interface InputFile {
  name: string;
  bytes: Uint8Array;
}

/**
 * One input of a model as its file states it. The first dimension counts items, whatever it says; a
 * later one is a size, or a symbol that the data decides.
 */
export interface ModelInput {
  name: string;
  dtype: Dtype;
  dims: readonly (number | string)[];
}

/** All items of a job, each tensor with its first dimension counting them. */
export interface JobInputs {
  items: number;
  /** By input name, in the order of the model's inputs. */
  tensors: Map<string, Tensor>;
}
