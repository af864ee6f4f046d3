import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNpy } from '#protocol/tensors/npy.ts';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type { JobInputs } from '../inputs/port.ts';
import { packUnits } from '../inputs/units.ts';
import { acceptedShard } from '../store/sample-facts.ts';
import { encodeResults, type ResultRange } from './encode.ts';

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

const range = (over: Partial<ResultRange> = {}): ResultRange => ({
  from: 0,
  to: 5,
  items: 5,
  unitItems: 2,
  format: 'safetensors',
  ...over,
});
const codeOf = (result: ReturnType<typeof encodeResults>) =>
  result.ok ? 'accepted' : result.refusal.code;

describe('units and results', () => {
  it('fills the last unit with its last item, and digests each unit', () => {
    const { bytes, digests, units } = echoJob({ items: 3, unitItems: 2, perShard: 1 });
    expect(units).toBe(2);
    expect(digests).toHaveLength(64);
    const [head, tail] = [bytes.subarray(0, 18), bytes.subarray(18)];
    expect([...head.subarray(0, 2)]).toEqual([0, 1]);
    expect([...tail.subarray(0, 2)]).toEqual([2, 2]);
    expect([...new Float32Array(tail.slice(2).buffer)]).toEqual([1, 1.25, 1, 1.25]);
  });

  it('gives back any range of items in input order, whatever the units and shards', () => {
    const size = fc.record({
      items: fc.integer({ min: 1, max: 60 }),
      unitItems: fc.integer({ min: 1, max: 9 }),
      perShard: fc.integer({ min: 1, max: 5 }),
      from: fc.nat(59),
      length: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(size, ({ items, unitItems, perShard, ...wish }) => {
        const { specs, shards, labels, scores } = echoJob({ items, unitItems, perShard });
        const from = wish.from % items;
        const to = Math.min(items, from + wish.length);
        const encoded = encodeResults(specs, shards, range({ from, to, items, unitItems }));
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

  it('writes NPY of one output and JSON Lines of all', () => {
    const { specs, shards } = echoJob({ items: 5, unitItems: 2, perShard: 2 });
    const npy = encodeResults(specs, shards, range({ format: 'npy', output: 'label', from: 1 }));
    const tensor = npy.ok ? decodeNpy(npy.value) : npy;
    expect(tensor.ok && [...tensor.value.data]).toEqual([1, 2, 3, 4]);
    const lines = encodeResults(specs, shards, range({ format: 'jsonl', from: 3 }));
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

  it('takes a unit from the shard that delivered it first', () => {
    const { specs, shards } = echoJob({ items: 5, unitItems: 2, perShard: 3 });
    const late = { shard: acceptedShard({ index: 9, unitCount: 3 }), outputs: new Uint8Array(54) };
    const encoded = encodeResults(
      specs,
      [...shards, late],
      range({ format: 'npy', output: 'label' }),
    );
    const tensor = encoded.ok ? decodeNpy(encoded.value) : encoded;
    expect(tensor.ok && [...tensor.value.data]).toEqual([0, 1, 2, 3, 4]);
  });

  it('refuses ranges outside the job, unknown outputs, and units not yet there', () => {
    const { specs, shards } = echoJob({ items: 5, unitItems: 2, perShard: 1 });
    const code = (over: Partial<ResultRange>, some = shards) =>
      codeOf(encodeResults(specs, some, range(over)));
    expect(code({ to: 6 })).toBe('range-invalid');
    expect(code({ from: -1 })).toBe('range-invalid');
    expect(code({ from: 2, to: 2 })).toBe('range-invalid');
    expect(code({ from: 0.5 })).toBe('range-invalid');
    expect(code({ output: 'logits' })).toBe('request-invalid');
    expect(code({ format: 'npy' })).toBe('request-invalid');
    const without = shards.filter(({ shard }) => shard.firstUnit !== 1);
    expect(code({}, without)).toBe('job-state');
    expect(code({ to: 2 }, without)).toBe('accepted');
  });
});
