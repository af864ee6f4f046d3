import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNpy } from '#protocol/tensors/npy.ts';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import { encodeTensorLines } from '#protocol/tensors/tensor-lines.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import type { FailedUnit } from '../../core/state/job.ts';
import type { JobInputs } from '../inputs/port.ts';
import { packUnits } from '../inputs/units.ts';
import type { ShardOutputs, UnitRange } from '../store/port.ts';
import { acceptedShard } from '../store/sample-facts.ts';
import { encodeResults, type ResultSource } from './encode.ts';
import type { ResultRange } from './range.ts';

/** A job whose outputs are its inputs, cut into shards of `perShard` units, the last one first. */
function echoJob(size: { items: number; unitItems: number; perShard: number }) {
  const { items, unitItems, perShard } = size;
  const specs: TensorSpec[] = [
    { name: 'label', dtype: 'u8', shape: [unitItems] },
    { name: 'score', dtype: 'f32', shape: [unitItems, 2] },
  ];
  const labels = Uint8Array.from({ length: items }, (_, item) => item);
  const scores = Float32Array.from({ length: items * 2 }, (_, at) => at / 4);
  const inputs: JobInputs = {
    items,
    unitItems,
    specs,
    tensors: new Map([
      ['label', { dtype: 'u8', shape: [items], data: labels }],
      ['score', { dtype: 'f32', shape: [items, 2], data: new Uint8Array(scores.buffer) }],
    ]),
  };
  const { bytes, digests } = packUnits(inputs);
  const units = Math.ceil(items / unitItems);
  const unitLength = bytes.length / units;
  const shards = Array.from({ length: Math.ceil(units / perShard) }, (_, index) => {
    const firstUnit = index * perShard;
    const unitCount = Math.min(perShard, units - firstUnit);
    const start = firstUnit * unitLength;
    return {
      shard: acceptedShard({ index, firstUnit, unitCount }),
      outputs: bytes.subarray(start, start + unitCount * unitLength),
    };
  }).reverse();
  return { specs, shards, labels, scores, bytes, digests, units };
}

/** How many shards were read at each time. */
const read: number[] = [];

/** Whole results of shards that are at hand. */
async function encodeAll(
  specs: TensorSpec[],
  {
    shards,
    ...known
  }: Pick<ResultSource, 'failed' | 'leftOut'> & {
    shards: Pick<ShardOutputs, 'shard' | 'outputs'>[];
    names?: string[];
  },
  asked: ResultRange,
): Promise<Result<Uint8Array>> {
  const find = ({ first, end, beginningAt }: UnitRange) =>
    shards
      .filter(({ shard: { firstUnit, unitCount } }) => {
        return firstUnit < end && firstUnit + unitCount > first && firstUnit >= beginningAt;
      })
      .toSorted((a, b) => a.shard.sequence - b.shard.sequence);
  const source: ResultSource = {
    ...known,
    shards: async (units) => {
      const found = find(units);
      read.push(found.length);
      return found;
    },
    spans: async (units) => find(units).map(({ shard }) => shard),
    print: async (tensors, extras) => new TextEncoder().encode(encodeTensorLines(tensors, extras)),
  };
  const file = await encodeResults(specs, source, asked);
  if (!file.ok) return file;
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.value.chunks) chunks.push(chunk);
  const bytes = new Uint8Array(Buffer.concat(chunks));
  if (file.value.length !== undefined) expect(bytes).toHaveLength(file.value.length);
  return accept(bytes);
}

const range = (over: Partial<ResultRange> = {}): ResultRange => ({
  from: 0,
  to: 5,
  items: 5,
  unitItems: 2,
  format: 'safetensors',
  ...over,
});
const NONE = new Map<number, FailedUnit>();
const codeOf = (result: Result<Uint8Array>) => (result.ok ? 'accepted' : result.refusal.code);

