import * as runtime from 'onnxruntime-web/wasm';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { dtypeOfOnnx } from '#protocol/onnx/model.ts';
import { elementCount, type Tensor } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';
import type { Trial, TrialInput } from './trial.ts';

/** Numbers of every output for one item, by name. */
export type Answer = ReadonlyMap<string, ArrayLike<number>>;

const ARRAYS = { f32: Float32Array, i32: Int32Array, i64: BigInt64Array } as const;
const TYPES = { f32: 'float32', i32: 'int32', i64: 'int64' } as const;
type InputDtype = keyof typeof TYPES;

runtime.env.wasm.numThreads = 1;
runtime.env.logLevel = 'fatal';

/** The dtypes of a model's inputs. RangeError for one that no trial has. */
export function readDtypes(model: Uint8Array): Map<string, InputDtype> {
  const { graph } = must(decodeOnnx(model));
  return new Map(
    graph.inputs.flatMap(({ name, type }) => {
      const dtype = type.kind === 'tensor' ? dtypeOfOnnx(type.dataType) : undefined;
      if (dtype === undefined || !(dtype in TYPES)) return [];
      return [[name, dtype as InputDtype] as const];
    }),
  );
}

/** The numbers of one input for one item: the same in every run. */
export function valuesOf(input: TrialInput, item: number): number[] {
  return Array.from({ length: elementCount(input.shape) }, (_, at) => {
    if (input.always !== undefined) return input.always;
    // Loud and quiet items take turns: what is measured against a whole batch shows.
    const wave = Math.sin((item + 1) * 0.37 * (at + 1)) * (item % 2 === 0 ? 1 : 0.05);
    return input.below === undefined ? wave : Math.floor(((wave + 1) / 2) * input.below);
  });
}

const typed = (dtype: InputDtype, values: readonly number[]) =>
  dtype === 'i64' ? BigInt64Array.from(values, BigInt) : ARRAYS[dtype].from(values);

/** The inputs of so many items as a developer sends them. */
export function packItems(
  { inputs }: Trial,
  dtypes: ReadonlyMap<string, InputDtype>,
  items: number,
): Map<string, Tensor> {
  return new Map(
    Object.entries(inputs).map(([name, input]) => {
      const dtype = dtypes.get(name) ?? 'f32';
      const all = Array.from({ length: items }, (_, item) => valuesOf(input, item)).flat();
      const data = new Uint8Array(typed(dtype, all).buffer);
      const shape = [items, ...(input.sent ?? input.shape.slice(1))];
      return [name, { dtype, shape, data }] as const;
    }),
  );
}

/** What the runtime gives for each item alone, as the model was published. Throws its words. */
export async function runAlone(model: Uint8Array, trial: Trial, items: number): Promise<Answer[]> {
  const dtypes = readDtypes(model);
  const session = await runtime.InferenceSession.create(model, { logSeverityLevel: 4 });
  const answers: Answer[] = [];
  const tensor = (name: string, values: readonly number[], shape: readonly number[]) => {
    const dtype = dtypes.get(name) ?? 'f32';
    return new runtime.Tensor(TYPES[dtype], typed(dtype, values), shape);
  };
  for (let item = 0; item < items; item += 1) {
    const feeds = Object.entries(trial.inputs).map(
      ([name, input]) => [name, tensor(name, valuesOf(input, item), input.shape)] as const,
    );
    const shared = Object.entries(trial.options?.shared ?? {}).map(
      ([name, value]) => [name, tensor(name, [Number(value)], [])] as const,
    );
    const outputs = await session.run(Object.fromEntries([...feeds, ...shared]));
    answers.push(
      new Map(Object.entries(outputs).map(([name, { data }]) => [name, numbersOf(data)])),
    );
  }
  await session.release();
  return answers;
}

/** Answers under the names that another model has for its outputs, which are in the same order. */
export function renameOutputs(answers: readonly Answer[], model: Uint8Array): Answer[] {
  const names = must(decodeOnnx(model)).graph.outputs.map(({ name }) => name);
  return answers.map(
    (answer) => new Map([...answer.values()].map((values, at) => [names[at] ?? '', values])),
  );
}

const numbersOf = (data: unknown): number[] =>
  Array.from(data as ArrayLike<number | bigint>, Number);
