import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { decodeNpy } from '#protocol/tensors/npy.ts';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Tensor, TensorSpec } from '#protocol/tensors/tensor.ts';
import type { Result } from '#protocol/values/refusal.ts';
import { runCommand } from '../command.ts';
import type { BenchContext } from '../figure.ts';
import type { PooledInput } from '../page/units.ts';

const MAKE_MS_MAX = 3 * 60_000;
const POOL_ITEMS = 512;
/** Of the small models. Digits have units of one item: a software GPU has to do 33,000 of them. */
const UNIT_ITEMS = 4;
/** Rounds of mixed digits: with them there are more items than units, so that none comes twice. */
const ROUNDS = 20;
/** Of the sibling, which only has to be another one. */
const SIBLING_SEED = '2';
const RUNTIME_DTYPES = { f32: 'float32', i64: 'int64', i32: 'int32' } as const;

/** A model with its decoys and a pool of items, all as files of the bench's folder. */
export interface Subject {
  name: string;
  /** Path of the model's file. */
  model: string;
  decoys: { name: string; file: string }[];
  /** Decoys that this model has no short cut for, with the reason. */
  missing: Record<string, string>;
  inputs: PooledInput[];
  pool: number;
  unitItems: number;
  free: Record<string, number>;
  outputs: TensorSpec[];
}

/** The sample's network, trained, and two small generated ones of the shape of real models. */
export async function makeSubjects(context: BenchContext): Promise<Subject[]> {
  const { folder, say } = context;
  say('making models and decoys…');
  const make = (words: string[]) => runCommand(['npx', 'tsx', ...words], MAKE_MS_MAX);
  const siblings = join(folder, 'siblings');
  const models = ['scripts/models/main.ts', '--small'];
  await mkdir(siblings, { recursive: true });
  await Promise.all([
    make([...models, '--out', folder, '--items', String(POOL_ITEMS)]),
    make([...models, '--out', siblings, '--seed', SIBLING_SEED]),
    make(['scripts/decoys/digits-sibling.ts', join(siblings, 'digits.onnx')]),
  ]);
  await copyFile('public/sample/digits.onnx', join(folder, 'digits.onnx'));
  const digits = value(decodeNpy(await readBytes('public/sample/digits.npy')));
  const subjects: Subject[] = [];
  for (const name of ['digits', 'minilm', 'mobilenet']) {
    const model = join(folder, `${name}.onnx`);
    const out = join(folder, `decoys-${name}`);
    const sibling = join(siblings, `${name}.onnx`);
    const flags = ['--model', model, '--out', out, '--sibling', sibling];
    await make(['scripts/decoys/main.ts', ...flags]);
    const pools =
      name === 'digits'
        ? new Map([['image', mixDigits(digits)]])
        : value(decodeSafetensors(await readBytes(join(folder, `${name}.safetensors`)))).tensors;
    const unitItems = name === 'digits' ? 1 : UNIT_ITEMS;
    subjects.push(await openSubject({ name, model, out, pools, folder, unitItems }));
  }
  return subjects;
}

/** The pictures, then rounds of them, each picture mixed with another one. */
function mixDigits({ dtype, shape, data }: Tensor): Tensor {
  const [count = 0] = shape;
  const values = new Float32Array(Uint8Array.from(data).buffer);
  const size = values.length / count;
  const mixed = new Float32Array(ROUNDS * values.length);
  for (let at = 0; at < mixed.length; at += 1) {
    const [item, pixel] = [Math.floor(at / size), at % size];
    const [own, round] = [item % count, Math.floor(item / count)];
    const other = (own + 89 * round) % count;
    mixed[at] = ((values[own * size + pixel] ?? 0) + (values[other * size + pixel] ?? 0)) / 2;
  }
  return { dtype, shape: [ROUNDS * count, ...shape.slice(1)], data: new Uint8Array(mixed.buffer) };
}

interface Made {
  name: string;
  model: string;
  out: string;
  folder: string;
  pools: Map<string, Tensor>;
  unitItems: number;
}

async function openSubject(made: Made): Promise<Subject> {
  const { name, model, out, folder, pools, unitItems } = made;
  const { graph } = value(decodeOnnx(await readBytes(model)));
  const listed = JSON.parse(await readFile(join(out, 'decoys.json'), 'utf8')) as {
    made: string[];
    missing: Record<string, string>;
  };
  const inputs: PooledInput[] = [];
  let pool = 0;
  for (const [input, { dtype, shape, data }] of pools) {
    const file = join(folder, `${name}.${input}.bin`);
    await writeFile(file, data);
    [pool = 0] = shape;
    const type = RUNTIME_DTYPES[dtype as keyof typeof RUNTIME_DTYPES];
    inputs.push({ name: input, dtype: type, item: shape.slice(1), file });
  }
  const outputs = graph.outputs.map(({ name: output, type }): TensorSpec => {
    const dims = type.kind === 'tensor' ? (type.dims ?? []) : [];
    const shape = dims.map((dim) => (typeof dim === 'number' ? dim : unitItems));
    return { name: output, dtype: 'f32', shape };
  });
  return {
    name,
    model,
    decoys: listed.made.map((decoy) => ({ name: decoy, file: join(out, `${decoy}.onnx`) })),
    missing: listed.missing,
    inputs,
    pool,
    unitItems,
    free: { batch: unitItems },
    outputs,
  };
}

/** Where the bench's page finds a file of the bench's folder. */
export const urlOf = (file: string): string => `/models/${basename(file)}`;

const readBytes = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(path));

function value<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.refusal.code}: ${result.refusal.message}`);
}
