import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { openTestFolder } from '#node/test-folder.ts';
import type { PackageDraft } from '#protocol/api/job.ts';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { buildFileTree } from '#protocol/bytes/file-tree.ts';
import {
  type BlobRef,
  PACKAGE_FORMAT,
  type PackageManifest,
  REFERENCE_LANE,
} from '#protocol/models/package.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import { sampleKey } from '#protocol/records/sample-receipt.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type { Digest, JobId, LeaseId } from '#protocol/values/ids.ts';
import { bytes, instant, millis } from '#protocol/values/units.ts';
import { type Blobs, openBlobs } from './blobs.ts';
import { openComputeWorkers } from './compute-workers.ts';
import { openLane } from './lane.ts';
import { openSpareWorker } from './spare-worker.ts';

const UNIT_ITEMS = 4;
const UNITS = 24_000;
const JOB = 'job_0123456789abcdef' as JobId;
const x: TensorSpec = { name: 'x', dtype: 'f32', shape: [UNIT_ITEMS, 3] };

/** The blob calls of a hub, over HTTP; `spoil` damages the bytes of the next range. */
function openBlobServer(blobs: readonly Uint8Array[]) {
  const trees = new Map(blobs.map((data) => [buildFileTree(data).root as string, data]));
  const state = { spoil: false, requests: 0 };
  const server = createServer((request, response) => {
    state.requests += 1;
    const [, root, pieces] =
      /^\/v1\/blobs\/([0-9a-f]{64})(\/pieces)?$/.exec(request.url ?? '') ?? [];
    const data = trees.get(root ?? '');
    if (data === undefined) return void response.writeHead(404).end();
    if (pieces !== undefined) return void response.end(buildFileTree(data).pieces);
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const part = Buffer.from(data.subarray(Number(from), Number(to) + 1));
    if (state.spoil) part[0] = (part[0] ?? 0) ^ 1;
    response.writeHead(206).end(part);
  });
  return { server, state };
}

const refOf = (data: Uint8Array): BlobRef => ({
  root: buildFileTree(data).root,
  length: bytes(data.length),
});

const model = sampleModel([{ op: 'Softmax', inputs: ['x'], output: 'y' }], { width: 3 });
const inputs = new Uint8Array(
  Float32Array.from({ length: UNITS * UNIT_ITEMS * 3 }, (_, place) => Math.sin(place)).buffer,
);
const manifest: PackageManifest = {
  format: PACKAGE_FORMAT,
  name: 'softmax',
  variants: [{ dtype: 'f32', file: refOf(model), needs: [] }],
  runtime: {
    kind: 'graph',
    inputs: [x],
    outputs: [{ ...x, name: 'y' }],
    unitItems: UNIT_ITEMS,
    reference: REFERENCE_LANE,
    comparators: [],
    taps: [],
  },
  knownAnswers: [{ inputs: refOf(model), outputs: refOf(model) }],
  peakBytes: bytes(1),
  referenceUnitMs: millis(1),
};
const garbage = new Uint8Array(1000).fill(7);
const { server, state } = openBlobServer([model, inputs, garbage]);
const workers = openComputeWorkers();
const spare = openSpareWorker();
const folder = openTestFolder();
let client: HubClient;

