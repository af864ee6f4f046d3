import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '#node/verify.ts';
import type { JobView } from '#protocol/api/job.ts';
import { bytesToHex, digestRecord, hexToBytes } from '#protocol/bytes/digest.ts';
import { openFileTree } from '#protocol/bytes/file-tree.ts';
import { checkConsistency, inclusionRoot } from '#protocol/bytes/merkle-log.ts';
import { NO_DECOYS } from '#protocol/checks/thresholds.ts';
import { SIGNALLING_PATH } from '#protocol/messages/control.ts';
import { decodePeerFrame, encodePeerFrame, PEER_CHANNEL } from '#protocol/messages/peer-frame.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxModel } from '#protocol/onnx/model.ts';
import {
  hashEntry,
  LogConsistency,
  LogEntryPage,
  LogInclusion,
  ShardPage,
} from '#protocol/records/public-log.ts';
import { checkReceipt } from '#protocol/records/receipt-check.ts';
import { type Receipt, SignedTreeHead } from '#protocol/records/records.ts';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import { bytes, millis } from '#protocol/values/units.ts';
import { openPeer } from './peering/peer-node.ts';
import { openLog } from './process/log.ts';
import { type HubServer, openHubServer } from './server.ts';
import { deliver, makeFakeKey, openFakeSession } from './sockets/fake-client.ts';

const ITEMS = 10;
const UNIT_ITEMS = 4;
/** One item: three f32. */
const UNIT_BYTES = UNIT_ITEMS * 12;

const value = (name: string) => ({
  name,
  type: { kind: 'tensor' as const, dataType: 1, dims: ['batch', 3] },
});
const model: OnnxModel = {
  irVersion: 8,
  producerName: 'test',
  opsetImports: [{ domain: '', version: 17 }],
  functions: [],
  graph: {
    name: 'identity',
    nodes: [
      { name: 'n', opType: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: [] },
    ],
    initializers: [],
    sparseInitializers: [],
    inputs: [value('x')],
    outputs: [value('y')],
  },
};
const modelBytes = new Uint8Array(encodeOnnx(model));
const rows = Array.from({ length: ITEMS }, (_, row) => [row, row + 0.25, 1 - row]);
const lines = rows.map((row) => JSON.stringify({ x: row })).join('\n');

let data: string;
let hub: HubServer;
let key: string;
const verifierKey = makeFakeKey();
const socketUrl = () => hub.url.replace('http', 'ws');

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'pocketgrid-hub-'));
  hub = await openHubServer({ data, port: 0, verifierKeys: [verifierKey.key] });
  key = hub.key ?? '';
});
afterAll(async () => {
  await hub.close();
  await rm(data, { recursive: true });
});

const call = (path: string, init: RequestInit = {}) =>
  fetch(`${hub.url}${path}`, {
    ...init,
    headers: { Authorization: `Bearer ${key}`, ...init.headers },
  });

function makeForm(
  parts: { model?: BlobPart | null; inputs?: string | null; options?: unknown } = {},
) {
  const form = new FormData();
  const file = parts.model === undefined ? modelBytes : parts.model;
  const inputs = parts.inputs === undefined ? lines : parts.inputs;
  if (file !== null) form.append('model', new Blob([file]), 'net.onnx');
  if (inputs !== null) form.append('inputs', new Blob([inputs]), 'rows.jsonl');
  const options = parts.options ?? { name: 'identity', unitItems: UNIT_ITEMS, autoStart: true };
  form.append('options', JSON.stringify(options));
  return form;
}

function modelRoot() {
  const tree = openFileTree();
  tree.push(modelBytes);
  return tree.finish().root;
}

/** What a refused call said. */
async function refusalOf(answer: Response): Promise<{ status: number; code: string }> {
  const body = (await answer.json()) as { error?: { code: string; message: string } };
  expect(body.error?.message).toMatch(/\w/);
  return { status: answer.status, code: body.error?.code ?? 'none' };
}

