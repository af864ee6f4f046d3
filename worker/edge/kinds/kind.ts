import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { ComputeReply, ComputeRequest, LoadRuntime } from '#protocol/messages/compute.ts';
import type { Partition } from '#protocol/values/provider.ts';
import type { typedView } from '../tensor-bytes.ts';

/** The part of onnxruntime-web that a compute worker uses; each entry passes its own bundle. */
export interface Runtime {
  env: { wasm: { numThreads?: number | undefined } };
  InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  Tensor: new (
    type: Tensor.Type,
    data: ReturnType<typeof typedView>,
    dims: readonly number[],
  ) => Tensor;
}

/** What a compute worker needs of its platform. */
export interface ComputePorts {
  runtime: Runtime;
  /** Before a model is loaded; in Node there is nothing to do. */
  prepare?(request: LoadRequest): Promise<void>;
  /**
   * Listens to what the runtime says while it loads a model by WebNN; what is called then gives the
   * partition, where it was said.
   */
  hearPartition?(): () => Partition | undefined;
  /** SHA-256; at once, or by a thread of the platform while the next unit runs. */
  digest(bytes: Uint8Array<ArrayBuffer>): Uint8Array | Promise<Uint8Array>;
  /** Bytes of the runtime's heap, where the platform lets it be read. */
  heapBytes?(): number;
  reply(message: ComputeReply, transfer: ArrayBuffer[]): void;
  /** Between two units, where the thread that computes has more to do; what it throws ends the run. */
  breathe?(): Promise<void>;
  /** A clock that only goes forward, ms. */
  clock(): number;
  /**
   * Lets the platform look up between two units. A browser ends a worker at once only then; one that
   * computes on it ends after two seconds. Node needs none of it.
   */
  lookUp?(): Promise<void>;
}

/** A load, of any kind or of one. */
export type LoadRequest<K extends LoadRuntime = LoadRuntime> = Omit<
  Extract<ComputeRequest, { type: 'load' }>,
  'runtime'
> & { runtime: K };
/** A run of a model that is loaded. */
export type RunRequest = Extract<ComputeRequest, { type: 'run' }>;

/** One unit of a run failed: its place in the run, and whatever was thrown. */
export class UnitFault extends Error {
  readonly unit: number;
  constructor(unit: number, cause: unknown) {
    super(`unit ${unit} of a run failed`, { cause });
    this.name = 'UnitFault';
    this.unit = unit;
  }
}

/** Runs units one after another and replies `ran`. Throws a `UnitFault` where one fails. */
export type RunUnits = (request: RunRequest) => Promise<void>;

/** What a reply says of the heap, where it can be read. */
export const heapOf = (ports: ComputePorts): { heapBytes?: number } => {
  const heapBytes = ports.heapBytes?.();
  return heapBytes === undefined ? {} : { heapBytes };
};