beforeAll(async () => {
  await listen(server);
  client = openClient({ hub: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterAll(async () => {
  await workers.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
const listen = (listener: Server) =>
  new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));

const openTestLane = async () =>
  openLane({
    blobs: await openBlobs(join(folder, 'blobs'), client, 2 ** 30),
    workers,
    spare,
    client,
  });
const effect = { type: 'execute', task: 1, manifest, inputs: refOf(inputs), unit: 9 } as const;

describe('the exact lane', () => {
  it('gives the same bytes from two separate loads of a model', async () => {
    const lane = await openTestLane();
    const warm = await lane.execute({ ...effect, fresh: false });
    const fresh = await lane.execute({ ...effect, fresh: true });
    const other = await lane.execute({ ...effect, unit: UNITS - 1, fresh: false });
    if (!warm.ok || !fresh.ok || !other.ok) throw new Error(JSON.stringify([warm, fresh, other]));
    expect(fresh.value).toEqual(warm.value);
    expect(other.value.digest).not.toBe(warm.value.digest);
    const due = createHash('sha256').update(warm.value.bytes).digest('hex');
    expect(warm.value.digest).toBe(due);
    const [row] = new Float32Array(warm.value.bytes.slice().buffer);
    const start = 9 * UNIT_ITEMS * 3;
    const powers = [0, 1, 2].map((place) => Math.exp(Math.sin(start + place)));
    expect(row).toBeCloseTo((powers[0] ?? 0) / powers.reduce((sum, power) => sum + power), 5);
  });

  it('prepares a new model: outputs, an answer for each unit, times', async () => {
    const lane = await openTestLane();
    const draft: PackageDraft = {
      name: 'softmax',
      file: refOf(model),
      runtime: {
        kind: 'graph',
        inputs: [x],
        unitItems: UNIT_ITEMS,
        graphOptimization: 'all',
      },
    };
    const ask = {
      type: 'prepare',
      task: 1,
      job: JOB,
      inputs: refOf(inputs),
      units: [0, 5],
      decoyUnits: [0, 5, 9],
    } as const;
    const found = await lane.prepare({ ...ask, draft });
    if (!found.ok) throw new Error(found.refusal.message);
    expect(found.value.outputs).toEqual(manifest.runtime.outputs);
    expect(found.value.answers.map(({ length }) => length)).toEqual([48, 48]);
    const { names, units, samples } = found.value.decoys;
    // Softmax has no weights to round and no layers to skip; half of its input is a short cut.
    expect([names, units]).toEqual([['truncated-input'], [0, 5, 9]]);
    expect(samples.every(({ distances }) => (distances[0]?.l2 ?? 0) > 0.1)).toBe(true);
    expect(found.value.runs.filter(({ unit }) => unit === 0).length).toBeGreaterThanOrEqual(3);
    const bad = await lane.prepare({ ...ask, draft: { ...draft, file: refOf(garbage) } });
    expect(bad).toMatchObject({ ok: false, refusal: { code: 'provider-failed' } });
  });
});

describe('a fingerprint from the hub', () => {
  const hub = sampleKey('hub');
  const commitment = 'c0'.repeat(32) as Digest;
  const log = { index: 3, commitment, at: instant(5) };
  const signed = { log, logSignature: hub.sign('log-entry', log) };
  const fingerprint = encodeBase64(new Uint8Array(256));
  const ask = { type: 'fingerprint', task: 1, job: JOB, unit: 9, hub: hub.key } as const;
  const lease = 'ab'.repeat(16) as LeaseId;
  /** A hub whose every answer is this. */
  const read = (answer: unknown, due: Digest | undefined = commitment) => {
    const fakeClient = openClient({ hub: 'http://hub', send: async () => Response.json(answer) });
    const lane = openLane({ blobs: {} as Blobs, workers, spare, client: fakeClient });
    return lane.fingerprint({ ...ask, lease, commitment: due });
  };

  it('is taken with the log entry that the hub signed for the commitment', async () => {
    const answer = { ...signed, fingerprint };
    expect(await read(answer)).toEqual({ ok: true, value: answer });
  });

  it('is refused with an entry of another commitment, or one that the hub did not sign', async () => {
    const other = { ...log, commitment: 'c1'.repeat(32) as Digest };
    for (const entry of [
      { log: other, logSignature: hub.sign('log-entry', other) },
      { log, logSignature: sampleKey('device').sign('log-entry', log) },
      { log: { ...log, index: 4 }, logSignature: signed.logSignature },
    ]) {
      const refused = { ok: false, refusal: { code: 'signature-wrong' } };
      expect(await read({ ...entry, fingerprint })).toMatchObject(refused);
    }
  });

  it('is refused beyond 256 bytes', async () => {
    const long = encodeBase64(new Uint8Array(259));
    expect(await read({ ...signed, fingerprint: long })).toMatchObject({ ok: false });
  });
});

describe('blobs', () => {
  it('are kept in pieces, and read again without the hub', async () => {
    const ref = refOf(inputs);
    const place = join(folder, 'kept');
    const blobs = await openBlobs(place, client, 2 ** 30);
    expect(await blobs.read(ref, 0, ref.length)).toEqual(inputs);
    const before = state.requests;
    const again = await openBlobs(place, client, 2 ** 30);
    expect(await again.read(ref, 300_000, 500)).toEqual(inputs.slice(300_000, 300_500));
    expect(state.requests).toBe(before + 1);
    await writeFile(join(place, ref.root, '1'), Buffer.alloc(256 * 1024));
    const third = await openBlobs(place, client, 2 ** 30);
    expect(await third.read(ref, 300_000, 500)).toEqual(inputs.slice(300_000, 300_500));
  });

  it('with a wrong hash are refused, and the right ones taken after that', async () => {
    const blobs = await openBlobs(join(folder, 'spoiled'), client, 2 ** 30);
    state.spoil = true;
    await expect(blobs.read(refOf(inputs), 0, 10)).rejects.toMatchObject({
      refusal: { code: 'blob-hash' },
    });
    state.spoil = false;
    expect(await blobs.read(refOf(inputs), 0, 10)).toEqual(inputs.slice(0, 10));
  });

  it('used longest ago go first when there is no room', async () => {
    const place = join(folder, 'small');
    const blobs = await openBlobs(place, client, 300_000);
    await blobs.read(refOf(model), 0, model.length);
    await blobs.read(refOf(inputs), 0, 600_000);
    expect(await readdir(place)).toEqual([refOf(inputs).root]);
  });
});
