import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { decodeBase64 } from '#protocol/bytes/base64.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import { deliver, makeFakeKey, openFakeSession } from './sockets/fake-client.ts';
import { openFakeDevice, postFakeJob, prepareFakeJob } from './sockets/fake-job.ts';
import { openSharedDatabase } from './store/database/open.ts';
import { openTestHub } from './test-hub.ts';

const UNIT_BYTES = 12;
const verifierKey = makeFakeKey();
const device = makeFakeKey();
const hub = openTestHub(() => ({
  verifierKeys: [verifierKey.key],
  offlineDevicesMax: 0,
  clock: () => instant(Date.now()),
}));

/** The device is banned, its job is over, and an hour passes: it leaves the memory of the hub. */
async function banAndArchive(): Promise<void> {
  const job = (await (await postFakeJob(hub, { units: 50, autoStart: true })).json()) as JobView;
  const verifier = await prepareFakeJob(hub.url, verifierKey);
  const contributor = await openFakeDevice(hub.url, { who: device });
  const { lease } = await contributor.until('lease');
  await deliver(contributor, lease, new Uint8Array(lease.unitCount * UNIT_BYTES));
  const { shard } = await verifier.until('check');
  const digests = decodeBase64(shard.digests);
  if (!digests.ok) throw new Error(digests.refusal.message);
  const claimed = bytesToHex(digests.value.subarray(0, 32)) as Digest;
  const about = { verifier: verifierKey.key, shard, unit: shard.firstUnit, claimed };
  const reference = '02'.repeat(32) as Digest;
  const verdict = sampleVerdict(about, { kind: 'mismatch', reference, l2: 1, max: 1, runs: 2 });
  const signature = verifierKey.sign('verdict', verdict);
  verifier.say({ type: 'verdict', signed: { verdict, signature } });
  expect(await contributor.until('refused')).toMatchObject({ code: 'device-banned' });
  verifier.say({ type: 'judged', through: shard.sequence });
  await hub.call(`/v1/jobs/${job.id}/cancel`, { method: 'POST' });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
  const database = await openSharedDatabase(join(hub.data, 'hub.db'));
  const sql = "select count(*) as archived from fact where type = 'device-archived'";
  const count = async () => (await database.read<{ archived: number }>(sql))[0]?.archived;
  await expect.poll(count, { timeout: 10_000 }).toBe(1);
  await database.close();
}

async function post(path: string, body: unknown): Promise<unknown> {
  return (await hub.call(path, { method: 'POST', body: JSON.stringify(body) })).json();
}

test('a device that is in the store alone stays banned, has its evidence, and can be pardoned', async () => {
  await banAndArchive();
  const record = { device: device.key, at: instant(Date.now()) };
  const asked = { record, signature: device.sign('evidence', record) };
  expect(await post('/v1/evidence', asked)).toMatchObject({
    receipts: [{ shard: { device: device.key } }],
  });
  const banned = await openFakeDevice(hub.url, { who: device }).catch(String);
  expect(banned).toMatch(/device-banned|did not match/);
  const pardon = `/v1/devices/${device.key}/pardon`;
  expect(await post(pardon, { reason: 'a bad driver' })).toMatchObject({ number: 1 });
  (await openFakeSession(hub.url, 'contributor', device)).socket.close();
});
