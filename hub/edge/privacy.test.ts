import { readdir, readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { beforeAll, expect, test } from 'vitest';
import { DeviceView, GridView } from '#protocol/api/grid-view.ts';
import type { JobView } from '#protocol/api/job.ts';
import type { NewKey } from '#protocol/api/keys.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { millis } from '#protocol/values/units.ts';
import type { ApiDocument } from './http/openapi/document.ts';
import { listCalls } from './http/openapi/fake-requests.ts';
import type { Log } from './process/log.ts';
import { deliver, makeFakeKey, openFakeSession } from './sockets/fake-client.ts';
import { postFakeJob, prepareFakeJob } from './sockets/fake-job.ts';
import { openTestHub } from './test-hub.ts';

/** An address of this machine that is nobody else's. */
const ADDRESS = '127.77.66.55';
const [who, device] = [makeFakeKey(), { ...makeFakeKey(), localAddress: ADDRESS }];
const logged: string[] = [];
const write = (fields: object, text: string) =>
  void logged.push(`${JSON.stringify(fields)} ${text}`);
const log: Log = { debug: write, info: write, warn: write, error: write };
const hub = openTestHub(() => ({ verifierKeys: [who.key], log }));
let developer: { url: string; key: string };
let job: JobView;
let session: Awaited<ReturnType<typeof openFakeSession>>;

/** Reads as a device does, from its address. */
const readFrom = (path: string, headers: Record<string, string>) =>
  new Promise<Buffer>((resolve, reject) => {
    get(`${hub.url}${path}`, { headers, localAddress: ADDRESS }, (answer) =>
      buffer(answer).then(resolve, reject),
    ).on('error', reject);
  });

beforeAll(async () => {
  const body = JSON.stringify({ name: 'Library' });
  const made = (await (await hub.call('/v1/keys', { method: 'POST', body })).json()) as NewKey;
  developer = { url: hub.url, key: made.key };
  const posted = await postFakeJob(developer, { units: 4, autoStart: true });
  job = (await posted.json()) as JobView;
  const verifier = await prepareFakeJob(hub.url, who);
  session = await openFakeSession(hub.url, 'contributor', device);
  session.say({ type: 'request' });
  const { id } = await session.until('admit');
  const fit = { provider: 'wasm', dtype: 'f32', threads: 1, unitMs: millis(2_000), trials: [] };
  session.say({ type: 'admitted', package: id, ...fit });
  const { lease } = await session.until('lease');
  const { root, offset, unitBytes } = lease.inputs;
  const inputs = await readFrom(`/v1/blobs/${root}`, {
    Authorization: `Bearer ${session.welcome.ticket}`,
    Range: `bytes=${offset}-${offset + lease.unitCount * unitBytes - 1}`,
  });
  await deliver(session, lease, new Uint8Array(inputs));
  session.say({ type: 'request' });
  await session.until('lease');
  verifier.socket.close();
  return () => session.socket.close();
});

// privacy: developer-no-address
test('no answer to a developer has the address of a device, or a name that leads to it', async () => {
  const document = (await (await hub.call('/v1/openapi.json')).json()) as ApiDocument;
  const names: Record<string, string> = {
    ...{ job: job.id, unit: '0', device: device.key, root: '0'.repeat(64), index: '0' },
  };
  const right: string[] = [];
  for (const { method, path } of listCalls(document)) {
    if (method !== 'get') continue;
    const target = path.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? 'none');
    const query = path.endsWith('/results') ? '?from=0&to=1' : '';
    const stop = new AbortController();
    const headers = { Authorization: `Bearer ${developer.key}` };
    const answer = await fetch(`${hub.url}${target}${query}`, { headers, signal: stop.signal });
    const chunk = path.endsWith('/events')
      ? await answer.body?.getReader().read()
      : { value: new Uint8Array(await answer.arrayBuffer()) };
    stop.abort();
    const text = `${JSON.stringify([...answer.headers])} ${Buffer.from(chunk?.value ?? []).toString('latin1')}`;
    if (answer.ok) right.push(path);
    for (const hidden of [ADDRESS, session.welcome.peer ?? '', session.welcome.ticket]) {
      expect(text.includes(hidden), `GET ${target} has ${hidden}`).toBe(false);
    }
  }
  expect(right).toEqual(
    expect.arrayContaining([
      ...['/v1/jobs', '/v1/jobs/{job}', '/v1/jobs/{job}/events', '/v1/jobs/{job}/receipts'],
      ...['/v1/jobs/{job}/results', '/v1/jobs/{job}/outputs/{unit}', '/v1/grid', '/v1/log/shards'],
    ]),
  );
});

// privacy: online-public
test('anybody sees of a device online its key, browser, speed and work, and no more', async () => {
  const answer: unknown = await (await fetch(`${hub.url}/v1/grid`)).json();
  const { devices } = must(decodeWith(GridView, answer, 'internal'));
  expect(devices).toMatchObject([{ key: device.key, engine: 'fake', job: job.id }]);
  expect(Object.keys(DeviceView.entries).sort()).toEqual(
    ['connectedAt', 'engine', 'idle', 'job', 'key', 'provider', 'unitMs', 'unitsAccepted'].sort(),
  );
});

// privacy: address-not-kept
test('no file and no line of the log has the address of a device, while it works and after', async () => {
  const readAll = async () => {
    const names = await readdir(hub.data, { recursive: true, withFileTypes: true });
    const files = names.filter((name) => name.isFile());
    return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name))));
  };
  const forms = [Buffer.from(ADDRESS), Buffer.from(ADDRESS.split('.').map(Number))];
  const findIn = async () =>
    (await readAll()).flatMap((bytes) => forms.filter((form) => bytes.includes(form)));
  expect(await findIn()).toEqual([]);
  session.socket.close();
  await expect.poll(async () => (await hub.call('/v1/grid')).text()).toContain('"devices":[]');
  await hub.close();
  const files = await readAll();
  // What it looks through has the device's key.
  expect(files.some((bytes) => bytes.includes(device.key))).toBe(true);
  expect(await findIn()).toEqual([]);
  expect(logged.filter((line) => line.includes(ADDRESS))).toEqual([]);
  await hub.open();
});
