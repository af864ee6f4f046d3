import { expect, it } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import type { NewKey } from '#protocol/api/keys.ts';
import { makeFakeKey, openFakeSession } from '../../sockets/fake-client.ts';
import { openFakeDevice, postFakeJob, prepareFakeJob } from '../../sockets/fake-job.ts';
import { openTestHub, refusalOf } from '../../test-hub.ts';

const verifierKey = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [verifierKey.key] }));
const DAY_MS = 86_400_000;

const post = (more: object) => postFakeJob(hub, { units: 3, autoStart: true, ...more });
const view = async (id: string) => (await (await hub.call(`/v1/jobs/${id}`)).json()) as JobView;

it('a job for GPUs waits while only processors are online, and one for processors is lent to them', async () => {
  const wantedDevices = { providers: ['webgpu' as const] };
  const onGpus = (await (await post({ devices: wantedDevices })).json()) as JobView;
  expect(onGpus).toMatchObject({ wantedDevices, ahead: 0 });
  const first = await prepareFakeJob(hub.url, verifierKey);
  await expect.poll(async () => (await view(onGpus.id)).state).toBe('running');
  const idle = await openFakeSession(hub.url, 'contributor', makeFakeKey());
  idle.say({ type: 'request' });
  expect((await idle.until('idle')).reason.code).toMatch(/provider-unwanted|exact-only/);
  await expect.poll(async () => (await view(onGpus.id)).reason.code).toBe('class-missing');
  for (const { socket } of [idle, first]) socket.close();
  const onCpus = (await (await post({ devices: { providers: ['wasm'] } })).json()) as JobView;
  const verifier = await prepareFakeJob(hub.url, verifierKey);
  const device = await openFakeDevice(hub.url);
  expect((await device.until('lease')).lease.job).toBe(onCpus.id);
  device.socket.close();
  verifier.socket.close();
});

it('a deadline is shown, and one that has passed, or is in seconds, is refused', async () => {
  const deadline = Date.now() + DAY_MS;
  const job = (await (await post({ deadline })).json()) as JobView;
  expect(job).toMatchObject({ deadline });
  expect(job.late).toBeUndefined();
  for (const wrong of [Date.now() - 1, Math.floor(deadline / 1_000)]) {
    const refused = await refusalOf(await post({ deadline: wrong }));
    expect(refused).toEqual({ status: 400, code: 'request-invalid' });
  }
});

it('a purpose and a category are shown with who posted it, or made of what is known', async () => {
  const said = { purpose: 'Finds poems that are alike', category: 'language' };
  const job = (await (await post(said)).json()) as JobView;
  expect(job).toMatchObject(said);
  // An operator's key has no name for others.
  expect(job.postedBy).toBeUndefined();
  const silent = (await (await post({})).json()) as JobView;
  expect(silent).toMatchObject({ purpose: 'Runs a model on numbers', category: 'other' });
});

it('the job of a developer is posted by the name that the operator gave the key', async () => {
  const named = { name: 'Library of Poems', role: 'developer' };
  const body = JSON.stringify(named);
  const made = await hub.call('/v1/keys', { method: 'POST', body });
  const { key } = (await made.json()) as NewKey;
  const posted = await postFakeJob({ url: hub.url, key }, { units: 3 });
  expect(((await posted.json()) as JobView).postedBy).toBe(named.name);
});

it.each([
  ['purpose', 'two\nlines'],
  ['purpose', 'x'.repeat(201)],
  ['purpose', ' '],
  ['category', 'war'],
])('a %s such as %j is refused by the name of its field', async (field, value) => {
  const refused = await post({ [field]: value });
  expect(await refused.json()).toMatchObject({ error: { code: 'request-invalid', path: field } });
});

it('an unknown class of devices is refused by the name of its field', async () => {
  const refused = await post({ devices: { providers: ['cuda'] } });
  expect(await refused.json()).toMatchObject({
    error: { code: 'request-invalid', path: 'devices.providers.0' },
  });
});