/** A verifier that says each output equals its input, and that every draw matched. */
async function openFakeVerifier() {
  const verifier = await openFakeSession(socketUrl(), 'verifier', verifierKey);
  const prepare = async () => {
    const { job, draft, inputs } = await verifier.until('prepare');
    const range = { Range: `bytes=0-${UNIT_BYTES - 1}` };
    const answer = await fetch(`${hub.url}/v1/blobs/${inputs.root}`, { headers: range });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([
      206,
      `bytes 0-${UNIT_BYTES - 1}/${inputs.length}`,
    ]);
    const outputs = draft.inputs.map((spec) => ({ ...spec, name: 'y' }));
    const unit = new Uint8Array(await answer.arrayBuffer());
    const head = { type: 'prepared' as const, job, outputs, units: [0] };
    const cost = { unitMs: millis(1), peakBytes: bytes(1_000_000), decoys: NO_DECOYS };
    verifier.sayFrame({ ...head, ...cost }, unit);
  };
  return { verifier, prepare };
}

describe('a job over the API and real sockets', () => {
  it('is posted, prepared, computed, checked, watched and read back', async () => {
    const { verifier, prepare } = await openFakeVerifier();
    const posted = await call('/v1/jobs', { method: 'POST', body: makeForm() });
    expect(posted.status).toBe(201);
    const job = (await posted.json()) as JobView;
    expect(job).toMatchObject({ items: ITEMS, units: 3, unitItems: UNIT_ITEMS, name: 'identity' });
    const events = readEvents(await call(`/v1/jobs/${job.id}/events`));
    await prepare();

    const device = await openFakeSession(socketUrl(), 'contributor');
    device.say({ type: 'request' });
    const admit = await device.until('admit');
    const admitted = { provider: 'wasm', dtype: 'f32', threads: 1, unitMs: 10, trials: [] };
    device.say({ type: 'admitted', package: admit.id, ...admitted });
    for (let done = 0; done < job.units; ) {
      const { lease } = await device.until('lease');
      const { root, offset } = lease.inputs;
      const end = offset + lease.unitCount * UNIT_BYTES - 1;
      const range = { Range: `bytes=${offset}-${end}` };
      const answer = await fetch(`${hub.url}/v1/blobs/${root}`, { headers: range });
      const outputs = new Uint8Array(await answer.arrayBuffer());
      const first = createHash('sha256').update(outputs.subarray(0, UNIT_BYTES)).digest();
      expect(first.toString('base64').slice(0, 42)).toBe(lease.inputs.digests.slice(0, 42));
      device.say({ type: 'request' });
      done += (await deliver(device, lease, outputs)).units;
    }
    const { shard } = await verifier.until('check');
    verifier.say({ type: 'judged', through: shard.sequence + 10 });
    verifier.say({ type: 'judged', through: shard.sequence });

    const results = await call(`/v1/jobs/${job.id}/results`);
    const decoded = decodeSafetensors(new Uint8Array(await results.arrayBuffer()));
    const y = decoded.ok ? decoded.value.tensors.get('y') : undefined;
    expect(y?.shape).toEqual([ITEMS, 3]);
    const data = y?.data ?? new Uint8Array();
    const floats = new Float32Array(data.slice().buffer);
    expect([...floats]).toEqual(rows.flat().map((x) => Math.fround(x)));
    const few = await call(`/v1/jobs/${job.id}/results?format=jsonl&from=3&to=5`);
    expect(await few.text()).toBe('{"y":[3,3.25,-2]}\n{"y":[4,4.25,-3]}\n');
    expect(await refusalOf(await call(`/v1/jobs/${job.id}/results?from=5&to=99`))).toMatchObject({
      code: 'request-invalid',
    });

    const { receipts } = (await (await call(`/v1/jobs/${job.id}/receipts`)).json()) as {
      receipts: Receipt[];
    };
    expect(receipts[0]).toMatchObject({ hub: hub.hub, shard: { device: device.key } });
    expect(receipts.map((receipt) => checkReceipt(receipt, hub.hub))).toEqual(
      receipts.map(() => []),
    );
    const unit = await fetch(`${hub.url}/v1/outputs/${job.id}/1`, {
      headers: { Authorization: `Bearer ${verifier.welcome.ticket}` },
    });
    expect(Buffer.from(await unit.arrayBuffer())).toEqual(Buffer.from(data.subarray(48, 96)));
    const foreign = await fetch(`${hub.url}/v1/outputs/${job.id}/1`, {
      headers: { Authorization: `Bearer ${device.welcome.ticket}` },
    });
    expect(await refusalOf(foreign)).toEqual({ status: 401, code: 'key-wrong' });

    // What a developer needs to execute a unit again himself.
    const own = await call(`/v1/jobs/${job.id}/outputs/1`);
    expect(Buffer.from(await own.arrayBuffer())).toEqual(Buffer.from(data.subarray(48, 96)));
    for (const none of ['3', '-1', 'x']) {
      const missing = await call(`/v1/jobs/${job.id}/outputs/${none}`);
      expect(await refusalOf(missing)).toEqual({ status: 404, code: 'not-found' });
    }
    const manifest = await (await call(`/v1/jobs/${job.id}/package`)).json();
    expect(digestRecord(manifest)).toBe(receipts[0]?.shard.package);

    const seen = await events.until((view) => view.state === 'done');
    expect(seen.accepted).toBe(3);
    expect(hub.counters.shardsAccepted).toBeGreaterThan(0);
    expect(hub.counters.blobBytesHttps).toBeGreaterThan(3 * UNIT_BYTES);
    device.socket.close();
    verifier.socket.close();
  });

  it('serves the model by its root, whole, by range, by condition, and its pieces', async () => {
    const root = modelRoot();
    const url = `/v1/blobs/${root}`;
    const whole = await call(url);
    expect(Buffer.from(await whole.arrayBuffer()).equals(modelBytes)).toBe(true);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      etag: `"${root}"`,
      'accept-ranges': 'bytes',
      'content-length': String(modelBytes.length),
      'cache-control': 'public, max-age=31536000, immutable',
    });
    const tail = await call(url, { headers: { Range: 'bytes=-5' } });
    expect(tail.status).toBe(206);
    expect(Buffer.from(await tail.arrayBuffer()).equals(modelBytes.subarray(-5))).toBe(true);
    const past = await call(url, { headers: { Range: 'bytes=999999-' } });
    expect(past.headers.get('content-range')).toBe(`bytes */${modelBytes.length}`);
    expect(await refusalOf(past)).toEqual({ status: 416, code: 'range-invalid' });
    expect((await call(url, { headers: { 'If-None-Match': `"${root}"` } })).status).toBe(304);
    const other = { Range: 'bytes=0-1', 'If-Range': '"another"' };
    expect((await call(url, { headers: other })).status).toBe(200);
    const head = await call(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([
      200,
      String(modelBytes.length),
    ]);
    expect((await (await call(`${url}/pieces`)).arrayBuffer()).byteLength).toBe(0);
    const unknown = await call(`/v1/blobs/${'00'.repeat(32)}`);
    expect(await refusalOf(unknown)).toEqual({ status: 404, code: 'blob-unknown' });
  });

  // On a busy machine a WebRTC handshake is lost now and then: devices try again, and so does this.
  const handshake = { retry: 3, timeout: 20_000 };
  it(
    'seeds the model over WebRTC to a device it welcomed, by the names in the welcome',
    handshake,
    async () => {
      const device = await openFakeSession(socketUrl(), 'contributor');
      const { peer: id = '', seeder = '' } = device.welcome;
      const { hostname: host, port } = new URL(hub.url);
      const address = {
        host,
        port: Number(port),
        token: 'own',
        iceServers: [],
        path: SIGNALLING_PATH,
      };
      const peer = openPeer(id, address);
      await new Promise<void>((resolve) => peer.on('open', resolve));
      const connection = peer.connect(seeder, { serialization: 'raw', reliable: true });
      const channel = connection.peerConnection.createDataChannel(PEER_CHANNEL.label, {
        negotiated: true,
        id: PEER_CHANNEL.id,
      });
      channel.binaryType = 'arraybuffer';
      await new Promise<void>((resolve) => channel.addEventListener('open', () => resolve()));
      const answer = new Promise<unknown>((resolve) => {
        channel.addEventListener('message', ({ data }) => resolve(data));
      });
      const before = { ...hub.counters };
      const want = { type: 'want', request: 1, root: modelRoot(), offset: 0 } as const;
      channel.send(encodePeerFrame({ ...want, length: modelBytes.length }));
      const frame = decodePeerFrame(new Uint8Array((await answer) as ArrayBuffer));
      if (!frame.ok || frame.value.type !== 'data') throw new Error('no data frame');
      expect(Buffer.from(frame.value.payload).equals(modelBytes)).toBe(true);
      expect(hub.counters.blobBytesWebrtc - before.blobBytesWebrtc).toBe(modelBytes.length);
      expect(hub.counters.blobBytesHttps).toBe(before.blobBytesHttps);
      const left = new Promise<void>((resolve) => peer.on('disconnected', resolve));
      device.socket.close();
      await left;
      peer.destroy();
    },
  );

  it('knows its jobs after a restart, and makes no second key', async () => {
    const before = (await (await call('/v1/jobs')).json()) as { jobs: JobView[] };
    const events = readEvents(await call(`/v1/jobs/${before.jobs[0]?.id}/events`));
    const ended = expect(events.until(() => false)).rejects.toThrow('the stream ended');
    await hub.close();
    await ended;
    hub = await openHubServer({ data, port: 0 });
    expect(hub.key).toBeUndefined();
    const after = (await (await call('/v1/jobs')).json()) as { jobs: JobView[] };
    expect(after.jobs.map(({ id, state }) => [id, state])).toEqual(
      before.jobs.map(({ id, state }) => [id, state]),
    );
    const results = await call(`/v1/jobs/${before.jobs[0]?.id}/results`);
    expect(results.status).toBe(200);
  });
});

