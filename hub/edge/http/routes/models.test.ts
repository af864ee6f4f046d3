import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { postJob } from '#client/jobs.ts';
import { addKey } from '#client/keys.ts';
import { addModel, listModels, readModel, readModelStats, removeModel } from '#client/models.ts';
import type { KeyRequest } from '#protocol/api/keys.ts';
import type { ModelOptions } from '#protocol/api/models.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import { must, type Result } from '#protocol/values/refusal.ts';
import { fakeModel } from '../../sockets/fake-job.ts';
import { openTestHub, refusalOf } from '../../test-hub.ts';

const hub = openTestHub(() => ({ needsVerifier: false }));
const CONFIG = '{\n  "model_type": "bert" }\n';
const other = sampleModel([{ op: 'Relu', inputs: ['x'], output: 'y' }], { width: 3 });
let operator: HubClient;
let mine: HubClient;

beforeAll(async () => {
  operator = openClient({ hub: hub.url, key: hub.key });
  mine = await openOther();
});

async function openOther(request: Partial<KeyRequest> = {}): Promise<HubClient> {
  const { key } = must(await addKey(operator, { name: 'someone', ...request }));
  return openClient({ hub: hub.url, key, patience: 0 });
}
const filesOf = (model: Uint8Array = fakeModel, config = CONFIG) => [
  { name: 'onnx/model.onnx', data: new Blob([model.slice()]) },
  { name: 'config.json', data: new Blob([config]) },
];
const add = (options: ModelOptions, files = filesOf(), client = mine) =>
  addModel(client, { files, options });
const refused = async (call: Promise<Result<unknown>>) => {
  const found = await call;
  return found.ok ? undefined : found.refusal;
};
const codeOf = async (call: Promise<Result<unknown>>) => (await refused(call))?.code;
const rows = [{ name: 'rows.jsonl', data: new Blob(['{"x":[1,2,3]}\n{"x":[4,5,6]}']) }];

describe('a model that is added', () => {
  it('is listed with its files as they were sent, to every key', async () => {
    const model = must(await add({ name: 'listed/net', revision: 'abc', dtype: 'fp32' }));
    expect(model).toMatchObject({
      ...{ id: 'listed/net', object: 'model', revision: 'abc', dtype: 'fp32' },
      bytes: fakeModel.length + CONFIG.length,
      files: [
        { name: 'onnx/model.onnx' },
        { name: 'config.json', blob: { length: CONFIG.length } },
      ],
    });
    expect(Math.abs(model.created - Date.now() / 1000)).toBeLessThan(60);
    const reader = await openOther({ access: 'read' });
    const { object, data, limits } = must(await listModels(reader));
    expect([object, data.find(({ id }) => id === model.id)]).toEqual(['list', model]);
    expect(limits.weightBytes).toBeLessThan(limits.fileBytes);
    for (const name of ['listed/net', 'listed/net@abc']) {
      expect(must(await readModel(reader, name))).toEqual(model);
    }
    const blob = await hub.call(`/v1/blobs/${model.files[0]?.blob.root}`);
    expect(blob.status).toBe(404);
    // As the client of OpenAI asks for it.
    const coded = await hub.call(`/v1/models/${encodeURIComponent('listed/net')}`);
    expect(await coded.json()).toEqual(model);
  });

  it('is told again where all its files are the same, and refused where one differs', async () => {
    const send = (config = CONFIG) => {
      const form = new FormData();
      for (const { name, data } of filesOf(fakeModel, config)) form.append('model', data, name);
      form.append('options', '{"name":"twice"}');
      return hub.call('/v1/models', { method: 'POST', body: form });
    };
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(await second.json()).toEqual(await first.json());
    expect(await refusalOf(await send('{}'))).toEqual({ status: 409, code: 'model-exists' });
  });

  it('has an id that other keys cannot take, at no revision, and the operator can', async () => {
    must(await add({ name: 'own', revision: 'one' }));
    const someone = await openOther();
    const newer = { name: 'own', revision: 'two' };
    expect(await codeOf(add(newer, filesOf(other), someone))).toBe('model-exists');
    must(await add(newer, filesOf(other), operator));
    expect(must(await readModel(mine, 'own')).revision).toBe('two');
    expect(must(await readModel(mine, 'own@one')).revision).toBe('one');
  });

  it('is removed by its key or an operator alone', async () => {
    must(await add({ name: 'going' }));
    expect(await codeOf(removeModel(await openOther(), 'going'))).toBe('key-forbidden');
    const removed = { id: 'going', object: 'model', deleted: true };
    expect(must(await removeModel(mine, 'going'))).toEqual(removed);
    expect(await codeOf(readModel(mine, 'going'))).toBe('model-unknown');
    must(await add({ name: 'going' }));
    expect(must(await removeModel(operator, 'going'))).toEqual(removed);
  });

  it('outlives a restart', async () => {
    const model = must(await add({ name: 'kept' }));
    await hub.close();
    await hub.open();
    operator = openClient({ hub: hub.url, key: hub.key });
    mine = await openOther();
    expect(must(await readModel(mine, 'kept'))).toEqual(model);
  });
});

