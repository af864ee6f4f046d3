import { intAttribute } from '../onnx/model.ts';
import { type Build, integers } from './build.ts';
import { headSize } from './config.ts';

/** Cosines and sines of the positions at hand, f32 [batch, 1, sequence, headDim]. */
export interface Rotation {
  cosines: string;
  sines: string;
}

/** Looks up the angles of `position_ids`: position × theta^(−2i ÷ headDim), both halves alike. */
export function addRotation(build: Build): Rotation {
  const { graph, config } = build;
  const half = headSize(config) / 2;
  const angles = Array.from({ length: config.max_position_embeddings * half }, (_, at) => {
    const exponent = (2 * (at % half)) / headSize(config);
    return Math.floor(at / half) / config.rope_theta ** exponent;
  });
  const look = (name: string, values: number[]) => {
    const dims = [config.max_position_embeddings, half];
    const table = graph.floats(name, dims, Float32Array.from(values));
    const row = graph.node('Gather', [table, 'position_ids']);
    const both = graph.node('Concat', [row, row], { attributes: [intAttribute('axis', -1)] });
    return graph.node('Unsqueeze', [both, integers(build, 1)]);
  };
  return {
    cosines: look('rotary.cosines', angles.map(Math.cos)),
    sines: look('rotary.sines', angles.map(Math.sin)),
  };
}

/** Turns pairs (i, i + headDim ÷ 2) of f32 [batch, heads, sequence, headDim]. */
export function rotate({ graph }: Build, input: string, { cosines, sines }: Rotation): string {
  const last = [intAttribute('axis', -1)];
  const halves = ['first', 'second'].map((half) => `${input}.${half}`);
  const [first = '', second = ''] = halves;
  graph.node('Split', [input], { attributes: last, output: first, more: [second] });
  const turned = graph.node('Concat', [graph.node('Neg', [second]), first], { attributes: last });
  const parts = [graph.node('Mul', [input, cosines]), graph.node('Mul', [turned, sines])];
  return graph.node('Add', parts);
}
