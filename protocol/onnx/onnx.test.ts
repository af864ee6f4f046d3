import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PocketgridError } from '../values/refusal.ts';
import { decodeOnnx } from './decode.ts';
import { encodeOnnx } from './encode.ts';
import {
  graphAttribute,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
  type OnnxValue,
  rawTensor,
} from './model.ts';
import { decodeScalarInt } from './tensor.ts';

const name = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !/^\uFEFF/.test(text));
const int = fc.oneof(fc.integer(), fc.maxSafeInteger());
const bytes = fc.uint8Array({ maxLength: 300 });
const float = fc.float({ noDefaultInfinity: true, noNaN: true });
const dims = fc.array(fc.nat(), { maxLength: 4 });

const tensor: fc.Arbitrary<OnnxTensor> = fc.oneof(
  fc.record({
    name,
    dataType: fc.nat(28),
    dims,
    storage: fc.constantFrom('raw' as const, 'float' as const, 'int64' as const),
    data: bytes,
  }),
  fc.record({
    name,
    dataType: fc.nat(28),
    dims,
    storage: fc.constant('raw' as const),
    data: fc.constant(new Uint8Array(0)),
    external: fc.record({ location: name }),
  }),
);
const sparseTensor = fc.record(
  { values: tensor, indices: tensor, dims },
  { requiredKeys: ['dims'] },
);
const type: fc.Arbitrary<OnnxType> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('tensor' as const),
      dataType: fc.nat(28),
      dims: fc.array(fc.oneof(int, name), { maxLength: 5 }),
    },
    { requiredKeys: ['kind', 'dataType'] },
  ),
  fc.record({
    kind: fc.constantFrom('sequence', 'map', 'optional', 'sparse-tensor', 'opaque', 'none'),
  }),
);
const value: fc.Arbitrary<OnnxValue> = fc.record({ name, type });
const some = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 3 });
const few = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 });

const { graph } = fc.letrec<{ graph: OnnxGraph; node: OnnxNode; attribute: OnnxAttribute }>(
  (tie) => ({
    graph: fc.record({
      name,
      nodes: fc.oneof(
        { maxDepth: 2, withCrossShrink: true },
        fc.constant([] as OnnxNode[]),
        few(tie('node')),
      ),
      initializers: few(tensor),
      sparseInitializers: few(sparseTensor),
      inputs: few(value),
      outputs: few(value),
    }),
    node: fc.record({
      name,
      opType: name,
      domain: name,
      inputs: few(name),
      outputs: few(name),
      attributes: few(tie('attribute')),
    }),
    attribute: fc.record(
      {
        name,
        type: fc.nat(14),
        float,
        int,
        string: bytes,
        tensor,
        graph: tie('graph'),
        sparseTensor,
        floats: some(float),
        ints: some(int),
        strings: some(bytes),
        tensors: some(tensor),
        graphs: some(tie('graph')),
        sparseTensors: some(sparseTensor),
        reference: name,
      },
      { requiredKeys: ['name', 'type'] },
    ),
  }),
);

const model: fc.Arbitrary<OnnxModel> = fc.record({
  irVersion: fc.nat(20),
  producerName: name,
  opsetImports: some(fc.record({ domain: name, version: fc.nat(30) })),
  graph,
  functions: few(fc.record({ name, domain: name, nodes: fc.constant([] as OnnxNode[]) })),
});

const smallModel = (over: Partial<OnnxGraph> = {}): OnnxModel => ({
  irVersion: 8,
  producerName: 'pocketgrid',
  opsetImports: [{ domain: '', version: 17 }],
  graph: {
    name: 'small',
    nodes: [
      { name: '', opType: 'Add', domain: '', inputs: ['x', 'b'], outputs: ['y'], attributes: [] },
    ],
    initializers: [rawTensor('b', { dtype: 'f32', dims: [2], data: new Uint8Array(8).fill(7) })],
    sparseInitializers: [],
    inputs: [{ name: 'x', type: { kind: 'tensor', dataType: 1, dims: ['batch', 2] } }],
    outputs: [{ name: 'y', type: { kind: 'tensor', dataType: 1, dims: ['batch', 2] } }],
    ...over,
  },
  functions: [],
});