describe('a model is refused', () => {
  const blob = (text: string | Uint8Array) =>
    new Blob([typeof text === 'string' ? text : text.slice()]);
  it.each([
    ['no file', [], 'request-invalid'],
    ['no ONNX file', [{ name: 'config.json', data: blob('{}') }], 'model-format'],
    ['two ONNX files', [...filesOf(), { name: 'b.onnx', data: blob(other) }], 'request-invalid'],
    ['half a model', [{ name: 'a.onnx', data: blob(fakeModel.slice(0, 40)) }], 'model-truncated'],
    ['settings that are no JSON', filesOf(fakeModel, 'version https://git-lfs'), 'model-format'],
    ['a file twice', [...filesOf(), ...filesOf().slice(1)], 'model-format'],
    [
      'a file of no part',
      [...filesOf(), { name: 'b.bin', data: blob('b') }],
      'model-external-data',
    ],
    ['a path out of it', [{ name: '../../a.onnx', data: blob(fakeModel) }], 'request-invalid'],
  ])('with %s', async (_, files, code) => {
    expect(await codeOf(add({ name: 'bad' }, files))).toBe(code);
    expect(await codeOf(readModel(mine, 'bad'))).toBe('model-unknown');
    expect(await readdir(join(hub.data, 'uploads'))).toEqual([]);
  });

  it.each(['%00', '%E0%A4%A', '..%2f..%2fetc', 'a@@b', 'a'.repeat(2_000), '%27%20or%201=1', 'x/'])(
    'asked for as %s, which is none',
    async (path) => {
      const answer = await hub.call(`/v1/models/${path}`);
      expect(await refusalOf(answer)).toEqual({ status: 404, code: 'model-unknown' });
    },
  );

  it.each(['a/b/c', '.a', 'a b', '', 'a@b'])('with the name %j', async (name) => {
    expect(await codeOf(add({ name }))).toBe('request-invalid');
  });
});

describe('a job of a model that the hub keeps', () => {
  const post = (model?: string, files?: { name: string; data: Blob }) =>
    postJob(mine, {
      ...(files && { model: files }),
      inputs: rows,
      options: { name: 'named', unitItems: 1, ...(model !== undefined && { model }) },
    });

  it('is the job that its file makes, and stays when the model is removed', async () => {
    must(await add({ name: 'ready/net', revision: 'abc' }));
    const [named, pinned, sent] = [
      must(await post('ready/net')),
      must(await post('ready/net@abc')),
      must(await post(undefined, { name: 'net.onnx', data: new Blob([fakeModel.slice()]) })),
    ];
    expect([named, pinned].map(({ inputs, units }) => [inputs, units])).toEqual(
      Array(2).fill([sent.inputs, sent.units]),
    );
    const names = [named, pinned, sent].map(({ model }) => model);
    expect(names).toEqual(['ready/net@abc', 'ready/net@abc', undefined]);
    const { models } = must(await readModelStats(mine));
    expect(models.find(({ model }) => model === 'ready/net@abc')).toEqual({
      model: 'ready/net@abc',
      trust: { accepted: 0, checked: 0, mismatched: 0 },
      classes: [],
    });
    must(await removeModel(mine, 'ready/net'));
    const { state } = (await (await hub.call(`/v1/jobs/${named.id}`)).json()) as { state: string };
    expect(state).toBe('checking');
  });

  it('is refused with near names where there is no such model', async () => {
    must(await add({ name: 'org/all-MiniLM-L6-v2' }));
    for (const name of ['all-minilm-l6-v2', 'org/all-MiniLM-L6-v2@none']) {
      expect(await refused(post(name))).toMatchObject({
        code: 'model-unknown',
        message: expect.stringContaining('near names are org/all-MiniLM-L6-v2'),
      });
    }
  });

  it('is refused where it brings a model as well, or neither', async () => {
    must(await add({ name: 'both' }));
    const file = { name: 'net.onnx', data: new Blob([fakeModel.slice()]) };
    const both = await refused(post('both', file));
    expect(both).toMatchObject({ code: 'request-invalid', path: 'model' });
    expect(await refused(post())).toMatchObject({ code: 'request-invalid', path: 'model' });
  });
});
