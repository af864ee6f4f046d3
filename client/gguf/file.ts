import type { BlockFormat } from './formats.ts';

/** A value of the metadata. Whole numbers past 2^53 are refused when the file is read. */
export type GgufValue = number | string | boolean | (number | string | boolean)[];

/** A tensor of a GGUF file. */
export interface GgufTensor {
  name: string;
  /** Rows last, as numpy and ONNX count them: the file has them the other way around. */
  shape: number[];
  format: BlockFormat;
  /** A view of the file. */
  data: Uint8Array;
}

/** A GGUF file as it is read: what is said of the model, and its tensors by name. */
export interface GgufFile {
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: ReadonlyMap<string, GgufTensor>;
}
