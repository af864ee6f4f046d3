import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClient } from '#client/client.ts';
import { addKey, shareJobs } from '#client/keys.ts';
import { addModel } from '#client/models.ts';
import type { JobView } from '#protocol/api/job.ts';
import { OwnKey } from '#protocol/api/keys.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import type { Lease } from '#protocol/records/records.ts';
import { must } from '#protocol/values/refusal.ts';
import { deliver, makeFakeKey, openFakeSession } from '../sockets/fake-client.ts';
import { openFakeDevice, postFakeJob, prepareFakeJob, withTicket } from '../sockets/fake-job.ts';
import { openTestHub } from '../test-hub.ts';

const UNITS = 4_000;
const who = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [who.key] }));
let verifier: Awaited<ReturnType<typeof prepareFakeJob>>;
let device: Awaited<ReturnType<typeof openFakeDevice>>;
let stranger: typeof verifier | Awaited<ReturnType<typeof openFakeSession>>;
let job: JobView;
let manifest: PackageManifest;
let lease: Lease;

beforeAll(async () => {
  job = (await (await postFakeJob(hub, { units: UNITS, autoStart: true })).json()) as JobView;
  verifier = await prepareFakeJob(hub.url, who);
  device = await openFakeDevice(hub.url);
  ({ lease } = await device.until('lease'));
  stranger = await openFakeSession(hub.url, 'contributor', makeFakeKey());
  manifest = (await (await hub.call(`/v1/jobs/${job.id}/package`)).json()) as PackageManifest;
});
afterAll(() => {
  for (const { socket } of [verifier, device, stranger]) socket.close();
});

const statusOf = async (root: string, init: RequestInit) =>
  (await fetch(`${hub.url}/v1/blobs/${root}`, init)).status;
const range = (from: number, end: number) => ({ Range: `bytes=${from}-${end - 1}` });
/** Where the inputs of the lease begin and end, and one byte more on either side. */
const place = () => {
  const { root, offset, unitBytes } = lease.inputs;
  return { root, offset, end: offset + lease.unitCount * unitBytes };
};

test('a device reads the inputs of its leases, and no byte more', async () => {
  const { root, offset, end } = place();
  expect(lease.unitCount).toBeLessThan(UNITS);
  expect(await statusOf(root, withTicket(device, range(offset, end)))).toBe(206);
  expect(await statusOf(root, withTicket(device, range(offset, end + 1)))).toBe(403);
  expect(await statusOf(root, withTicket(device))).toBe(403);
  expect(await statusOf(root, withTicket(stranger, range(offset, end)))).toBe(404);
  expect(await statusOf(`${root}/pieces`, withTicket(device))).toBe(200);
  expect(await statusOf(`${root}/pieces`, withTicket(stranger))).toBe(404);
});

// privacy: inputs-not-kept
test('the browser of a device may keep a model, and neither inputs nor known answers', async () => {
  const cachingOf = async (root: string, init: RequestInit) =>
    (await fetch(`${hub.url}/v1/blobs/${root}`, init)).headers.get('cache-control');
  const { root, offset, end } = place();
  const [variant] = manifest.variants;
  const [answer] = manifest.knownAnswers;
  expect(await cachingOf(root, withTicket(device, range(offset, end)))).toBe('no-store');
  for (const part of [answer?.inputs.root, answer?.outputs.root]) {
    expect(await cachingOf(part ?? '', withTicket(device))).toBe('no-store');
  }
  expect(await cachingOf(variant?.file.root ?? '', withTicket(device))).toContain('max-age');
});

test('a device reads the models and known answers of jobs that run, and a verifier all it checks', async () => {
  const { root } = place();
  const [variant] = manifest.variants;
  const [answer] = manifest.knownAnswers;
  const parts = [variant?.file.root, answer?.inputs.root, answer?.outputs.root];
  for (const part of parts) {
    expect(await statusOf(part ?? '', withTicket(stranger))).toBe(200);
    expect(await statusOf(part ?? '', {})).toBe(401);
  }
  expect(await statusOf(root, withTicket(verifier))).toBe(200);
  expect(await statusOf(root, { headers: { Authorization: 'Bearer of-nobody' } })).toBe(401);
});

test('a key reads the blobs of its jobs and of those shared with it', async () => {
  const operator = openClient({ hub: hub.url, key: hub.key });
  const other = must(await addKey(operator, { name: 'other' }));
  const { root } = place();
  const asked = { headers: { Authorization: `Bearer ${other.key}` } };
  expect(await statusOf(root, { headers: { Authorization: `Bearer ${hub.key}` } })).toBe(200);
  expect(await statusOf(root, asked)).toBe(404);
  const owner = must(await operator.ask(OwnKey, '/v1/key')).id;
  must(await shareJobs(operator, owner, { with: other.id, access: 'read' }));
  expect(await statusOf(root, asked)).toBe(200);
});

test('every key reads the settings of kept models, and nothing else of them', async () => {
  const operator = openClient({ hub: hub.url, key: hub.key });
  const { key } = must(await addKey(operator, { name: 'third' }));
  const asked = { headers: { Authorization: `Bearer ${key}` } };
  const net = sampleModel([{ op: 'Relu', inputs: ['x'], output: 'y' }], { width: 3 });
  const files = [
    { name: 'model.onnx', data: new Blob([new Uint8Array(net)]) },
    { name: 'config.json', data: new Blob(['{"model_type":"bert"}']) },
  ];
  const kept = must(await addModel(operator, { files, options: { name: 'net' } }));
  const rootOf = (name: string) => kept.files.find((file) => file.name === name)?.blob.root ?? '';
  expect(await statusOf(rootOf('config.json'), asked)).toBe(200);
  expect(await statusOf(rootOf('model.onnx'), asked)).toBe(404);
  expect(await statusOf(rootOf('config.json'), {})).toBe(401);
  expect(await statusOf(rootOf('config.json'), withTicket(device))).toBe(404);
});

test('a device reads no inputs once its lease has ended, and nothing after the job', async () => {
  const { root, offset, end } = place();
  const inputs = await fetch(`${hub.url}/v1/blobs/${root}`, withTicket(device, range(offset, end)));
  await deliver(device, lease, new Uint8Array(await inputs.arrayBuffer()));
  expect(await statusOf(root, withTicket(device, range(offset, end)))).toBe(404);
  const model = manifest.variants[0]?.file.root ?? '';
  expect(await statusOf(model, withTicket(device))).toBe(200);
  await hub.call(`/v1/jobs/${job.id}/cancel`, { method: 'POST' });
  expect(await statusOf(model, withTicket(device))).toBe(404);
  expect(await statusOf(model, { headers: { Authorization: `Bearer ${hub.key}` } })).toBe(200);
});

test('a ticket is good as long as its session', async () => {
  const left = await openFakeSession(hub.url, 'contributor', makeFakeKey());
  const model = manifest.variants[0]?.file.root ?? '';
  left.socket.close();
  await expect.poll(() => statusOf(model, withTicket(left))).toBe(401);
});
