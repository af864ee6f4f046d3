import { describe, expect, it } from 'vitest';
import type { TaskOptions as Options, RowTaskName } from '#protocol/tasks/task.ts';
import { must } from '#protocol/values/refusal.ts';
import { FAKE_SETTINGS, fakeGraph } from '../fake-repository.ts';
import type { Settings } from '../repository.ts';
import { prepareTexts } from './prepare.ts';

type TaskOptions = Options & { name: RowTaskName };

const LOGITS = { logits: ['batch', 2] };
const VECTORS = { last_hidden_state: ['batch', 'sequence', 8] };
const items = (...texts: string[]) => texts.map((text, at) => ({ text, at: `line ${at + 1}` }));
const CLASSES: TaskOptions = { name: 'text-classification' };

function prepare(
  options: TaskOptions,
  { graph = fakeGraph(LOGITS), texts = items('one'), settings = FAKE_SETTINGS as Settings } = {},
) {
  return prepareTexts(graph, texts, { options, settings });
}
const numbers = (data: Uint8Array) => [...new BigInt64Array(data.slice().buffer)].map(Number);

it('rows are as long as the longest text, rounded up, and filled up with nothing', () => {
  const { tensors } = must(prepare(CLASSES, { texts: items('one two', 'three') }));
  const ids = tensors.get('input_ids');
  expect(ids?.shape).toEqual([2, 8]);
  expect(numbers(ids?.data ?? new Uint8Array())).toEqual([
    ...[2, 5, 6, 3, 0, 0, 0, 0],
    ...[2, 7, 3, 0, 0, 0, 0, 0],
  ]);
  const mask = tensors.get('attention_mask')?.data ?? new Uint8Array();
  expect(numbers(mask)).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
});

it('rows have the length that a model has', () => {
  const { tensors } = must(prepare(CLASSES, { graph: fakeGraph(LOGITS, { length: 5 }) }));
  expect(tensors.get('input_ids')?.shape).toEqual([1, 5]);
});

it('texts that are cut are told of, or refused where that was asked for', () => {
  const texts = items('one', 'one two three four');
  const cut = must(prepare({ ...CLASSES, maxTokens: 4 }, { texts }));
  expect(cut.notes).toEqual([{ code: 'texts-cut', values: { texts: 1, tokens: 4 } }]);
  const options: TaskOptions = { ...CLASSES, maxTokens: 4, overLength: 'refuse' };
  expect(prepare(options, { texts })).toMatchObject({
    refusal: { code: 'input-too-big', path: 'line 2' },
  });
});

it('an item of labels is a group of rows, one for each', () => {
  const options: TaskOptions = { name: 'zero-shot-classification', labels: ['one', 'two'] };
  const { tensors, model } = must(prepare(options, { texts: items('three', 'four') }));
  expect(tensors.get('input_ids.rows')?.shape).toEqual([2, 2, 16]);
  expect(model.graph.outputs.map(({ name }) => name)).toEqual(['logits.rows']);
});

describe('of vectors', () => {
  const outputOf = (options: Partial<TaskOptions>, settings: Settings = FAKE_SETTINGS) => {
    const given = { ...options, name: 'feature-extraction' } as const;
    const { model } = must(prepare(given, { graph: fakeGraph(VECTORS), settings }));
    const nodes = model.graph.nodes.map(({ opType }) => opType);
    return { outputs: model.graph.outputs.map(({ name }) => name), nodes };
  };

  it('one of the text is made, by what the repository says', () => {
    expect(outputOf({}).nodes).toContain('MatMul');
    const cls = { ...FAKE_SETTINGS, pooling: { pooling_mode_cls_token: true } };
    expect(outputOf({}, cls).nodes).toContain('Gather');
    expect(outputOf({}, cls).nodes).not.toContain('ReduceL2');
    const whole = { ...cls, modules: ['Transformer', 'Pooling', 'Normalize'] };
    expect(outputOf({}, whole).nodes).toContain('ReduceL2');
  });

  it('those of tokens stay where that is asked for', () => {
    expect(outputOf({ pooling: 'none' })).toEqual({ outputs: ['last_hidden_state'], nodes: [] });
  });

  it('one that the model makes itself is taken as it is', () => {
    const graph = fakeGraph({ ...VECTORS, sentence_embedding: ['batch', 8] });
    const { model } = must(prepare({ name: 'feature-extraction' }, { graph }));
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(['sentence_embedding']);
    expect(model.graph.nodes).toEqual([]);
  });
});

it.each([
  [
    'pooling of a task that has none',
    { ...CLASSES, pooling: 'cls' },
    {},
    /is for feature-extraction/,
  ],
  ['no labels', { name: 'zero-shot-classification' }, {}, /needs what texts may be about/],
  [
    'a picture model',
    CLASSES,
    { graph: fakeGraph(LOGITS, { inputs: ['pixel_values'] }) },
    /input "pixel_values"/,
  ],
  [
    'no ids',
    CLASSES,
    { graph: fakeGraph(LOGITS, { inputs: ['attention_mask'] }) },
    /no input "input_ids"/,
  ],
  [
    'other outputs',
    CLASSES,
    { graph: fakeGraph({ a: ['batch'], b: ['batch'] }) },
    /no output "logits"/,
  ],
  ['no vectors', { name: 'feature-extraction' }, {}, /vector for each token/],
  ['no word to be found', { name: 'fill-mask' }, {}, /line 1 has 0 times \[MASK\]/],
  ['no document', { name: 'text-ranking' }, {}, /line 1 has no document/],
  [
    'a pair beside labels',
    { name: 'zero-shot-classification', labels: ['one'] },
    { texts: [{ text: 'one', pair: 'two', at: 'line 1' }] },
    /takes single texts/,
  ],
] as [string, TaskOptions, Parameters<typeof prepare>[1], RegExp][])(
  'a task with %s is refused with what to do',
  (_, ...[options, given, message]) => {
    expect(prepare(options, given)).toMatchObject({
      refusal: { message: expect.stringMatching(message) },
    });
  },
);
