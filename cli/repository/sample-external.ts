import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { ONNX_DTYPES } from '#protocol/onnx/model.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import { must } from '#protocol/values/refusal.ts';

/** y = x + w for tests, where the three numbers of w lie in another file. */
export function sampleExternal(location: string): Uint8Array<ArrayBuffer> {
  const add = { op: 'Add', inputs: ['x', 'w'], output: 'y' };
  const model = must(decodeOnnx(sampleModel([add], { width: 3 })));
  const w = {
    ...{ name: 'w', dataType: ONNX_DTYPES.f32, dims: [3], storage: 'raw' as const },
    ...{ data: new Uint8Array(), external: { location, offset: 0, length: 12 } },
  };
  return new Uint8Array(encodeOnnx({ ...model, graph: { ...model.graph, initializers: [w] } }));
}
