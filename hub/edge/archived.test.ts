import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import type { JobView } from '#protocol/api/job.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import { instant } from '#protocol/values/units.ts';
import { makeFakeKey } from './sockets/fake-client.ts';
import { computeFakeJob, postFakeJob, prepareFakeJob } from './sockets/fake-job.ts';
import { backUpHub } from './store/backup.ts';
import { openSharedDatabase } from './store/database/open.ts';
import { openTestHub, refusalOf } from './test-hub.ts';

const copies = openTestFolder();
const DAY_MS = 24 * 3_600_000;
const who = makeFakeKey();
const hub = openTestHub(() => ({
  verifierKeys: [who.key],
  clock: () => instant(Date.now()),
}));

afterEach(() => void vi.useRealTimers());

const read = async <T>(path: string): Promise<T> => (await (await hub.call(path)).json()) as T;

/** Posts, computes and judges a job. */
async function finishJob(size: { units: number; width?: number } = { units: 1 }): Promise<JobView> {
  const job = (await (await postFakeJob(hub, { ...size, autoStart: true })).json()) as JobView;
  const verifier = await prepareFakeJob(hub.url, who);
  await computeFakeJob(hub, { job, who: makeFakeKey() });
  for (let units = 0; units < job.units; ) {
    const { shard } = await verifier.until('check');
    verifier.say({ type: 'judged', through: shard.sequence });
    units += shard.unitCount;
  }
  await expect.poll(async () => (await read<JobView>(`/v1/jobs/${job.id}`)).state).toBe('done');
  verifier.socket.close();
  return job;
}

/** An hour passes at once; the hub's next tick archives what ended. */
async function archive({ id }: JobView): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
  const start = async () => (await hub.call(`/v1/jobs/${id}/start`, { method: 'POST' })).text();
  await expect.poll(start, { timeout: 5_000 }).toContain('ended some time ago, as \\"done\\"');
  const refused = await hub.call(`/v1/jobs/${id}/cancel`, { method: 'POST' });
  expect(await refusalOf(refused)).toEqual({ status: 409, code: 'job-state' });
}

test('every call on an archived job answers as it did before', async () => {
  const job = await finishJob();
  const { knownAnswers } = await read<PackageManifest>(`/v1/jobs/${job.id}/package`);
  const readAll = async () => {
    const { quote: _, ...view } = await read<JobView>(`/v1/jobs/${job.id}`);
    const bytes = async (path: string) => {
      const answer = await hub.call(path);
      return [answer.status, Buffer.from(await answer.arrayBuffer()).toString('base64')];
    };
    const { receipts } = await read<{ receipts: { shard: object }[] }>(
      `/v1/jobs/${job.id}/receipts`,
    );
    return {
      view,
      manifest: await read(`/v1/jobs/${job.id}/package`),
      receipts: receipts.map(({ shard }) => shard),
      results: await bytes(`/v1/jobs/${job.id}/results?format=jsonl`),
      outputs: await bytes(`/v1/jobs/${job.id}/outputs/0`),
      answer: await bytes(`/v1/blobs/${knownAnswers[0]?.inputs.root}`),
    };
  };
  const before = await readAll();
  expect(before.view).toMatchObject({ state: 'done', accepted: 1 });
  await archive(job);
  expect(await readAll()).toEqual(before);
  await hub.close();
  await hub.open();
  expect(await readAll()).toEqual(before);
});

test('the list of jobs has archived ones, the newest first, page by page', async () => {
  const [old] = (await read<{ jobs: JobView[] }>('/v1/jobs')).jobs;
  const added = (await (await postFakeJob(hub, { units: 2 })).json()) as JobView;
  const page = async (query: string) => {
    const { jobs, next } = await read<{ jobs: JobView[]; next?: number }>(`/v1/jobs?${query}`);
    return { ids: jobs.map(({ id }) => id), next };
  };
  expect(await page('')).toEqual({ ids: [added.id, old?.id] });
  expect(await page('limit=1')).toEqual({ ids: [added.id], next: 2 });
  expect(await page('limit=1&before=2')).toEqual({ ids: [old?.id], next: 1 });
  expect(await page('limit=1&before=1')).toEqual({ ids: [] });
  expect(await refusalOf(await hub.call('/v1/jobs?limit=101'))).toMatchObject({ status: 400 });
  await hub.call(`/v1/jobs/${added.id}/cancel`, { method: 'POST' });
});

