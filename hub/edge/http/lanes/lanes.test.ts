import { beforeAll, expect, it } from 'vitest';
import { openClient } from '#client/client.ts';
import { listJobs } from '#client/jobs.ts';
import { addModel } from '#client/models.ts';
import type { JobView } from '#protocol/api/job.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { must } from '#protocol/values/refusal.ts';
import { makeFakeKey } from '../../sockets/fake-client.ts';
import { prepareFakeJob } from '../../sockets/fake-job.ts';
import { FAKE_SETTINGS, fakeGraph } from '../../tasks/fake-repository.ts';
import { openTestHub, refusalOf } from '../../test-hub.ts';

const who = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [who.key] }));
const LOGITS = { logits: ['batch', 2] };
const GRAPHS = {
  'fake/net': fakeGraph(LOGITS, { inputs: ['input_ids'] }),
  // Rows of one length, which is many times that of a short text.
  'fake/long': fakeGraph(LOGITS, { inputs: ['input_ids'], length: 64 }),
};

beforeAll(async () => {
  const { tokenizer, tokenizerConfig, config } = FAKE_SETTINGS;
  const json = { 'tokenizer.json': tokenizer, 'tokenizer_config.json': tokenizerConfig };
  const classes = { ...config, problem_type: 'multi_label_classification' };
  const settings = Object.entries({ ...json, 'config.json': classes });
  const operator = openClient({ hub: hub.url, key: hub.key });
  for (const [name, graph] of Object.entries(GRAPHS)) {
    const files = [
      { name: 'model.onnx', data: new Blob([encodeOnnx(graph).slice()]) },
      ...settings.map(([file, value]) => ({ name: file, data: new Blob([JSON.stringify(value)]) })),
    ];
    must(await addModel(operator, { files, options: { name } }));
  }
});

/** Asks for classes, which no device finds, and waits some seconds for them. */
async function ask(
  input: string,
  { assurance = 'instant', model = 'fake/net' } = {},
): Promise<void> {
  const answer = await hub.call('/v1/moderations', {
    method: 'POST',
    headers: { Prefer: 'wait=3', 'X-Pocketgrid-Assurance': assurance },
    body: JSON.stringify({ model, input }),
  });
  expect(await refusalOf(answer)).toMatchObject({ code: 'busy' });
}
async function jobs(): Promise<Pick<JobView, 'state' | 'items' | 'assurance'>[]> {
  const all = must(await listJobs(openClient({ hub: hub.url, key: hub.key }))).jobs;
  return all.map(({ state, items, assurance }) => ({ state, items, assurance }));
}
async function restart(): Promise<void> {
  await hub.close();
  await hub.open();
}

it('a hub that starts again puts requests into the open job that it had for them', async () => {
  const prepared = prepareFakeJob(hub.url, who);
  await ask('one');
  const { socket } = await prepared;
  await expect.poll(jobs).toMatchObject([{ state: 'running', items: 1 }]);
  socket.close();
  await restart();
  await ask('two');
  expect(await jobs()).toMatchObject([{ state: 'running', items: 2 }]);
});

it('requests for a model with rows of one length share a job, however short they are', async () => {
  const prepared = prepareFakeJob(hub.url, who);
  await ask('one', { model: 'fake/long', assurance: 'settled' });
  const { socket } = await prepared;
  await ask('two', { model: 'fake/long', assurance: 'settled' });
  const long = (await jobs()).filter(({ assurance }) => assurance === 'settled');
  expect(long).toMatchObject([{ state: 'running', items: 2 }]);
  socket.close();
});

it('a hub that starts again waits for the open job that is prepared for such requests', async () => {
  await ask('one', { assurance: 'full' });
  await restart();
  await ask('two', { assurance: 'full' });
  const waiting = (await jobs()).filter(({ assurance }) => assurance === 'full');
  expect(waiting).toMatchObject([{ state: 'checking', items: 1 }]);
});
