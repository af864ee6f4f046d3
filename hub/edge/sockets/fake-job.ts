import type { JobView } from '#protocol/api/job.ts';
import { NO_DECOYS } from '#protocol/checks/thresholds.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { bytes, millis } from '#protocol/values/units.ts';
import { deliver, type FakeKey, makeFakeKey, openFakeSession } from './fake-client.ts';

/** A model that gives back what it is given: whoever has the inputs can be its device. */
const identity = (width: number) =>
  sampleModel([{ op: 'Identity', inputs: ['x'], output: 'y' }], { width });
export const fakeModel = identity(3);

/** Posts a job of so many units of one item, each of so many numbers. */
export function postFakeJob(
  hub: { url: string; key: string },
  options: {
    units: number;
    width?: number;
    unitPrice?: string;
    autoStart?: boolean;
    resultsUrl?: string;
  },
): Promise<Response> {
  const { units, width = 3, ...more } = options;
  const rest = Array.from({ length: width - 1 }, (_, at) => at + 1);
  const rows = Array.from({ length: units }, (_, row) => JSON.stringify({ x: [row, ...rest] }));
  const form = new FormData();
  form.append('model', new Blob([identity(width)]), 'net.onnx');
  form.append('inputs', new Blob([rows.join('\n')]), 'rows.jsonl');
  form.append('options', JSON.stringify({ name: 'identity', unitItems: 1, ...more }));
  const headers = { Authorization: `Bearer ${hub.key}` };
  return fetch(`${hub.url}/v1/jobs`, { method: 'POST', body: form, headers });
}

/** A call with the ticket of a session. */
export const withTicket = (
  { welcome }: { welcome: { ticket: string } },
  headers: Record<string, string> = {},
): RequestInit => ({ headers: { ...headers, Authorization: `Bearer ${welcome.ticket}` } });

/** A verifier that prepares the next job it is given, and stays. */
export async function prepareFakeJob(url: string, who: FakeKey) {
  const verifier = await openFakeSession(url, 'verifier', who);
  const { job, draft, inputs } = await verifier.until('prepare');
  const answer = await fetch(`${url}/v1/blobs/${inputs.root}`, withTicket(verifier));
  const unit = new Uint8Array(await answer.arrayBuffer()).slice(0, unitBytes(draft.runtime.inputs));
  const outputs = draft.runtime.inputs.map((spec) => ({ ...spec, name: 'y' }));
  const head = { type: 'prepared' as const, job, outputs, units: [0] };
  const cost = { unitMs: millis(1), peakBytes: bytes(1_000_000), decoys: NO_DECOYS };
  verifier.sayFrame({ ...head, ...cost }, unit);
  return verifier;
}

/** A device that was admitted to the job that is offered, and asks for a lease. */
export async function openFakeDevice(
  url: string,
  { who = makeFakeKey(), unitMs = 10 }: { who?: FakeKey; unitMs?: number } = {},
) {
  const device = await openFakeSession(url, 'contributor', who);
  device.say({ type: 'request' });
  const { id } = await device.until('admit');
  const admitted = { provider: 'wasm', dtype: 'f32', threads: 1, unitMs, trials: [] };
  device.say({ type: 'admitted', package: id, ...admitted });
  return device;
}

/** A device that computes a job to its end. */
export async function computeFakeJob(
  hub: { url: string; key: string },
  { job, who }: { job: JobView; who: FakeKey },
): Promise<void> {
  const device = await openFakeDevice(hub.url, { who });
  for (let done = 0; done < job.units; ) {
    const { lease } = await device.until('lease');
    const { root, offset, unitBytes } = lease.inputs;
    const range = `bytes=${offset}-${offset + lease.unitCount * unitBytes - 1}`;
    const asked = withTicket(device, { Range: range });
    const inputs = await fetch(`${hub.url}/v1/blobs/${root}`, asked);
    const { units } = await deliver(device, lease, new Uint8Array(await inputs.arrayBuffer()));
    done += units;
    device.say({ type: 'request' });
  }
  device.socket.close();
}