/** What anyone is told, read with the schema of `protocol/records/public-log.ts`. */
async function askLog<T extends v.GenericSchema>(schema: T, path: string) {
  const answer = await fetch(`${hub.url}/v1/log/${path}`);
  return v.parse(schema, await answer.json());
}

describe('the public log', () => {
  it('shows everyone its signed head, its entries and proofs, and accepted shards', async () => {
    const { head, signature } = await askLog(SignedTreeHead, 'head');
    expect(verify({ key: hub.hub, context: 'tree-head', record: head, signature })).toBe(true);
    const { commitments, next } = await askLog(LogEntryPage, 'entries');
    expect([commitments.length, next]).toEqual([head.size, head.size]);
    for (const { entry } of commitments) {
      const found = await askLog(LogInclusion, `inclusion?index=${entry.index}&size=${head.size}`);
      const root = inclusionRoot(hashEntry(entry), found, found.path.map(hexToBytes));
      expect(root === undefined ? '' : bytesToHex(root)).toBe(head.root);
    }
    const { path } = await askLog(LogConsistency, `consistency?from=1&to=${head.size}`);
    const [first] = commitments;
    if (first === undefined) throw new Error('no entry');
    const older = { size: 1, root: hashEntry(first.entry) };
    const newer = { size: head.size, root: hexToBytes(head.root) };
    expect(checkConsistency(older, newer, path.map(hexToBytes))).toBe(true);
    const page = await askLog(ShardPage, 'shards?limit=1');
    expect(page).toMatchObject({ shards: [{ voided: false }], next: 1 });
    const past = await askLog(ShardPage, 'shards?from=1000');
    expect(past).toEqual({ shards: [], next: 1000 });
  });

  it.each([
    ['inclusion?index=999', 404, 'not-found'],
    ['inclusion?index=0&size=999', 416, 'range-invalid'],
    ['consistency?from=5&to=2', 416, 'range-invalid'],
    ['consistency?from=x', 400, 'request-invalid'],
    ['shards?limit=101', 400, 'request-invalid'],
    ['entries?limit=1001', 400, 'request-invalid'],
  ])('refuses %s', async (path, status, code) => {
    const answer = await fetch(`${hub.url}/v1/log/${path}`);
    expect(await refusalOf(answer)).toEqual({ status, code });
  });
});

