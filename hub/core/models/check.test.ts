import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import {
  graphAttribute,
  intAttribute,
  type OnnxDimension,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxValue,
  rawTensor,
  tensorAttribute,
} from '#protocol/onnx/model.ts';
import { PocketgridError, type Result } from '#protocol/values/refusal.ts';
import { checkModel, MODEL_LIMITS, type ModelFacts } from './check.ts';
import { LOOP_TRIPS_MAX } from './graph.ts';

const tensor = (name: string, dims: OnnxDimension[], dataType = 1): OnnxValue => ({
  name,
  type: { kind: 'tensor', dataType, dims },
});

const node = (opType: string, over: Partial<OnnxNode> = {}): OnnxNode => ({
  name: `the ${opType}`,
  opType,
  domain: '',
  inputs: ['x'],
  outputs: ['y'],
  attributes: [],
  ...over,
});

const graphOf = (over: Partial<OnnxGraph> = {}): OnnxGraph => ({
  name: 'graph',
  nodes: [node('Relu')],
  initializers: [],
  sparseInitializers: [],
  inputs: [tensor('x', ['batch', 4])],
  outputs: [tensor('y', ['batch', 4])],
  ...over,
});

const modelOf = (graph: Partial<OnnxGraph> = {}, over: Partial<OnnxModel> = {}): OnnxModel => ({
  irVersion: 8,
  producerName: '',
  opsetImports: [{ domain: '', version: 17 }],
  graph: graphOf(graph),
  functions: [],
  ...over,
});

const check = (model: OnnxModel, limits = MODEL_LIMITS) => checkModel(encodeOnnx(model), limits);

function facts(result: Result<ModelFacts>): ModelFacts {
  if (result.ok) return result.value;
  throw new PocketgridError(result.refusal);
}

const int64 = (name: string, value: number) => {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setBigInt64(0, BigInt(value), true);
  return rawTensor(name, { dtype: 'i64', dims: [], data });
};

const floats = (name: string, dims: number[]) => {
  const count = dims.reduce((product, dimension) => product * dimension, 1);
  return rawTensor(name, { dtype: 'f32', dims, data: new Uint8Array(count * 4) });
};

/** Each is a way to break one rule: what is checked, the code, and words of the way out. */
const broken: [string, OnnxModel, string, RegExp][] = [
  [
    'an operator of an unknown domain',
    modelOf({ nodes: [node('Mine', { domain: 'org.example' })] }),
    'model-operator-domain',
    /org\.example.*without custom operators/,
  ],
  [
    'an operator of com.microsoft that generates text',
    modelOf({ nodes: [node('BeamSearch', { domain: 'com.microsoft' })] }),
    'model-operator-domain',
    /BeamSearch.*standard ONNX operators/,
  ],
  [
    'an unknown domain inside a branch',
    modelOf({
      nodes: [
        node('If', {
          attributes: [
            graphAttribute('then_branch', graphOf({ nodes: [node('Mine', { domain: 'evil' })] })),
          ],
        }),
      ],
    }),
    'model-operator-domain',
    /evil/,
  ],
  [
    'functions of its own',
    modelOf({}, { functions: [{ name: 'mine', domain: 'local', nodes: [] }] }),
    'model-operator-domain',
    /inline_local_functions/,
  ],
  [
    'random numbers',
    modelOf({ nodes: [node('RandomNormalLike')] }),
    'model-outputs-unsupported',
    /pass them as an input/,
  ],
  [
    'external data',
    modelOf({
      initializers: [{ ...floats('w', [2]), external: { location: '../../etc/passwd' } }],
    }),
    'model-external-data',
    /save_as_external_data=False/,
  ],
  [
    'external data of a constant inside a branch',
    modelOf({
      nodes: [
        node('If', {
          attributes: [
            graphAttribute(
              'else_branch',
              graphOf({
                nodes: [
                  node('Constant', {
                    attributes: [
                      tensorAttribute('value', { ...floats('', [2]), external: { location: 'w' } }),
                    ],
                  }),
                ],
              }),
            ),
          ],
        }),
      ],
    }),
    'model-external-data',
    /merge them/,
  ],
  [
    'a tensor shorter than its shape',
    modelOf({ initializers: [{ ...floats('w', [2]), dims: [1_000_000] }] }),
    'model-truncated',
    /4000000 bytes and holds 8/,
  ],
  [
    'an opset too new',
    modelOf({}, { opsetImports: [{ domain: 'ai.onnx', version: 27 }] }),
    'model-opset',
    /1 to 26 .*convert_version\(model, 17\); model.ir_version = 8/,
  ],
  [
    'operators of another domain that are too new',
    modelOf({}, { opsetImports: [{ domain: 'ai.onnx.ml', version: 6 }] }),
    'model-opset',
    /ai.onnx.ml 5/,
  ],
  [
    'an opset of 0',
    modelOf({}, { opsetImports: [{ domain: '', version: 0 }] }),
    'model-opset',
    /1 to 26/,
  ],
  ['an IR version too new', modelOf({}, { irVersion: 14 }), 'model-opset', /ir_version = 8/],
  ['no inputs', modelOf({ inputs: [] }), 'model-inputs-mismatch', /0 inputs/],
  [
    'constants only as inputs',
    modelOf({ inputs: [tensor('w', [2])], initializers: [floats('w', [2])] }),
    'model-inputs-mismatch',
    /0 inputs/,
  ],
  [
    'text as input',
    modelOf({ inputs: [tensor('x', ['n', 1], 8)] }),
    'model-inputs-mismatch',
    /string.*outside/,
  ],
  [
    'a sequence as input',
    modelOf({ inputs: [{ name: 'x', type: { kind: 'sequence' } }] }),
    'model-inputs-mismatch',
    /plain tensors/,
  ],
  [
    'an input of unknown rank',
    modelOf({ inputs: [{ name: 'x', type: { kind: 'tensor', dataType: 1 } }] }),
    'model-inputs-mismatch',
    /input shapes/,
  ],
  ['no outputs', modelOf({ outputs: [] }), 'model-outputs-unsupported', /0 outputs/],
];

