import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import type { JobView } from '#protocol/api/job.ts';
import { makeFakeKey } from '../sockets/fake-client.ts';
import { computeFakeJob, postFakeJob, prepareFakeJob } from '../sockets/fake-job.ts';
import { openTestHub } from '../test-hub.ts';
import { backUpHub } from './backup.ts';

const folder = openTestFolder();
const who = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [who.key] }));

const postJob = async (units: number): Promise<JobView> =>
  (await (await postFakeJob(hub, { units, autoStart: true })).json()) as JobView;
const read = async (path: string): Promise<unknown> => (await hub.call(path)).json();

test('a backup made while the hub works opens as the hub that it was', async () => {
  const job = await postJob(20);
  const verifier = await prepareFakeJob(hub.url, who);
  await computeFakeJob(hub, { job, who: makeFakeKey() });
  const results = `/v1/jobs/${job.id}/results?format=jsonl`;
  const before = await (await hub.call(results)).text();
  const busy = (async () => {
    for (let posted = 0; posted < 5; posted += 1) await postJob(1);
  })();
  const to = join(folder, 'copy');
  expect(await backUpHub(hub.data, to)).toMatchObject({ ok: true });
  await busy;
  expect((await stat(join(to, 'keys', 'hub.json'))).mode & 0o777).toBe(0o600);
  const key = hub.hub;
  verifier.socket.close();
  await hub.close();
  await hub.open({ data: to });
  expect(hub.hub).toBe(key);
  expect(await read(`/v1/jobs/${job.id}`)).toMatchObject({ accepted: 20 });
  expect(await (await hub.call(results)).text()).toBe(before);
  const { jobs } = (await read('/v1/jobs')) as { jobs: JobView[] };
  for (const { id } of jobs) expect(await read(`/v1/jobs/${id}`)).toMatchObject({ id });
  expect((await postFakeJob(hub, { units: 1 })).status).toBe(201);
});

test('a backup says why it cannot be made, and writes nothing', async () => {
  const full = join(folder, 'full');
  await mkdir(full);
  await writeFile(join(full, 'mine'), 'kept');
  expect(await backUpHub(hub.data, full)).toMatchObject({
    ok: false,
    refusal: { message: expect.stringMatching(/full is not empty; a backup needs a folder/) },
  });
  expect(await readdir(full)).toEqual(['mine']);
  const none = join(folder, 'none');
  expect(await backUpHub(join(folder, 'missing'), none)).toMatchObject({
    ok: false,
    refusal: {
      message: expect.stringMatching(/there is no hub in .*missing; name it with --data/),
    },
  });
});