/** The views on an event stream. */
function readEvents(answer: Response) {
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  return {
    async until(holds: (view: JobView) => boolean): Promise<JobView> {
      for (;;) {
        const read = await reader?.read();
        if (read === undefined || read.done) throw new Error('the stream ended');
        text += decoder.decode(read.value, { stream: true });
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) {
          const line = /^event: job\ndata: (.*)$/.exec(event)?.[1];
          if (line === undefined) continue;
          const { job } = JSON.parse(line) as { job: JobView };
          if (!holds(job)) continue;
          await reader?.cancel();
          return job;
        }
      }
    },
  };
}

describe('what is refused', () => {
  const post = (body: BodyInit, headers: HeadersInit = {}) =>
    call('/v1/jobs', { method: 'POST', body, headers });

  it('asks for a key, and for one it knows', async () => {
    const without = await fetch(`${hub.url}/v1/jobs`);
    expect(await refusalOf(without)).toEqual({ status: 401, code: 'key-missing' });
    const wrong = await call('/v1/jobs', { headers: { Authorization: `Bearer ${key}x` } });
    expect(await refusalOf(wrong)).toEqual({ status: 401, code: 'key-wrong' });
    const upload = await fetch(`${hub.url}/v1/jobs`, { method: 'POST', body: makeForm() });
    expect(await refusalOf(upload)).toEqual({ status: 401, code: 'key-missing' });
  });

  it.each([
    ['no model', makeForm({ model: null }), 400, 'request-invalid'],
    ['no inputs', makeForm({ inputs: null }), 400, 'request-invalid'],
    ['options without a name', makeForm({ options: {} }), 400, 'request-invalid'],
    ['half a model', makeForm({ model: modelBytes.slice(0, 30) }), 422, 'model-truncated'],
    ['inputs of another shape', makeForm({ inputs: '{"x":[1,2]}' }), 422, 'input-shape'],
    ['inputs of another name', makeForm({ inputs: '{"z":[1,2,3]}' }), 422, 'input-name'],
    ['no rows', makeForm({ inputs: '\n' }), 422, 'input-empty'],
    [
      'taps asked of a model without layers',
      makeForm({ options: { name: 'identity', taps: true } }),
      422,
      'model-outputs-unsupported',
    ],
    ['no form', '{"model":1}', 400, 'request-invalid'],
  ])('a job with %s', async (...[, body, status, code]) => {
    expect(await refusalOf(await post(body))).toEqual({ status, code });
    expect(await readdir(join(data, 'uploads'))).toEqual([]);
  });

  it('a job with a strange part, and one that breaks off', async () => {
    const form = makeForm();
    form.append('extra', 'x');
    expect(await refusalOf(await post(form))).toEqual({ status: 400, code: 'request-invalid' });
    const cut = '--b\r\nContent-Disposition: form-data; name="model"; filename="m"\r\n\r\nabc';
    const type = { 'Content-Type': 'multipart/form-data; boundary=b' };
    expect(await refusalOf(await post(cut, type))).toEqual({
      status: 400,
      code: 'request-invalid',
    });
  });

  it.each([
    ['GET', '/v1/nothing', 404, 'not-found'],
    ['GET', '/v1/jobs/job_0123456789abcdef', 404, 'job-unknown'],
    ['GET', '/v1/jobs/nonsense/events', 404, 'job-unknown'],
    ['POST', '/v1/jobs/job_0123456789abcdef/start', 404, 'job-unknown'],
    ['GET', '/v1/verdicts?limit=many', 400, 'request-invalid'],
    ['POST', '/v1/verifiers', 400, 'request-invalid'],
    ['DELETE', '/v1/jobs', 404, 'not-found'],
    ['GET', '/nothing-here', 404, 'not-found'],
  ])('%s %s', async (...[method, path, status, code]) => {
    expect(await refusalOf(await call(path, { method }))).toEqual({ status, code });
  });

  it('a port in use, with the way out', async () => {
    const port = Number(new URL(hub.url).port);
    const folder = await mkdtemp(join(tmpdir(), 'pocketgrid-hub-'));
    await expect(openHubServer({ data: folder, port })).rejects.toThrow(/in use; .* --port/);
    await rm(folder, { recursive: true });
  });

  it('a data directory in use, with the way out', async () => {
    await expect(openHubServer({ data, port: 0 })).rejects.toThrow(/--data/);
  });
});

it('answers for its health and in the Prometheus format', async () => {
  expect(await (await call('/v1/health')).json()).toMatchObject({ status: 'ok', hub: hub.hub });
  const newcomers = { places: 100, taken: 1, waiting: 0, unitsEach: 50_000 };
  expect(await (await call('/v1/grid')).json()).toMatchObject({ devices: [], newcomers });
  expect(await (await call('/metrics')).text()).toContain('pocketgrid_sockets_open');
});

it('serves HTTPS on the network with a certificate of its own, and seeds there too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pocketgrid-hub-'));
  const quiet = openLog('silent');
  let heard = () => {};
  const joined = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const debug = (_: object, text: string) => {
    if (text === 'seeder joined') heard();
  };
  const lan = await openHubServer({ data: folder, port: 0, lan: true, log: { ...quiet, debug } });
  expect(lan.url).toMatch(/^https:/);
  await expect(fetch(`${lan.url}/v1/health`)).rejects.toThrow();
  const status = await new Promise((resolve) => {
    get(`${lan.url}/v1/health`, { ca: lan.certificate }, (answer) => resolve(answer.statusCode));
  });
  expect(status).toBe(200);
  await joined;
  await lan.close();
  await rm(folder, { recursive: true });
});
