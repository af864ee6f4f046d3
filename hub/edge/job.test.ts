import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { NO_DECOYS } from '#protocol/checks/thresholds.ts';
import { digestPackage } from '#protocol/models/package.ts';
import { checkReceipt } from '#protocol/records/receipt-check.ts';
import type { Receipt } from '#protocol/records/records.ts';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import { bytes, millis } from '#protocol/values/units.ts';
import { deliver, makeFakeKey, openFakeSession } from './sockets/fake-client.ts';
import { fakeModel, openFakeDevice, withTicket } from './sockets/fake-job.ts';
import { openTestHub, refusalOf } from './test-hub.ts';

const ITEMS = 10;
const UNIT_ITEMS = 4;
/** One item: three f32. */
const UNIT_BYTES = UNIT_ITEMS * 12;

const rows = Array.from({ length: ITEMS }, (_, row) => [row, row + 0.25, 1 - row]);
const lines = rows.map((row) => JSON.stringify({ x: row })).join('\n');

const verifierKey = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [verifierKey.key] }));

function makeForm() {
  const form = new FormData();
  form.append('model', new Blob([fakeModel]), 'net.onnx');
  form.append('inputs', new Blob([lines]), 'rows.jsonl');
  const options = { name: 'identity', unitItems: UNIT_ITEMS, autoStart: true };
  form.append('options', JSON.stringify(options));
  return form;
}

/** A verifier that says each output equals its input, and that every draw matched. */
async function openFakeVerifier() {
  const verifier = await openFakeSession(hub.url, 'verifier', verifierKey);
  const prepare = async () => {
    const { job, draft, inputs } = await verifier.until('prepare');
    const range = { Range: `bytes=0-${UNIT_BYTES - 1}` };
    const asked = withTicket(verifier, range);
    const answer = await fetch(`${hub.url}/v1/blobs/${inputs.root}`, asked);
    expect([answer.status, answer.headers.get('content-range')]).toEqual([
      206,
      `bytes 0-${UNIT_BYTES - 1}/${inputs.length}`,
    ]);
    const outputs = draft.runtime.inputs.map((spec) => ({ ...spec, name: 'y' }));
    const unit = new Uint8Array(await answer.arrayBuffer());
    const head = { type: 'prepared' as const, job, outputs, units: [0] };
    const cost = { unitMs: millis(1), peakBytes: bytes(1_000_000), decoys: NO_DECOYS };
    verifier.sayFrame({ ...head, ...cost }, unit);
  };
  return { verifier, prepare };
}

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

describe('a job over the API and real sockets', () => {
  it('is posted, prepared, computed, checked, watched and read back', async () => {
    const { verifier, prepare } = await openFakeVerifier();
    const posted = await hub.call('/v1/jobs', { method: 'POST', body: makeForm() });
    expect(posted.status).toBe(201);
    const job = (await posted.json()) as JobView;
    expect(job).toMatchObject({ items: ITEMS, units: 3, unitItems: UNIT_ITEMS, name: 'identity' });
    const events = readEvents(await hub.call(`/v1/jobs/${job.id}/events`));
    await prepare();

    const device = await openFakeDevice(hub.url);
    for (let done = 0; done < job.units; ) {
      const { lease } = await device.until('lease');
      const { root, offset } = lease.inputs;
      const end = offset + lease.unitCount * UNIT_BYTES - 1;
      const range = { Range: `bytes=${offset}-${end}` };
      const answer = await fetch(`${hub.url}/v1/blobs/${root}`, withTicket(device, range));
      const outputs = new Uint8Array(await answer.arrayBuffer());
      const first = createHash('sha256').update(outputs.subarray(0, UNIT_BYTES)).digest();
      expect(first.toString('base64').slice(0, 42)).toBe(lease.inputs.digests.slice(0, 42));
      device.say({ type: 'request' });
      done += (await deliver(device, lease, outputs)).units;
    }
    const { shard } = await verifier.until('check');
    verifier.say({ type: 'judged', through: shard.sequence + 10 });
    verifier.say({ type: 'judged', through: shard.sequence });

    const results = await hub.call(`/v1/jobs/${job.id}/results`);
    const decoded = decodeSafetensors(new Uint8Array(await results.arrayBuffer()));
    const y = decoded.ok ? decoded.value.tensors.get('y') : undefined;
    expect(y?.shape).toEqual([ITEMS, 3]);
    const data = y?.data ?? new Uint8Array();
    const floats = new Float32Array(data.slice().buffer);
    expect([...floats]).toEqual(rows.flat().map((x) => Math.fround(x)));
    const few = await hub.call(`/v1/jobs/${job.id}/results?format=jsonl&from=3&to=5`);
    expect(await few.text()).toBe('{"y":[3,3.25,-2]}\n{"y":[4,4.25,-3]}\n');
    expect(
      await refusalOf(await hub.call(`/v1/jobs/${job.id}/results?from=5&to=99`)),
    ).toMatchObject({
      code: 'request-invalid',
    });

    const { receipts } = (await (await hub.call(`/v1/jobs/${job.id}/receipts`)).json()) as {
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
    const own = await hub.call(`/v1/jobs/${job.id}/outputs/1`);
    expect(Buffer.from(await own.arrayBuffer())).toEqual(Buffer.from(data.subarray(48, 96)));
    for (const none of ['3', '-1', 'x']) {
      const missing = await hub.call(`/v1/jobs/${job.id}/outputs/${none}`);
      expect(await refusalOf(missing)).toEqual({ status: 404, code: 'not-found' });
    }
    const manifest = await (await hub.call(`/v1/jobs/${job.id}/package`)).json();
    expect(digestPackage(manifest)).toBe(receipts[0]?.shard.package);

    const seen = await events.until((view) => view.state === 'done');
    expect(seen.accepted).toBe(3);
    expect(hub.counters.shardsAccepted).toBeGreaterThan(0);
    expect(hub.counters.blobBytesHttps).toBeGreaterThan(3 * UNIT_BYTES);
    device.socket.close();
    verifier.socket.close();
  });

  it('knows its jobs after a restart, and makes no second key', async () => {
    const before = (await (await hub.call('/v1/jobs')).json()) as { jobs: JobView[] };
    const events = readEvents(await hub.call(`/v1/jobs/${before.jobs[0]?.id}/events`));
    const ended = expect(events.until(() => false)).rejects.toThrow('the stream ended');
    await hub.close();
    await ended;
    expect((await hub.open({ verifierKeys: [] })).key).toBeUndefined();
    const after = (await (await hub.call('/v1/jobs')).json()) as { jobs: JobView[] };
    expect(after.jobs.map(({ id, state }) => [id, state])).toEqual(
      before.jobs.map(({ id, state }) => [id, state]),
    );
    const results = await hub.call(`/v1/jobs/${before.jobs[0]?.id}/results`);
    expect(results.status).toBe(200);
    const newcomers = { places: 100, taken: 0, waiting: 0, unitsEach: 75_000 };
    expect(await (await hub.call('/v1/grid')).json()).toMatchObject({ devices: [], newcomers });
  });
});
