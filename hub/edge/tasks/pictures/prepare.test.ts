import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { PictureTaskName, TaskOptions } from '#protocol/tasks/task.ts';
import { must } from '#protocol/values/refusal.ts';
import type { InputFile } from '../../inputs/port.ts';
import { fakeFile, fakePictureGraph } from '../fake-repository.ts';
import { preparePictures } from './prepare.ts';

type Options = TaskOptions & { name: PictureTaskName };
const CLASSES: Options = { name: 'image-classification' };
const VECTORS: Options = { name: 'image-feature-extraction' };
const OBJECTS: Options = { name: 'object-detection' };
const LOGITS = { logits: ['batch', 2] };
const PARTS = { last_hidden_state: ['batch', 5, 8] };
const PLAIN = { do_resize: false, do_rescale: false };

/** A picture of one colour. */
async function picture(name: string, width: number, height: number): Promise<InputFile> {
  const create = { width, height, channels: 3, background: { r: 7, g: 8, b: 9 } } as const;
  return { name, bytes: new Uint8Array(await sharp({ create }).png().toBuffer()) };
}

async function prepare(
  options: Options,
  { graph = fakePictureGraph(LOGITS), preprocessor = PLAIN as object, skipBadFiles = false } = {},
  files: readonly InputFile[] = [],
) {
  const settings = { preprocessor: preprocessor as Record<string, unknown> };
  const inputs = files.length > 0 ? files : [await picture('a.png', 2, 1)];
  return preparePictures(graph, inputs, { options, settings, skipBadFiles });
}
const floats = (data: Uint8Array) => [...new Float32Array(data.slice().buffer)];

it('pictures become numbers channel by channel, and keep their names', async () => {
  const files = [await picture('a.png', 2, 1), await picture('b.png', 2, 1)];
  const { tensors, names, sizes } = must(await prepare(CLASSES, {}, files));
  const pixels = tensors.get('pixel_values');
  expect(pixels?.shape).toEqual([2, 3, 1, 2]);
  expect(floats(pixels?.data ?? new Uint8Array()).slice(0, 6)).toEqual([7, 7, 8, 8, 9, 9]);
  expect([names, sizes]).toEqual([['a.png', 'b.png'], undefined]);
});

it('a picture is cut around its middle', async () => {
  const cut = { ...PLAIN, do_center_crop: true, crop_size: { width: 2, height: 1 } };
  const columns = Uint8Array.from([0, 1, 2, 3, 4, 5].flatMap((at) => [at, 10 + at, 20 + at]));
  const raw = { width: 6, height: 1, channels: 3 } as const;
  const bytes = new Uint8Array(await sharp(columns, { raw }).png().toBuffer());
  const { tensors } = must(await prepare(CLASSES, { preprocessor: cut }, [{ name: 'a', bytes }]));
  const pixels = tensors.get('pixel_values');
  expect(floats(pixels?.data ?? new Uint8Array())).toEqual([2, 3, 12, 13, 22, 23]);
});

it('a picture that is smaller than the cut has black around it', async () => {
  const cut = { ...PLAIN, do_center_crop: true, crop_size: { width: 1, height: 3 } };
  const { tensors } = must(await prepare(CLASSES, { preprocessor: cut }));
  const pixels = tensors.get('pixel_values');
  expect(floats(pixels?.data ?? new Uint8Array())).toEqual([0, 7, 0, 0, 8, 0, 0, 9, 0]);
});

it('what is filled up behind a picture is 0 whatever black is', async () => {
  const size = { width: 3, height: 2 };
  const padded = { ...PLAIN, do_pad: true, pad_size: size };
  const { tensors } = must(await prepare(CLASSES, { preprocessor: padded }));
  const pixels = tensors.get('pixel_values');
  expect(floats(pixels?.data ?? new Uint8Array()).slice(0, 6)).toEqual([7, 7, 0, 0, 0, 0]);
});

it('objects keep the sizes of their pictures, and a mask says that all of each is one', async () => {
  const outputs = { logits: ['batch', 5, 3], pred_boxes: ['batch', 5, 4], aux: ['batch', 1] };
  const graph = fakePictureGraph(outputs, { mask: ['batch', 'height', 'width'] });
  const { tensors, sizes, model } = must(await prepare(OBJECTS, { graph }));
  expect(sizes).toEqual([{ width: 2, height: 1 }]);
  expect(tensors.get('pixel_mask')?.shape).toEqual([1, 64, 64]);
  expect(model.graph.outputs.map(({ name }) => name)).toEqual(['logits', 'pred_boxes']);
  expect(must(await prepare({ ...OBJECTS, percentage: true }, { graph })).sizes).toBeUndefined();
});

