import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { decodeNpy } from '#protocol/tensors/npy.ts';
import { decodeSafetensors, encodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import type { Result } from '#protocol/values/refusal.ts';
import { runCommand } from './command.ts';
import type { BenchContext } from './figure.ts';
import type { Plain } from './page/session.ts';

const MAKE_MS_MAX = 3 * 60_000;
/** Different items made for a generated model; longer inputs repeat them. */
const ITEMS_MADE = 32;

export interface AnyModel {
  name: string;
  file: string;
  bytes: Uint8Array;
  /** Where the bench's own page finds it. */
  url: string;
  /** Names of the dimension that its items stand in. */
  batchNames: string[];
  /** Inputs by name; their first dimension counts items. */
  inputs: Map<string, Tensor>;
}

export interface BenchModel extends AnyModel {
  name: 'digits' | 'minilm' | 'mobilenet';
}

/** The sample's model and the two of benchmark size, which are generated, never committed. */
export async function readModels({ folder, say }: BenchContext): Promise<BenchModel[]> {
  say('generating the benchmark models…');
  const words = ['--out', folder, '--items', String(ITEMS_MADE)];
  await runCommand(['npx', 'tsx', 'scripts/models/main.ts', ...words], MAKE_MS_MAX);
  const picture = value(decodeNpy(await readBytes('public/sample/digits.npy')));
  const generated = async (name: 'minilm' | 'mobilenet') => {
    const { tensors } = value(
      decodeSafetensors(await readBytes(join(folder, `${name}.safetensors`))),
    );
    return readModel({ name, folder, url: `/models/${name}.onnx`, inputs: tensors });
  };
  const digits = { name: 'digits', folder: 'public/sample', url: '/sample/digits.onnx' } as const;
  return [
    await readModel({ ...digits, inputs: new Map([['', picture]]) }),
    await generated('minilm'),
    await generated('mobilenet'),
  ];
}

/** The small models of `scripts/models/kernels.ts`, by name. */
export async function readKernels({ folder: root, say }: BenchContext): Promise<AnyModel[]> {
  say('generating the kernel models…');
  const folder = join(root, 'kernels');
  const words = ['--out', folder, '--only', 'kernels', '--items', String(ITEMS_MADE)];
  await runCommand(['npx', 'tsx', 'scripts/models/main.ts', ...words], MAKE_MS_MAX);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.onnx')).sort();
  return Promise.all(
    files.map(async (file) => {
      const name = file.replace('.onnx', '');
      const made = value(decodeSafetensors(await readBytes(join(folder, `${name}.safetensors`))));
      return readModel({ name, folder, url: `/models/kernels/${file}`, inputs: made.tensors });
    }),
  );
}

async function readModel<Name extends string>(
  from: Pick<AnyModel, 'url' | 'inputs'> & { name: Name; folder: string },
): Promise<AnyModel & { name: Name }> {
  const { name, url, folder } = from;
  const file = join(folder, `${name}.onnx`);
  const bytes = await readBytes(file);
  const { inputs: values } = value(decodeOnnx(bytes)).graph;
  const dims = values.flatMap(({ type }) => (type.kind === 'tensor' ? (type.dims?.[0] ?? []) : []));
  const batchNames = [...new Set(dims.filter((dim) => typeof dim === 'string'))];
  // An NPY file has no names: its one tensor is the model's one input.
  const inputs = new Map(
    [...from.inputs].map(([key, tensor]) => [key || (values[0]?.name ?? ''), tensor]),
  );
  return { name, file, bytes, url, batchNames, inputs };
}

/** Items by their places in the input, from the start again past its end. */
export function takeItems({ dtype, shape, data }: Tensor, places: readonly number[]): Tensor {
  const [rows = 1, ...rest] = shape;
  const row = data.length / rows;
  const taken = new Uint8Array(places.length * row);
  for (const [at, place] of places.entries()) {
    const start = (place % rows) * row;
    taken.set(data.subarray(start, start + row), at * row);
  }
  return { dtype, shape: [places.length, ...rest], data: taken };
}

export const firstItems = (items: number): number[] =>
  Array.from({ length: items }, (_, place) => place);

/** Inputs of so many items, as a developer uploads them. */
export const encodeItems = ({ inputs }: BenchModel, items: number): Uint8Array =>
  encodeSafetensors(
    Object.fromEntries(
      [...inputs].map(([name, tensor]) => [name, takeItems(tensor, firstItems(items))]),
    ),
  );

const RUNTIME_DTYPES = { f32: 'float32', i64: 'int64', i32: 'int32' } as const;

/** The first items, as a page or a child process takes them. */
export const plainItems = (model: AnyModel, items: number): Plain[] =>
  plainPlaces(model, firstItems(items));

/** Items by their places in the inputs. */
export const plainPlaces = ({ inputs }: AnyModel, places: readonly number[]): Plain[] =>
  [...inputs].map(([name, tensor]) => {
    const { dtype, shape, data } = takeItems(tensor, places);
    const type = RUNTIME_DTYPES[dtype as keyof typeof RUNTIME_DTYPES];
    return { name, dtype: type, shape: [...shape], data: Buffer.from(data).toString('base64') };
  });

const readBytes = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(path));

function value<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.refusal.code}: ${result.refusal.message}`);
}
