import * as v from 'valibot';

/** How a device runs a model, as onnxruntime-web names it. */
export const Provider = v.picklist(['wasm', 'webgpu', 'webnn']);
export type Provider = v.InferOutput<typeof Provider>;
