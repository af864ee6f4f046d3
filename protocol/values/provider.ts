import * as v from 'valibot';
import { Count } from './units.ts';

/**
 * How a device runs a model, as onnxruntime-web names it. A device offers WebNN by what it computes on
 * there; a list that says `webnn` means any of these.
 */
export const Provider = v.picklist([
  'wasm',
  'webgpu',
  'webnn',
  'webnn-npu',
  'webnn-gpu',
  'webnn-cpu',
]);
export type Provider = v.InferOutput<typeof Provider>;

/** Whether a list of providers names this one. */
export const hasProvider = (list: readonly Provider[], provider: Provider): boolean =>
  list.includes(provider) || (isWebnn(provider) && list.includes('webnn'));

/** Whether a provider hands the model to WebNN. */
export const isWebnn = (provider: Provider): boolean => provider.startsWith('webnn');

/** What a provider computes on: a processor, an NPU, or a graphics processor by its driver's words. */
export function hardwareOf(provider: Provider, adapter: string | undefined): string {
  if (provider === 'wasm' || provider === 'webnn-cpu') return 'cpu';
  return provider === 'webnn-npu' ? 'npu' : adapter || 'unknown';
}

/** What became of a model's graph where a provider takes a part of it: the rest runs on wasm. */
export const Partition = v.strictObject({
  nodes: Count,
  taken: Count,
  /** Pieces that the taken nodes fall into: between them data go to and fro. */
  parts: Count,
});
export type Partition = v.InferOutput<typeof Partition>;
