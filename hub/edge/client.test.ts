import { beforeAll, describe, expect, it } from 'vitest';
import { pardonDevice, readEvidence } from '#client/bans.ts';
import { readBlobRange, readPieceLayer, streamBlob } from '#client/blobs.ts';
import { type HubClient, openClient } from '#client/client.ts';
import { enrolVerifier, readGrid, readHealth } from '#client/grid.ts';
import { watchJob } from '#client/job-events.ts';
import { cancelJob, listJobs, postJob, readJob, readPackage, startJob } from '#client/jobs.ts';
import { fundJob, linkPayout, nameChain, noteClosing, readChain } from '#client/money.ts';
import {
  readBans,
  readClosings,
  readEarningShards,
  readEndedJobs,
  readPayouts,
  readPayPage,
} from '#client/money-facts.ts';
import { readEpochs, readLogEntries, readLogHead, readShardPage } from '#client/public-log.ts';
import { readReceiptPage, readReceipts } from '#client/receipts.ts';
import {
  downloadResults,
  readAcceptedFingerprint,
  readAcceptedOutputs,
  readUnitFingerprint,
  readUnitOutputs,
  streamResults,
} from '#client/results.ts';
import { listLeafFiles, postLeafFile, readLeafFile, readLeafProof } from '#client/settlements.ts';
import { readVerdictPage, readVerdicts } from '#client/verdicts.ts';
import type { JobView } from '#protocol/api/job.ts';
import { digestPackage } from '#protocol/models/package.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import type { Digest, JobId, LeaseId, Signature } from '#protocol/values/ids.ts';
import { must, type Result } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import { type FakeClient, makeFakeKey } from './sockets/fake-client.ts';
import { computeFakeJob, fakeModel, prepareFakeJob } from './sockets/fake-job.ts';
import { openTestHub } from './test-hub.ts';

const UNITS = 5;
const STRANGE = 'job_0123456789abcdef' as JobId;
const HASH = 'ab'.repeat(32) as Digest;
const ADDRESS = '1'.repeat(32) as Address;
const verifierKey = makeFakeKey();
const device = makeFakeKey();

const server = openTestHub(() => ({ verifierKeys: [verifierKey.key] }));
let hub: HubClient;
let stranger: HubClient;
let verifier: FakeClient & { welcome: { ticket: string } };
let job: JobView;

const blob = (name: string, bytes: BlobPart) => ({ name, data: new Blob([bytes]) });
const rows = Array.from({ length: UNITS }, (_, row) => JSON.stringify({ x: [row, 1, 2] }));
const upload = () => ({
  model: blob('net.onnx', fakeModel),
  inputs: [blob('rows.jsonl', rows.join('\n'))],
  options: { name: 'identity', unitItems: 1 },
});

/** One hub, on which a device has computed a job that a verifier has prepared. */
beforeAll(async () => {
  hub = openClient({ hub: server.url, key: server.key });
  stranger = openClient({ hub: server.url });
  job = must(await postJob(hub, upload()));
  verifier = await prepareFakeJob(server.url, verifierKey);
  await reach('quoted');
  must(await startJob(hub, job.id));
  await computeFakeJob(server, { job, who: device });
  const { shard } = await verifier.until('check');
  verifier.say({ type: 'judged', through: shard.sequence + UNITS });
});

async function reach(state: JobView['state']): Promise<JobView> {
  for await (const event of watchJob(hub, job.id)) {
    if (event.job.state === state) return event.job;
  }
  throw new Error(`the stream ended before the job was ${state}`);
}

const codeOf = async (call: Promise<Result<unknown>>) => {
  const found = await call;
  return found.ok ? 'accepted' : found.refusal.code;
};

