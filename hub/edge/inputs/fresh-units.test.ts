import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { UNITS_ALONG_BYTES_MAX } from '#protocol/messages/control.ts';
import { deliver, makeFakeKey } from '../sockets/fake-client.ts';
import { openFakeDevice, postFakeJob, prepareFakeJob } from '../sockets/fake-job.ts';
import { openTestHub } from '../test-hub.ts';

const who = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [who.key] }));

async function addRows(job: JobView, rows: readonly (readonly number[])[]): Promise<void> {
  const form = new FormData();
  form.append('inputs', new Blob([rows.map((x) => JSON.stringify({ x })).join('\n')]), 'x.jsonl');
  const answer = await hub.call(`/v1/jobs/${job.id}/inputs`, { method: 'POST', body: form });
  expect(answer.status).toBe(201);
}

it('few units that are added to an open job go along with their leases, many do not', async () => {
  const width = 1_000;
  const row = (first: number) => Array.from({ length: width }, (_, at) => first + at);
  const many = Math.ceil(UNITS_ALONG_BYTES_MAX / (width * 4)) + 1;
  const options = { units: 1, width, open: true, autoStart: true };
  const job = (await (await postFakeJob(hub, options)).json()) as JobView;
  const verifier = await prepareFakeJob(hub.url, who);
  const device = await openFakeDevice(hub.url);
  const posted = await device.until('lease');
  expect(posted).not.toHaveProperty('units');
  await deliver(device, posted.lease, new Uint8Array(4 * width));

  await addRows(job, [row(5), row(7)]);
  device.say({ type: 'request' });
  const { lease, units = '' } = await device.until('lease');
  const bytes = Buffer.from(units, 'base64');
  expect(bytes.length).toBe(lease.unitCount * 4 * width);
  const first = bytes.subarray(0, 4 * width);
  expect(new Float32Array(new Uint8Array(first).buffer)[0]).toBe(lease.firstUnit === 1 ? 5 : 7);
  expect(lease.inputs.digests).toContain(
    createHash('sha256').update(first).digest('base64').slice(0, 42),
  );
  await deliver(device, lease, new Uint8Array(bytes));

  const other = await openFakeDevice(hub.url);
  await addRows(
    job,
    Array.from({ length: many }, (_, at) => row(at)),
  );
  const seen = await other.until('lease');
  expect(seen.lease.inputs.length).toBe(many * 4 * width);
  expect(seen).not.toHaveProperty('units');
  verifier.socket.close();
});