const linesOf = (bytes: Uint8Array) =>
  new TextDecoder()
    .decode(bytes)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('units and results', () => {
  it('fills the last unit with its last item, and digests each unit', async () => {
    const { bytes, digests, units } = echoJob({ items: 3, unitItems: 2, perShard: 1 });
    expect(units).toBe(2);
    expect(digests).toHaveLength(64);
    const [head, tail] = [bytes.subarray(0, 18), bytes.subarray(18)];
    expect([...head.subarray(0, 2)]).toEqual([0, 1]);
    expect([...tail.subarray(0, 2)]).toEqual([2, 2]);
    expect([...new Float32Array(tail.slice(2).buffer)]).toEqual([1, 1.25, 1, 1.25]);
  });

  it('gives back any range of items in input order, whatever the units and shards', async () => {
    const size = fc.record({
      items: fc.integer({ min: 1, max: 60 }),
      unitItems: fc.integer({ min: 1, max: 9 }),
      perShard: fc.integer({ min: 1, max: 5 }),
      from: fc.nat(59),
      length: fc.integer({ min: 1, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(size, async ({ items, unitItems, perShard, ...wish }) => {
        const { specs, shards, labels, scores } = echoJob({ items, unitItems, perShard });
        const from = wish.from % items;
        const to = Math.min(items, from + wish.length);
        const encoded = await encodeAll(
          specs,
          { shards, failed: NONE },
          range({ from, to, items, unitItems }),
        );
        const file = encoded.ok ? decodeSafetensors(encoded.value) : encoded;
        const tensors = file.ok ? file.value.tensors : new Map();
        const label = tensors.get('label');
        const score = tensors.get('score');
        expect(label?.shape).toEqual([to - from]);
        expect(score?.shape).toEqual([to - from, 2]);
        expect([...(label?.data ?? [])]).toEqual([...labels.subarray(from, to)]);
        const floats = new Float32Array(score?.data.slice().buffer);
        expect([...floats]).toEqual([...scores.subarray(from * 2, to * 2)]);
      }),
    );
  });

  it('writes NPY of one output and JSON Lines of all', async () => {
    const { specs, shards } = echoJob({ items: 5, unitItems: 2, perShard: 2 });
    const npy = await encodeAll(
      specs,
      { shards, failed: NONE },
      range({ format: 'npy', output: 'label', from: 1 }),
    );
    const tensor = npy.ok ? decodeNpy(npy.value) : npy;
    expect(tensor.ok && [...tensor.value.data]).toEqual([1, 2, 3, 4]);
    const lines = await encodeAll(
      specs,
      { shards, failed: NONE },
      range({ format: 'jsonl', from: 3 }),
    );
    const text = lines.ok ? new TextDecoder().decode(lines.value) : '';
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { label: 3, score: [1.5, 1.75] },
      { label: 4, score: [2, 2.25] },
    ]);
  });

  it('takes a unit from the shard that delivered it first', async () => {
    const { specs, shards } = echoJob({ items: 5, unitItems: 2, perShard: 3 });
    const late = { shard: acceptedShard({ index: 9, unitCount: 3 }), outputs: new Uint8Array(54) };
    const encoded = await encodeAll(
      specs,
      { shards: [...shards, late], failed: NONE },
      range({ format: 'npy', output: 'label' }),
    );
    const tensor = encoded.ok ? decodeNpy(encoded.value) : encoded;
    expect(tensor.ok && [...tensor.value.data]).toEqual([0, 1, 2, 3, 4]);
  });

  it('refuses ranges outside the job, unknown outputs, and units not yet there', async () => {
    const { specs, shards } = echoJob({ items: 5, unitItems: 2, perShard: 1 });
    const code = async (over: Partial<ResultRange>, some = shards) =>
      codeOf(await encodeAll(specs, { shards: some, failed: NONE }, range(over)));
    expect(await code({ to: 6 })).toBe('range-invalid');
    expect(await code({ from: -1 })).toBe('range-invalid');
    expect(await code({ from: 2, to: 2 })).toBe('range-invalid');
    expect(await code({ from: 0.5 })).toBe('range-invalid');
    expect(await code({ output: 'logits' })).toBe('request-invalid');
    expect(await code({ format: 'npy' })).toBe('request-invalid');
    const without = shards.filter(({ shard }) => shard.firstUnit !== 1);
    expect(await code({}, without)).toBe('job-state');
    expect(await code({ to: 2 }, without)).toBe('accepted');
  });
});

const LEFT = { name: 'cut.npy', code: 'input-format', message: 'it was cut off' } as const;

describe('results of a job with failed items', () => {
  const job = echoJob({ items: 5, unitItems: 2, perShard: 1 });
  const group = (places: number[], text: string) => ({ places, text });
  const mended = { blob: { root: '1'.repeat(64), length: 18 }, digest: '2'.repeat(64) };
  /** Item 1 failed in a unit that was mended, items 2 and 3 are all of unit 1. */
  const failed = new Map([
    [1, { failed: [group([0, 1], 'idx=7 is out of bounds')], since: 0 }],
    [0, { failed: [group([1], 'Integer division by zero')], since: 0, mended }],
  ]) as unknown as Map<number, FailedUnit>;
  const shards = job.shards.filter(({ shard }) => shard.firstUnit !== 1);
  const encode = async (over: Partial<ResultRange>) => {
    const source = { shards, failed, leftOut: [LEFT] };
    const encoded = await encodeAll(job.specs, source, range(over));
    if (!encoded.ok) throw new Error(encoded.refusal.message);
    return encoded.value;
  };
  const error = (message: string) => ({ code: 'item-failed', message });

  it('have an error on the line of each', async () => {
    expect(linesOf(await encode({ format: 'jsonl' }))).toEqual([
      { label: 0, score: [0, 0.25] },
      { error: error('Integer division by zero') },
      { error: error('idx=7 is out of bounds') },
      { error: error('idx=7 is out of bounds') },
      { label: 4, score: [2, 2.25] },
    ]);
    expect(linesOf(await encode({ format: 'jsonl', from: 3 }))).toHaveLength(2);
  });

  it('have a mask and the errors in a safetensors file, and no value of another item', async () => {
    const file = decodeSafetensors(await encode({ from: 1 }));
    if (!file.ok) throw new Error(file.refusal.message);
    const { tensors, metadata } = file.value;
    expect([...(tensors.get('pocketgrid.failed')?.data ?? [])]).toEqual([1, 1, 1, 0]);
    expect([...(tensors.get('label')?.data ?? [])]).toEqual([0, 0, 0, 4]);
    const scores = new Float32Array(
      tensors.get('score')?.data.slice().buffer ?? new ArrayBuffer(0),
    );
    expect([...scores]).toEqual([NaN, NaN, NaN, NaN, NaN, NaN, 2, 2.25]);
    const errors = linesOf(new TextEncoder().encode(metadata?.['pocketgrid.errors']));
    expect(errors.map(({ item }) => item)).toEqual([1, 2, 3]);
  });

  it('have no mask where no item of the range failed', async () => {
    const file = decodeSafetensors(await encode({ from: 4 }));
    expect(file.ok && [...file.value.tensors.keys()]).toEqual(['score', 'label']);
  });

  it('have the mask as an NPY file, and the errors as lines, by themselves', async () => {
    const mask = decodeNpy(await encode({ format: 'npy', output: 'pocketgrid.failed' }));
    expect(mask.ok && mask.value).toMatchObject({ dtype: 'bool', shape: [5] });
    expect(mask.ok && [...mask.value.data]).toEqual([0, 1, 1, 1, 0]);
    expect(linesOf(await encode({ format: 'errors', from: 2, to: 3 }))).toEqual([
      { item: 2, error: error('idx=7 is out of bounds') },
    ]);
  });

  it('have the files that were left out behind the errors', async () => {
    const { name, ...why } = LEFT;
    expect(linesOf(await encode({ format: 'errors', from: 3 }))).toEqual([
      { item: 3, error: error('idx=7 is out of bounds') },
      { file: name, error: why },
    ]);
  });

  it('are refused while a mended unit is not computed', async () => {
    const without = shards.filter(({ shard }) => shard.firstUnit !== 0);
    expect(codeOf(await encodeAll(job.specs, { shards: without, failed }, range()))).toBe(
      'job-state',
    );
  });
});

it('results of any length are read some units at a time, and each shard once', async () => {
  const items = 300_000;
  const { specs, shards, labels } = echoJob({ items, unitItems: 16, perShard: 1_000 });
  const wanted = range({ items, to: items, unitItems: 16, format: 'npy', output: 'label' });
  const names = Array(items).fill('rows.jsonl');
  read.length = 0;
  const encoded = await encodeAll(specs, { shards, names, failed: NONE }, wanted);
  const tensor = encoded.ok ? decodeNpy(encoded.value) : encoded;
  expect(tensor.ok && Buffer.compare(tensor.value.data, labels)).toBe(0);
  expect(read.length).toBeGreaterThan(1);
  expect(read.reduce((sum, count) => sum + count, 0)).toBe(shards.length);
  const all = { ...range({ items, to: items, unitItems: 16 }) };
  const file = await encodeAll(specs, { shards, names, failed: NONE }, all);
  const metadata = file.ok ? decodeSafetensors(file.value) : file;
  expect(metadata.ok && metadata.value.metadata['pocketgrid.files']).toBeUndefined();
});

describe('results of items that came in a file each', () => {
  const { specs, shards } = echoJob({ items: 5, unitItems: 2, perShard: 1 });
  const names = ['b.png', 'ü "c".png', 'd.png'];
  const all = ['a.png', ...names, 'e.png'];
  const encode = async (over: Partial<ResultRange>) => {
    const encoded = await encodeAll(
      specs,
      { shards, names: all, failed: NONE },
      range({ from: 1, to: 4, ...over }),
    );
    if (!encoded.ok) throw new Error(encoded.refusal.message);
    return encoded.value;
  };

  it('have the name of the file on each line, in the metadata, and by themselves', async () => {
    const lines = linesOf(await encode({ format: 'jsonl' }));
    expect(lines.map(({ file }) => file)).toEqual(names);
    expect(Object.keys(lines[0])).toEqual(['file', 'label', 'score']);
    const file = decodeSafetensors(await encode({}));
    const listed = file.ok ? file.value.metadata['pocketgrid.files'] : undefined;
    expect(JSON.parse(listed ?? '')).toEqual(names);
    expect(linesOf(await encode({ format: 'files' }))).toEqual([
      { item: 1, file: 'b.png' },
      { item: 2, file: 'ü "c".png' },
      { item: 3, file: 'd.png' },
    ]);
  });

  it('have the name beside an error', async () => {
    const failed = new Map([
      [1, { failed: [{ places: [0], text: 'bad' }], since: 0 }],
    ]) as unknown as Map<number, FailedUnit>;
    const some = shards.filter(({ shard }) => shard.firstUnit !== 1);
    const source = { shards: some, names: all, failed };
    const encoded = await encodeAll(specs, source, range({ from: 1, to: 4, format: 'jsonl' }));
    const [, line] = encoded.ok ? linesOf(encoded.value) : [];
    expect(line).toEqual({ file: 'ü "c".png', error: { code: 'item-failed', message: 'bad' } });
  });

  it('have no names where the items came in one file', async () => {
    const encoded = await encodeAll(specs, { shards, failed: NONE }, range({ format: 'files' }));
    expect(codeOf(encoded)).toBe('request-invalid');
  });

  it('keep the values of an output that is called file', async () => {
    const tensor = { dtype: 'u8' as const, shape: [1], data: new Uint8Array([7]) };
    expect(encodeTensorLines(new Map([['file', tensor]]), { files: ['a.png'] })).toBe(
      '{"file":7}\n',
    );
  });
});
