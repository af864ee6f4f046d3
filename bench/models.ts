import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { dtypeOfOnnx } from '#protocol/onnx/model.ts';
import type { TensorSpec } from '#protocol/tensor.ts';
import { DTYPE_BYTES, specBytes } from '#protocol/tensor.ts';
import { runCommand } from './command.ts';
import type { BenchContext } from './figure.ts';
import type { Plain } from './page/session.ts';

const MAKE_MS_MAX = 3 * 60_000;
/** Rows of the tables that whole-number inputs index into. */
const TOKENS = 1_000;
/** Set where a model leaves a dimension other than its first one free. */
const SEQUENCE = 128;

export interface BenchModel {
  name: 'digits' | 'minilm' | 'mobilenet';
  file: string;
  bytes: Uint8Array;
  /** Items per unit: what a phone takes a few milliseconds to a second for. */
  unitItems: number;
  /** Inputs of one unit. */
  inputs: TensorSpec[];
}

const UNIT_ITEMS = { digits: 64, minilm: 1, mobilenet: 1 };

/** The sample's model and the two of benchmark size, which are generated, never committed. */
export async function readModels({ folder, say }: BenchContext): Promise<BenchModel[]> {
  say('generating the benchmark models…');
  await runCommand(['npx', 'tsx', 'scripts/models/main.ts', '--out', folder], MAKE_MS_MAX);
  const files = {
    digits: 'public/sample/digits.onnx',
    minilm: join(folder, 'minilm.onnx'),
    mobilenet: join(folder, 'mobilenet.onnx'),
  };
  const names = ['digits', 'minilm', 'mobilenet'] as const;
  return Promise.all(
    names.map(async (name) => {
      const bytes = new Uint8Array(await readFile(files[name]));
      const unitItems = UNIT_ITEMS[name];
      return { name, file: files[name], bytes, unitItems, inputs: readInputs(bytes, unitItems) };
    }),
  );
}

/** Inputs of a model with their free dimensions, of which the first is the batch, set. */
function readInputs(bytes: Uint8Array, unitItems: number): TensorSpec[] {
  const model = decodeOnnx(bytes);
  if (!model.ok) throw new Error(model.refusal.message);
  const { inputs, initializers } = model.value.graph;
  const constants = new Set(initializers.map(({ name }) => name));
  return inputs
    .filter(({ name }) => !constants.has(name))
    .map(({ name, type }) => {
      if (type.kind !== 'tensor') throw new Error(`${name} is no tensor`);
      const dtype = dtypeOfOnnx(type.dataType);
      if (dtype === undefined) throw new Error(`${name} has a dtype we do not carry`);
      const shape = (type.dims ?? []).map((dim) => (typeof dim === 'number' ? dim : SEQUENCE));
      return { name, dtype, shape: [unitItems, ...shape.slice(1)] };
    });
}

/**
 * Bytes for an input, the same in every run: numbers in [-1, 1) for floats, token numbers for
 * integers, ones where a name says that it is a mask.
 */
export function fillInput(spec: TensorSpec, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(specBytes(spec));
  const view = new DataView(bytes.buffer);
  const size = DTYPE_BYTES[spec.dtype];
  let state = seed >>> 0;
  for (let at = 0; at < bytes.length; at += size) {
    // A linear congruential generator (Numerical Recipes): repeatable is all it has to be.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const token = spec.name.includes('mask') ? 1 : (state >>> 8) % TOKENS;
    if (spec.dtype === 'f32') view.setFloat32(at, state / 2 ** 31 - 1, true);
    else if (spec.dtype === 'i64') view.setBigInt64(at, BigInt(token), true);
    else if (spec.dtype === 'i32') view.setInt32(at, token, true);
    else throw new Error(`no filling for ${spec.dtype}`);
  }
  return bytes;
}

const RUNTIME_DTYPES = { f32: 'float32', i64: 'int64', i32: 'int32' } as const;

/** One unit's inputs, filled, as a page or a child process takes them. */
export function plainInputs({ inputs }: BenchModel, seed: number): Plain[] {
  return inputs.map((spec, at) => {
    const dtype = RUNTIME_DTYPES[spec.dtype as keyof typeof RUNTIME_DTYPES];
    const data = Buffer.from(fillInput(spec, seed + at)).toString('base64');
    return { name: spec.name, dtype, shape: spec.shape, data };
  });
}

/** Where the bench's own page finds the model. */
export const urlOf = ({ name }: BenchModel): string =>
  name === 'digits' ? '/sample/digits.onnx' : `/models/${name}.onnx`;