describe('of vectors', () => {
  const nodesOf = async (
    options: Partial<Options>,
    outputs: Record<string, (string | number)[]>,
  ) => {
    const given = { ...VECTORS, ...options };
    const { model } = must(await prepare(given, { graph: fakePictureGraph(outputs) }));
    const nodes = model.graph.nodes.map(({ opType }) => opType);
    return { outputs: model.graph.outputs.map(({ name }) => name), nodes };
  };

  it('the one that the model makes of a picture is taken', async () => {
    const outputs = { ...PARTS, pooler_output: ['batch', 8] };
    expect(await nodesOf({}, outputs)).toEqual({ outputs: ['pooler_output'], nodes: [] });
    expect((await nodesOf({ normalize: true }, outputs)).nodes).toContain('ReduceL2');
  });

  it('one is made of those of the parts where the model makes none, or as asked', async () => {
    expect((await nodesOf({}, PARTS)).nodes).toContain('Gather');
    expect((await nodesOf({ pooling: 'mean' }, PARTS)).nodes).toContain('ReduceMean');
    const none = { outputs: ['last_hidden_state'], nodes: [] };
    expect(await nodesOf({ pooling: 'none' }, PARTS)).toEqual(none);
  });
});

it('bad files are named, or left out where that was asked for', async () => {
  const files = [fakeFile('x.txt', 'words'), await picture('b.png', 2, 1)];
  expect(await prepare(CLASSES, {}, files)).toMatchObject({
    refusal: { path: 'x.txt', message: expect.stringMatching(/skipBadFiles the 1 others/) },
  });
  const { names, leftOut } = must(await prepare(CLASSES, { skipBadFiles: true }, files));
  expect(names).toEqual(['b.png']);
  expect(leftOut).toMatchObject([{ name: 'x.txt' }]);
});

it('pictures that come to several sizes are refused by name', async () => {
  const files = [await picture('a.png', 2, 1), await picture('b.png', 1, 2)];
  expect(await prepare(CLASSES, {}, files)).toMatchObject({
    refusal: { path: 'b.png', message: expect.stringMatching(/1 × 2 pixels and a.png 2 × 1/) },
  });
});

it('a picture that would be scaled to more than a picture may have is refused', async () => {
  const preprocessor = { size: { shortest_edge: 224 }, do_center_crop: true, crop_size: 224 };
  const files = [await picture('thin.png', 8_000, 1)];
  expect(await prepare(CLASSES, { preprocessor }, files)).toMatchObject({
    refusal: { code: 'input-too-big', path: 'thin.png', message: expect.stringMatching(/square/) },
  });
});

it('a picture that moves is refused', async () => {
  const frames = sharp([await frame('red'), await frame('blue')], { join: { animated: true } });
  const file = { name: 'a.gif', bytes: new Uint8Array(await frames.gif().toBuffer()) };
  expect(await prepare(CLASSES, {}, [file])).toMatchObject({
    refusal: { path: 'a.gif', message: expect.stringMatching(/holds 2 pictures/) },
  });
});

const frame = (background: string) =>
  sharp({ create: { width: 4, height: 4, channels: 3, background } })
    .png()
    .toBuffer();

it.each<[string, Options, Parameters<typeof prepare>[1], RegExp]>([
  ['an option of texts', { ...CLASSES, maxTokens: 7 }, {}, /is for tasks of texts/],
  ['an option of another task', { ...CLASSES, threshold: 0.5 }, {}, /is for object-detection/],
  ['a pooling of texts', { ...VECTORS, pooling: 'last-token' }, {}, /cls, mean or none/],
  ['no vectors', VECTORS, {}, /pooler_output, last_hidden_state/],
  ['no boxes', OBJECTS, {}, /"pred_boxes"/],
  [
    'pictures too large',
    CLASSES,
    { preprocessor: { size: { height: 4_000, width: 4_000 } } },
    /Set a smaller size/,
  ],
  [
    'a model of texts',
    CLASSES,
    { graph: fakePictureGraph(LOGITS, { dims: ['batch', 'sequence'] }) },
    /takes pixel_values/,
  ],
])('a task with %s is refused with what to do', async (_, ...[options, given, message]) => {
  expect(await prepare(options, given)).toMatchObject({
    refusal: { message: expect.stringMatching(message) },
  });
});

it('a file of tensors is refused', async () => {
  expect(await prepare(CLASSES, {}, [fakeFile('a.jsonl', '[1]')])).toMatchObject({
    refusal: { path: 'a.jsonl', message: expect.stringMatching(/takes pictures/) },
  });
});
