import type { Decoder, Steps } from '../models/decoder.ts';
import type { GraphOptimization, Runtime } from '../models/package.ts';
import type { TensorSpec } from '../tensors/tensor.ts';
import type { Partition, Provider } from '../values/provider.ts';
import type { Refusal } from '../values/refusal.ts';
import type { Millis } from '../values/units.ts';

/** How a compute worker runs a model on batches of one shape. */
export interface LoadGraph {
  kind: 'graph';
  graphOptimization: GraphOptimization;
  /** Fixed shapes. `outputs` is absent while they are being found out. */
  inputs: readonly TensorSpec[];
  outputs?: readonly TensorSpec[];
  /** Names of outputs that are taps. */
  taps?: readonly string[];
}

/** How a compute worker runs a model that writes text. */
export interface LoadDecoder {
  kind: 'decode';
  graphOptimization: GraphOptimization;
  inputs: readonly TensorSpec[];
  decoder: Decoder;
  steps: Steps;
}

/** How a compute worker runs a model, by the kind of its job. */
export type LoadRuntime = LoadGraph | LoadDecoder;

/** A `WebAssembly.Module`, named here without a DOM. */
export type CompiledRuntime = object;

/** How a compute worker runs the model of a package. */
export function loadRuntime(runtime: Runtime): LoadRuntime {
  const { reference, inputs, outputs, taps } = runtime;
  const shared = { graphOptimization: reference.graphOptimization, inputs };
  if (runtime.kind === 'decode') {
    const { kind, decoder, steps } = runtime;
    return { kind, ...shared, decoder, steps };
  }
  return { kind: runtime.kind, ...shared, outputs, taps: taps.map(({ name }) => name) };
}

/**
 * Spoken over `postMessage` with a compute worker, which holds one session of one model at most.
 * Both ends ship in one build, so the types are the check. Byte arrays are transferred, never
 * copied. A compute worker is freed by `terminate()`: `release()` was seen to free nothing.
 */
export type ComputeRequest =
  | {
      type: 'load';
      model: Uint8Array<ArrayBuffer>;
      provider: Provider;
      threads: number;
      runtime: LoadRuntime;
      /** The runtime's wasm, where it was fetched and compiled before; else the worker does so. */
      compiled?: CompiledRuntime;
    }
  /** Takes so much memory and writes to all of it; the worker is of no other use. */
  | { type: 'prove'; bytes: number }
  | {
      type: 'run';
      /** Chosen by the caller, echoed in the answers. */
      run: number;
      unitCount: number;
      /** `unitCount` × unit input bytes. */
      inputs: Uint8Array<ArrayBuffer>;
      /**
       * `unitCount` × unit output bytes that somebody says come out. The run comes to the same bytes
       * with them as without, from nothing that was kept, and is quicker where they are right.
       */
      claims?: Uint8Array<ArrayBuffer>;
    };

/** The taps of a run, unit by unit; every value is a number (`settleTaps`). */
export interface RanTaps {
  /** Shapes found, in the order asked for. */
  specs: readonly TensorSpec[];
  /** `unitCount` × unit tap bytes. */
  bytes: Uint8Array<ArrayBuffer>;
  /** 32 bytes of SHA-256 per unit, end to end. */
  digests: Uint8Array<ArrayBuffer>;
}

/** What a compute worker answers. */
export type ComputeReply =
  | {
      type: 'loaded';
      /** What the provider took of the graph, where the runtime said it. */
      partition?: Partition;
      /** Bytes of the runtime's heap, which only grows, where the platform lets it be read. */
      heapBytes?: number;
    }
  /** The memory was to be had. */
  | { type: 'proven' }
  /** One unit done; sent at most every 100 ms, for progress only. */
  | { type: 'progress'; run: number; unitsDone: number }
  | {
      type: 'ran';
      run: number;
      /** Shapes found; equal to those asked for, where they were given. */
      outputs: readonly TensorSpec[];
      /** `unitCount` × unit output bytes, canonical (one bit pattern for NaN). */
      bytes: Uint8Array<ArrayBuffer>;
      /** 32 bytes of SHA-256 per unit, end to end. */
      digests: Uint8Array<ArrayBuffer>;
      /** Where there are taps. */
      taps?: RanTaps;
      computeMs: Millis;
      /** As in `loaded`. */
      heapBytes?: number;
    }
  /** `unit`: the place of the unit in the run that failed, where the runtime said so of one. */
  | { type: 'failed'; run?: number; unit?: number; refusal: Refusal };

/** What the runtime or the compute worker says of one unit: a worker on wasm is none the worse. */
export const isOfOneUnit = ({ code }: Refusal): boolean =>
  code === 'model-run-failed' || code === 'model-outputs-unsupported';
