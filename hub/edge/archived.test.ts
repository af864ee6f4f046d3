import { afterEach, expect, test, vi } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import { makeFakeKey } from './sockets/fake-client.ts';
import { computeFakeJob, postFakeJob, prepareFakeJob } from './sockets/fake-job.ts';
import { openTestHub, refusalOf } from './test-hub.ts';

const who = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [who.key] }));

afterEach(() => void vi.useRealTimers());

const read = async <T>(path: string): Promise<T> => (await (await hub.call(path)).json()) as T;

/** Posts, computes and judges a job of one unit. */
async function finishJob(): Promise<JobView> {
  const job = (await (await postFakeJob(hub, { units: 1, autoStart: true })).json()) as JobView;
  const verifier = await prepareFakeJob(hub.url, who);
  await computeFakeJob(hub, { job, who: makeFakeKey() });
  const { shard } = await verifier.until('check');
  verifier.say({ type: 'judged', through: shard.sequence });
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
});