describe('the client on a real hub', () => {
  it('reads health and grid', async () => {
    expect(must(await readHealth(stranger)).hub).toBe(server.hub);
    expect(must(await readGrid(stranger)).verifiers).toEqual([verifierKey.key]);
  });

  it('reads a job as it was posted, and lists it', async () => {
    const found = must(await readJob(hub, job.id));
    expect(found).toMatchObject({ name: 'identity', items: UNITS, units: UNITS });
    expect(must(await listJobs(hub)).jobs.map(({ id }) => id)).toEqual([job.id]);
  });

  it('follows a job, and stops when it is told to', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const watch = async () => {
      for await (const event of watchJob(hub, job.id, { signal: stop.signal })) {
        seen.push(event.job.id);
        stop.abort();
      }
    };
    await expect(watch()).rejects.toMatchObject({ refusal: { message: 'The call was stopped.' } });
    expect(seen).toEqual([job.id]);
  });

  it('reads results as a stream, as a file and in part', async () => {
    const expected = rows.map((row) => row.replace('"x"', '"y"'));
    const range = { format: 'jsonl' } as const;
    const text: string[] = [];
    const decoder = new TextDecoder();
    for await (const chunk of must(await streamResults(hub, { job: job.id, range }))) {
      text.push(decoder.decode(chunk, { stream: true }));
    }
    expect(text.join('').trim().split('\n')).toEqual(expected);
    const part = { ...range, from: 1, to: 3 };
    const file = must(await downloadResults(hub, { job: job.id, range: part }));
    expect((await file.text()).trim().split('\n')).toEqual(expected.slice(1, 3));
    const far = { ...range, from: 1, to: 99 };
    expect(await codeOf(downloadResults(hub, { job: job.id, range: far }))).toBe('request-invalid');
  });

  it('reads receipts page by page, and the package that they name', async () => {
    const all = must(await readReceipts(hub, job.id));
    expect(all.reduce((sum, { shard }) => sum + shard.unitCount, 0)).toBe(UNITS);
    const [first] = must(await readReceiptPage(hub, { job: job.id, from: 0, limit: 1 }));
    expect(first?.shard).toEqual(all[0]?.shard);
    const manifest = must(await readPackage(hub, job.id));
    expect(digestPackage(manifest)).toBe(first?.shard.package);
  });

  it('reads what a unit gave, as its developer and as a verifier', async () => {
    const [receipt] = must(await readReceipts(hub, job.id));
    const lease = receipt?.shard.lease as LeaseId;
    const unit = { job: job.id, unit: 1 };
    const outputs = must(await readUnitOutputs(hub, unit));
    expect([...new Float32Array(outputs.buffer)]).toEqual([1, 1, 2]);
    const asVerifier = openClient({ hub: server.url, key: () => verifier.welcome.ticket });
    expect(must(await readAcceptedOutputs(asVerifier, { ...unit, lease }))).toEqual(outputs);
    expect(await codeOf(readAcceptedOutputs(hub, { ...unit, lease }))).toBe('key-wrong');
    expect(await codeOf(readUnitFingerprint(hub, unit))).toBe('not-found');
    expect(await codeOf(readAcceptedFingerprint(asVerifier, { ...unit, lease }))).toBe('not-found');
  });

  it('reads a blob whole and in part', async () => {
    const manifest = must(await readPackage(hub, job.id));
    const { root } = manifest.variants[0]?.file ?? { root: '' as never };
    const whole: Uint8Array[] = [];
    for await (const chunk of must(await streamBlob(hub, root))) whole.push(chunk);
    expect(Buffer.concat(whole)).toEqual(Buffer.from(fakeModel));
    const part = must(await readBlobRange(hub, { root, offset: 3, length: 5 }));
    expect(part).toEqual(fakeModel.slice(3, 8));
    const end = { root, offset: fakeModel.length - 2, length: 9 };
    expect(must(await readBlobRange(hub, end))).toEqual(fakeModel.slice(-2));
    const beyond = { root, offset: fakeModel.length, length: 1 };
    expect(await codeOf(readBlobRange(hub, beyond))).toBe('range-invalid');
    expect(must(await readPieceLayer(hub, root))).toHaveLength(0);
    expect(await codeOf(streamBlob(stranger, root))).toBe('key-missing');
    const none = { root: 'cd'.repeat(32) as typeof root, offset: 0, length: 1 };
    expect(await codeOf(readBlobRange(hub, none))).toBe('blob-unknown');
  });

  it('reads the public log', async () => {
    const { head } = must(await readLogHead(stranger));
    const entries = must(await readLogEntries(stranger, head.size));
    expect(entries).toHaveLength(head.size);
    const { shards } = must(await readShardPage(stranger, 0));
    expect(shards.map(({ shard }) => shard.device)).toEqual(shards.map(() => device.key));
    expect(must(await readEpochs(stranger))).toEqual([]);
    expect(must(await readVerdicts(stranger))).toEqual([]);
    expect(must(await readVerdictPage(stranger, { after: 0 })).next).toBe(0);
  });

  it('says where a grid pays nothing', async () => {
    expect(await codeOf(readChain(stranger))).toBe('chain-missing');
    const accounts = { program: ADDRESS, config: ADDRESS, pool: ADDRESS };
    expect(await codeOf(nameChain(hub, accounts))).toBe('chain-missing');
    expect(await codeOf(fundJob(hub, { job: job.id, poster: ADDRESS }))).toBe('chain-missing');
    expect(await codeOf(noteClosing(stranger, job.id))).toBe('job-unfunded');
    const record = { device: device.key, recipient: ADDRESS, at: instant(Date.now()) };
    const signature = '0'.repeat(128) as Signature;
    expect(await codeOf(linkPayout(stranger, { record, signature }))).toBe('signature-wrong');
  });

  it('reads lists about money that are empty', async () => {
    for (const read of [readEndedJobs, readPayouts, readBans, readClosings]) {
      expect(await read(stranger, 0)).toEqual({ ok: true, value: { items: [], next: 0 } });
    }
    expect(await codeOf(readEarningShards(stranger, STRANGE))).toBe('job-unknown');
    expect(must(await readPayPage(stranger, { device: device.key, from: 0 })).jobs).toEqual([]);
    expect(must(await listLeafFiles(stranger, 5))).toEqual([]);
    expect(await codeOf(readLeafFile(stranger, HASH))).toBe('leaves-unknown');
    const leaf = { dataHash: HASH, side: 'claims', index: 0 } as const;
    expect(await codeOf(readLeafProof(stranger, leaf))).toBe('leaves-unknown');
    expect(await codeOf(postLeafFile(hub, new Uint8Array(8)))).toBe('key-wrong');
  });

  it('is refused by name', async () => {
    expect(await codeOf(listJobs(stranger))).toBe('key-missing');
    expect(await codeOf(readJob(openClient({ hub: server.url, key: 'pg_x' }), job.id))).toBe(
      'key-wrong',
    );
    expect(await codeOf(readJob(hub, STRANGE))).toBe('job-unknown');
    expect(await codeOf(startJob(hub, job.id))).toBe('job-state');
    expect(await codeOf(postJob(hub, { ...upload(), model: blob('x', 'no model') }))).toMatch(
      /^model-/,
    );
    expect(await codeOf(enrolVerifier(stranger, verifierKey.key))).toBe('key-missing');
  });

  it('is told that a device is not banned', async () => {
    const record = { device: device.key, at: instant(Date.now()) };
    const signature = device.sign('evidence', record);
    expect(await codeOf(readEvidence(stranger, { record, signature }))).toBe('ban-unknown');
    const pardon = { device: device.key, reason: 'a test' };
    expect(await codeOf(pardonDevice(hub, pardon))).toBe('ban-unknown');
    expect(await codeOf(pardonDevice(stranger, pardon))).toBe('key-missing');
  });

  it('enrols a verifier and cancels a job', async () => {
    expect(await codeOf(enrolVerifier(hub, makeFakeKey().key))).toBe('accepted');
    const other = must(await postJob(hub, upload()));
    expect(must(await cancelJob(hub, other.id)).state).toBe('cancelled');
  });

  it('gets no answer from a hub that is not there', async () => {
    const away = openClient({ hub: 'http://127.0.0.1:1', retries: 0 });
    expect(await codeOf(readGrid(away))).toBe('download-failed');
  });
});
