import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { embed } from '#client/embeddings.ts';
import { addInputs, endInputs, listJobs, postJob, readJob } from '#client/jobs.ts';
import { addModel } from '#client/models.ts';
import { readReceipts } from '#client/receipts.ts';
import { openTestGrid, openTestPrograms, type TestProgram } from '#node/test-programs.ts';
import type { JobView } from '#protocol/api/job.ts';
import { decodeNpy, encodeNpy } from '#protocol/tensors/npy.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { readRecorded } from './recorded.ts';
import { buildRepository } from './repository.ts';

const TEXTS = ['The cat sat on the mat.', 'I love this film! It was very good and not bad', 'a'];
const MODEL = 'made/vectors';
const VECTORS = readRecorded('mean').map((answer) => (answer as { embedding: number[] }).embedding);
const ENDED = { timeout: 120_000, interval: 100 };

const programs = openTestPrograms();
const devices: TestProgram[] = [];
let hub: HubClient;

beforeAll(async () => {
  const { url, key, contribute } = await openTestGrid(programs);
  devices.push(...['one', 'two'].map(contribute));
  hub = openClient({ hub: url, key });
  const modules = new TextEncoder().encode('[{"type":"sentence_transformers.models.Normalize"}]');
  const files = [...buildRepository('feature-extraction'), ['modules.json', modules] as const];
  const named = files.map(([name, bytes]) => ({ name, data: new Blob([bytes]) }));
  must(await addModel(hub, { files: named, options: { name: MODEL } }));
}, 280_000);

async function ask(at: number): Promise<void> {
  const [vector] = must(await embed(hub, { model: MODEL, texts: [TEXTS[at % 3] ?? ''] }));
  const wanted = VECTORS[at % 3] ?? [];
  expect(vector).toHaveLength(wanted.length);
  for (const [place, value] of (vector ?? []).entries()) {
    expect(value).toBeCloseTo(wanted[place] ?? Number.NaN, 4);
  }
}
const jobs = async (): Promise<JobView[]> => must(await listJobs(hub)).jobs;

it('requests of a key are items of one open job, and each gets its own answer', async () => {
  await Promise.all([0, 1, 2].map(ask));
  for (let at = 0; at < 9; at += 1) await ask(at);
  await Promise.all(Array.from({ length: 40 }, (_, at) => ask(at)));
  const open = await jobs();
  expect(open.length).toBeLessThanOrEqual(2);
  expect(open.map(({ state }) => state)).not.toContain('refused');
  expect(open.reduce((sum, { items }) => sum + items, 0)).toBe(52);
}, 280_000);

it('each request has a receipt over the inputs that it sent', async () => {
  const [job] = await jobs();
  const receipts = must(await readReceipts(hub, job?.id ?? ('' as JobId)));
  expect(receipts.length).toBeGreaterThan(5);
  for (const { shard, inputs } of receipts) {
    expect(inputs.firstUnit ?? 0).toBeLessThanOrEqual(shard.firstUnit);
    expect(inputs.firstUnit === undefined).toBe(shard.firstUnit === 0);
  }
}, 120_000);

it('a device that dies at work keeps nobody waiting for long', async () => {
  devices.shift()?.child.kill('SIGKILL');
  const start = performance.now();
  await Promise.all([0, 1, 2, 3].map(ask));
  expect(performance.now() - start).toBeLessThan(60_000);
}, 120_000);

it('an open job takes tensors while it runs, and ends when it is told to', async () => {
  const model = {
    name: 'digits.onnx',
    data: new Blob([await readFile('public/sample/digits.onnx')]),
  };
  const all = must(decodeNpy(await readFile('public/sample/digits.npy')));
  const rowBytes = all.data.length / (all.shape[0] ?? 1);
  const rows = (from: number, to: number) => {
    const data = all.data.slice(from * rowBytes, to * rowBytes);
    const bytes = encodeNpy({ ...all, shape: [to - from, ...all.shape.slice(1)], data });
    return [{ name: 'x.npy', data: new Blob([new Uint8Array(bytes)]) }];
  };
  const post = (count: number, more: object) =>
    postJob(hub, {
      model,
      inputs: rows(0, count),
      options: { name: 'd', autoStart: true, ...more },
    });
  const { id } = must(await post(2, { open: true }));
  await expect.poll(async () => must(await readJob(hub, id)).state, ENDED).toBe('running');
  expect(must(await addInputs(hub, id, rows(2, 5)))).toMatchObject({ from: 2, to: 5 });
  expect(must(await addInputs(hub, id, rows(5, 6)))).toMatchObject({ from: 5, to: 6 });
  must(await endInputs(hub, id));
  expect(await addInputs(hub, id, rows(6, 7))).toMatchObject({ refusal: { code: 'job-state' } });
  const whole = must(await post(6, { unitItems: 1 }));
  for (const each of [id, whole.id]) {
    await expect.poll(async () => must(await readJob(hub, each)).state, ENDED).toBe('done');
  }
  const path = (job: JobId) => `/v1/jobs/${job}/results?format=npy`;
  const [grown, posted] = [await hub.bytes(path(id)), await hub.bytes(path(whole.id))];
  expect(must(grown)).toEqual(must(posted));
}, 280_000);
