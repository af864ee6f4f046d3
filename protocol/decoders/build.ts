import type { GraphBuilder } from '../onnx/graph.ts';
import { intAttribute, ONNX_DTYPES } from '../onnx/model.ts';
import type { DecoderConfig, DecoderPrecision, DecoderWeights } from './config.ts';

/** A decoder in the making. */
export interface Build {
  graph: GraphBuilder;
  config: DecoderConfig;
  precision: DecoderPrecision;
  weights: DecoderWeights;
  /** Constants and quantised activations made so far, by what they are made of. */
  made: Map<string, string>;
}

/** What is made once: asked for again, its name is given. */
export function once({ made }: Build, key: string, make: () => string): string {
  const name = made.get(key) ?? make();
  made.set(key, name);
  return name;
}

/** A constant number. */
export const number = (build: Build, value: number): string =>
  once(build, `number ${value}`, () =>
    build.graph.floats(`number_${value}`, [], Float32Array.of(value)),
  );

/** A constant list of whole numbers, such as a shape. */
export const integers = (build: Build, ...values: number[]): string =>
  once(build, `integers ${values}`, () =>
    build.graph.integers(`integers_${values.join('_')}`, values),
  );

/** The same numbers as f32. */
export const toFloat = ({ graph }: Build, input: string): string =>
  graph.node('Cast', [input], { attributes: [intAttribute('to', ONNX_DTYPES.f32)] });