describe('checkModel refuses', () => {
  it.each(broken)('%s', (...[, model, code, wayOut]) => {
    const result = check(model);
    expect(result).toMatchObject({ ok: false, refusal: { code } });
    expect(result.ok || result.refusal.message).toMatch(wayOut);
  });

  it('a file over the limit, before it reads it', () => {
    const result = checkModel(new Uint8Array(11), { ...MODEL_LIMITS, fileBytes: 10 });
    expect(result).toMatchObject({ ok: false, refusal: { code: 'model-too-big' } });
  });

  it('every proper prefix of a model', () => {
    const whole = encodeOnnx(modelOf({ initializers: [floats('w', [3])] }));
    for (let length = 0; length < whole.length; length++) {
      const result = checkModel(whole.subarray(0, length), MODEL_LIMITS);
      expect(result).toMatchObject({ ok: false, refusal: { code: 'model-truncated' } });
    }
  });

  it('weights over the memory budget', () => {
    const model = modelOf({ initializers: [floats('w', [1000])] });
    const { peakBytes } = facts(check(model));
    const result = check(model, { ...MODEL_LIMITS, peakBytes: peakBytes - 1 });
    expect(result).toMatchObject({ ok: false, refusal: { code: 'model-memory' } });
    expect(check(model, { ...MODEL_LIMITS, peakBytes }).ok).toBe(true);
  });

  it('nothing by an exception, whatever the bytes', () => {
    const whole = encodeOnnx(modelOf({ initializers: [floats('w', [3])] }));
    const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1 });
    fc.assert(
      fc.property(edits, (changes) => {
        const mutated = Uint8Array.from(whole);
        for (const [at, byte] of changes) mutated[at] = byte;
        expect(() => checkModel(mutated, MODEL_LIMITS)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

describe('checkModel on loops', () => {
  const body = graphOf();
  const loop = (inputs: string[], graph = body) =>
    node('Loop', { inputs, attributes: [graphAttribute('body', graph)] });
  const refused = { ok: false, refusal: { code: 'model-unbounded-loop' } };

  it('takes one whose trip count is an initializer or a constant', () => {
    const initializers = [int64('m', 10)];
    expect(check(modelOf({ nodes: [loop(['m', ''])], initializers })).ok).toBe(true);
    const constant = node('Constant', {
      inputs: [],
      outputs: ['m'],
      attributes: [intAttribute('value_int', 10)],
    });
    expect(check(modelOf({ nodes: [constant, loop(['m', ''])] })).ok).toBe(true);
  });

  it('takes one without a trip count, or with one that is fed or computed, to be bounded', () => {
    const counted = loop(['m']);
    const size = node('Size', { outputs: ['m'] });
    for (const nodes of [[loop(['', 'c'])], [loop([])], [loop(['x', 'c'])], [size, counted]]) {
      expect(facts(check(modelOf({ nodes })))).toMatchObject({ openLoops: true });
    }
    const initializers = [int64('m', 10)];
    expect(facts(check(modelOf({ nodes: [counted], initializers })))).toMatchObject({
      openLoops: false,
    });
  });

  it('refuses one without a constant count in another', () => {
    const initializers = [int64('m', 2)];
    for (const nodes of [
      [loop(['m'], graphOf({ nodes: [loop([])] }))],
      [loop([], graphOf({ nodes: [loop(['m'])] }))],
    ]) {
      expect(check(modelOf({ nodes, initializers }))).toMatchObject(refused);
    }
  });

  it('finds one inside a branch, where an outer constant bounds it and an inner name hides it', () => {
    const branch = (graph: OnnxGraph) =>
      node('If', { attributes: [graphAttribute('then_branch', graph)] });
    const initializers = [int64('m', 10)];
    const inner = graphOf({ nodes: [loop(['m'])], inputs: [] });
    expect(facts(check(modelOf({ nodes: [branch(inner)], initializers }))).openLoops).toBe(false);
    const hiding = graphOf({ nodes: [node('Size', { outputs: ['m'] }), loop(['m'])] });
    expect(facts(check(modelOf({ nodes: [branch(hiding)], initializers }))).openLoops).toBe(true);
  });

  it('multiplies loops inside loops', () => {
    const square = Math.sqrt(LOOP_TRIPS_MAX);
    const nested = loop(['m'], graphOf({ nodes: [loop(['m'])] }));
    expect(check(modelOf({ nodes: [nested], initializers: [int64('m', square)] })).ok).toBe(true);
    expect(
      check(modelOf({ nodes: [nested], initializers: [int64('m', square + 1)] })),
    ).toMatchObject(refused);
  });
});

describe('checkModel finds', () => {
  it('the ends, the weights and the operators of a model', () => {
    const model = modelOf({
      nodes: [node('Relu'), node('Gelu', { domain: 'com.microsoft' }), node('Relu')],
      initializers: [floats('w', [10, 10])],
      inputs: [tensor('x', ['batch', 3, -1]), tensor('w', [10, 10])],
      outputs: [{ name: 'y', type: { kind: 'tensor', dataType: 7 } }],
    });
    expect(facts(check(model))).toEqual({
      inputs: [{ name: 'x', dtype: 'f32', dims: ['batch', 3, ''], axis: 0 }],
      outputs: [{ name: 'y', dtype: 'i64' }],
      weightBytes: 400,
      peakBytes: 800 + 32 * 1024 ** 2,
      opset: 17,
      ops: ['Relu', 'com.microsoft:Gelu'],
      movesOut: false,
      openLoops: false,
    });
  });

  it.each([
    [{ domain: 'ai.onnx.ml', version: 5 }, 0],
    [{ domain: 'ai.onnx', version: 26 }, 26],
    [{ domain: '', version: 1 }, 1],
  ])('the opset of %o, which the runtime loads: %i', (imported, opset) => {
    expect(facts(check(modelOf({}, { opsetImports: [imported] })))).toMatchObject({ opset });
  });

  it('a file that is no model is told by its kind, with the way to one', () => {
    const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const sent: [string, RegExp][] = [
      ['version https://git-lfs.github.com/spec/v1\noid sha256:44\nsize 9\n', /git lfs pull/],
      ['<!DOCTYPE html>\n<html><body>404</body></html>', /web page/],
      ['{"error":"not found"}', /JSON text/],
      ['\x80\x04\x95\x1a\0\0\0', /pickle.*onnx/],
      ['\x1c\0\0\0TFL3\x14\0', /tf2onnx/],
      ['\x1f\x8b\x08\0', /gunzip/],
    ];
    for (const [text, words] of sent) {
      const result = checkModel(latin(text), MODEL_LIMITS);
      expect(result).toMatchObject({ refusal: { code: 'model-format' } });
      expect(result).toMatchObject({ refusal: { message: expect.stringMatching(words) } });
    }
    const none = checkModel(new Uint8Array(), MODEL_LIMITS);
    expect(none).toMatchObject({ refusal: { message: expect.stringMatching(/empty/) } });
  });
});
