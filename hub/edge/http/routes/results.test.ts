import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxValue } from '#protocol/onnx/model.ts';
import { openTestHub, refusalOf } from '../../test-hub.ts';

const hub = openTestHub(() => ({}));
const pixels = (name: string): OnnxValue => ({
  name,
  type: { kind: 'tensor', dataType: 2, dims: ['n', 3, 8, 8] },
});
const model = encodeOnnx({
  irVersion: 8,
  producerName: 'test',
  opsetImports: [{ domain: '', version: 17 }],
  graph: {
    name: 'graph',
    nodes: [
      { name: '', opType: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: [] },
    ],
    initializers: [],
    sparseInitializers: [],
    inputs: [pixels('x')],
    outputs: [pixels('y')],
  },
  functions: [],
});

async function post(files: [name: string, bytes: Uint8Array | string][], options = {}) {
  const form = new FormData();
  form.append('model', new Blob([new Uint8Array(model)]), 'net.onnx');
  for (const [name, bytes] of files) {
    form.append(
      'inputs',
      new Blob([typeof bytes === 'string' ? bytes : new Uint8Array(bytes)]),
      name,
    );
  }
  form.append('options', JSON.stringify({ name: 'pictures', ...options }));
  return await hub.call('/v1/jobs', { method: 'POST', body: form });
}

it('the names of pictures can be read from the start, and after the hub began again', async () => {
  const size = { width: 9, height: 9, channels: 3, background: 'red' } as const;
  const png = await sharp({ create: size }).png().toBuffer();
  const sent: [string, Uint8Array | string][] = [
    ['ä b.png', png],
    ['notes.txt', 'Hello there, how are you?'],
    ['c.png', png],
  ];
  const refused = await post(sent);
  expect(refused.status).toBe(422);
  const { error } = (await refused.json()) as { error: { files: { name: string }[] } };
  expect(error.files).toMatchObject([{ name: 'notes.txt', code: 'input-format' }]);

  const job = (await (await post(sent, { skipBadFiles: true })).json()) as JobView;
  expect(job).toMatchObject({ items: 2, named: true });
  const names = async (query: string) =>
    (await hub.call(`/v1/jobs/${job.id}/results?format=files${query}`)).text();
  const [first, second, left] = (await names('')).split('\n');
  expect([first, second]).toEqual(['{"item":0,"file":"ä b.png"}', '{"item":1,"file":"c.png"}']);
  expect(JSON.parse(left ?? '')).toMatchObject({
    ...{ file: 'notes.txt', error: { code: 'input-format' } },
  });
  await hub.close();
  await hub.open();
  expect(await names('&from=1')).toBe(`${second}\n${left}\n`);
  expect(await names('&to=1')).toBe(`${first}\n`);
  const early = await hub.call(`/v1/jobs/${job.id}/results`);
  expect(await refusalOf(early)).toMatchObject({ code: 'job-state' });
});