const concat = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe('ONNX codec', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(model, (one) => {
        expect(decodeOnnx(encodeOnnx(one))).toEqual({ ok: true, value: one });
      }),
      { numRuns: 200 },
    );
  });

  it('answers any mutation of a model with a model or a refusal', () => {
    const edit = fc.record({ at: fc.nat(), byte: fc.nat(255), kind: fc.nat(2) });
    fc.assert(
      fc.property(model, fc.array(edit, { minLength: 1, maxLength: 8 }), (one, edits) => {
        const mutated = [...encodeOnnx(one)];
        for (const { at, byte, kind } of edits) {
          const index = at % (mutated.length + 1);
          if (kind === 0) mutated[index] = byte;
          else if (kind === 1) mutated.splice(index, 0, byte);
          else mutated.splice(index, 1 + (byte % 16));
        }
        const decoded = decodeOnnx(Uint8Array.from(mutated));
        if (!decoded.ok) {
          expect(['model-truncated', 'model-too-big']).toContain(decoded.refusal.code);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('answers any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
        expect(() => decodeOnnx(any)).not.toThrow();
      }),
    );
  });

  it('refuses every proper prefix of a model', () => {
    const whole = encodeOnnx(smallModel());
    for (let length = 0; length < whole.length; length++) {
      const decoded = decodeOnnx(whole.subarray(0, length));
      expect(decoded.ok ? 'a model' : decoded.refusal.code, `${length} bytes`).toBe(
        'model-truncated',
      );
    }
  });

  it('keeps the elements of tensors as views of the file', () => {
    const file = encodeOnnx(smallModel());
    const decoded = decodeOnnx(file);
    if (!decoded.ok) throw new PocketgridError(decoded.refusal);
    expect(decoded.value.graph.initializers[0]?.data.buffer).toBe(file.buffer);
  });

  it('refuses a part that comes twice, which a runtime would merge', () => {
    const file = encodeOnnx(smallModel());
    const again = decodeOnnx(concat(file, file));
    expect(again).toMatchObject({ ok: false, refusal: { code: 'model-truncated' } });
    expect(again.ok || again.refusal.message).toContain('the graph comes twice');
  });

  it('refuses graphs nested without end', () => {
    let inner = smallModel().graph;
    for (let level = 0; level < 40; level++) {
      const attributes = [graphAttribute('body', inner)];
      inner = {
        ...smallModel().graph,
        nodes: [{ name: '', opType: 'If', domain: '', inputs: [], outputs: [], attributes }],
      };
    }
    const decoded = decodeOnnx(encodeOnnx({ ...smallModel(), graph: inner }));
    expect(decoded.ok || decoded.refusal.message).toContain('nested too deep');
  });

  it('refuses millions of empty parts before it builds them', () => {
    // Field 1 of the graph (a node), zero bytes long, two bytes each.
    const nodes = new Uint8Array(4_000_000);
    for (let at = 0; at < nodes.length; at += 2) nodes[at] = 0x0a;
    const length = [];
    for (let rest = nodes.length; rest > 0; rest >>>= 7) {
      length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    }
    const file = new Uint8Array(nodes.length + length.length + 1);
    file.set([0x3a, ...length]);
    file.set(nodes, length.length + 1);
    expect(decodeOnnx(file)).toMatchObject({ ok: false, refusal: { code: 'model-too-big' } });
  });
});

describe('decodeScalarInt', () => {
  it('reads one element from raw bytes and from a varint', () => {
    const raw = new Uint8Array(8);
    new DataView(raw.buffer).setBigInt64(0, -5n, true);
    const scalar = rawTensor('trips', { dtype: 'i64', dims: [], data: raw });
    expect(decodeScalarInt(scalar)).toBe(-5);
    const data = Uint8Array.of(0xac, 0x02);
    expect(decodeScalarInt({ ...scalar, dims: [1], storage: 'int64', data })).toBe(300);
  });

  it('reads nothing else', () => {
    const pair = rawTensor('pair', { dtype: 'i64', dims: [2], data: new Uint8Array(16) });
    expect(decodeScalarInt(pair)).toBeUndefined();
    expect(decodeScalarInt({ ...pair, dims: [] })).toBeUndefined();
    expect(
      decodeScalarInt(rawTensor('f', { dtype: 'f32', dims: [], data: new Uint8Array(4) })),
    ).toBeUndefined();
  });
});