test('a developer removes inputs and results of an archived job, and its receipts stay', async () => {
  const job = await finishJob();
  const remove = () => hub.call(`/v1/jobs/${job.id}/data`, { method: 'DELETE' });
  expect(await refusalOf(await remove())).toEqual({ status: 409, code: 'job-state' });
  await archive(job);
  const { knownAnswers } = await read<PackageManifest>(`/v1/jobs/${job.id}/package`);
  const blob = `/v1/blobs/${knownAnswers[0]?.inputs.root}`;
  expect((await hub.call(blob)).status).toBe(200);
  expect(await (await remove()).json()).toMatchObject({
    id: job.id,
    removedAt: expect.any(Number),
  });
  expect((await remove()).status).toBe(200);
  for (const path of ['results', 'outputs/0']) {
    const answer = await hub.call(`/v1/jobs/${job.id}/${path}`);
    expect(await refusalOf(answer)).toEqual({ status: 410, code: 'results-removed' });
  }
  const { receipts } = await read<{ receipts: object[] }>(`/v1/jobs/${job.id}/receipts`);
  expect(receipts).toHaveLength(1);
});

test('results of an archived job move to a blob that nobody can fetch, and every call gives them as before', async () => {
  const blobs = async () =>
    (await readdir(join(hub.data, 'blobs'), { recursive: true })).flatMap((name) => {
      const root = basename(name);
      return root.length === 64 ? [root] : [];
    });
  const job = await finishJob({ units: 8, width: 4_096 });
  const results = `/v1/jobs/${job.id}/results`;
  const range = '&from=3&to=6';
  const bytes = async (path: string) =>
    Buffer.from(await (await hub.call(path)).arrayBuffer()).toString('base64');
  const readAll = async () => [
    ...(await Promise.all(
      ['safetensors', 'npy', 'jsonl'].flatMap((format) => [
        bytes(`${results}?format=${format}`),
        bytes(`${results}?format=${format}${range}`),
      ]),
    )),
    await bytes(`/v1/jobs/${job.id}/outputs/4`),
  ];
  const [before, blobsBefore] = [await readAll(), await blobs()];
  await archive(job);
  const added = async () => (await blobs()).filter((root) => !blobsBefore.includes(root));
  await expect.poll(added, { timeout: 15_000 }).toHaveLength(1);
  const [segment] = await added();
  const database = await openSharedDatabase(join(hub.data, 'hub.db'));
  const moved = async () => (await database.read('select root from segment')).length;
  await expect.poll(moved, { timeout: 5_000 }).toBe(1);
  await database.close();
  await hub.close();
  await hub.open();
  expect(await readAll()).toEqual(before);
  expect((await hub.call(`/v1/blobs/${segment}`)).status).toBe(404);
  const to = join(copies, 'copy');
  expect(await backUpHub(hub.data, to)).toMatchObject({ ok: true });
  await hub.call(`/v1/jobs/${job.id}/data`, { method: 'DELETE' });
  expect((await hub.call(results)).status).toBe(410);
  await hub.close();
  await hub.open({ data: to });
  expect(await readAll()).toEqual(before);
  await hub.close();
  await hub.open();
});

// privacy: job-data
test('inputs and results go when their time is over, and blobs that nothing names with them', async () => {
  const job = await finishJob();
  await archive(job);
  expect(await read(`/v1/jobs/${job.id}`)).toMatchObject({ keptUntil: expect.any(Number) });
  vi.setSystemTime(Date.now() + 29 * DAY_MS);
  await hub.close();
  await hub.open();
  expect((await hub.call(`/v1/jobs/${job.id}/results`)).status).toBe(200);
  vi.setSystemTime(Date.now() + 2 * DAY_MS);
  await hub.close();
  await hub.open();
  await expect
    .poll(async () => (await hub.call(`/v1/jobs/${job.id}/results`)).status, { timeout: 5_000 })
    .toBe(410);
  expect((await read<{ receipts: object[] }>(`/v1/jobs/${job.id}/receipts`)).receipts).not.toEqual(
    [],
  );
  const groups = async () =>
    (await readdir(join(hub.data, 'blobs'), { recursive: true })).filter(
      (name) => name.length > 60,
    );
  await expect.poll(groups, { timeout: 5_000 }).toEqual([]);
});
