import { expect } from '@playwright/test';

/** When results may be read, as in `protocol/api/job.ts`. */
export type Assurance = 'instant' | 'settled' | 'full';

/** Options of a job, as in `protocol/api/job.ts`. */
export interface JobWish {
  name: string;
  assurance: Assurance;
  taps?: boolean;
  purpose?: string;
  category?: string;
}

/** What these tests read of a job; `protocol/api/job.ts` has all of it. */
export interface JobFacts {
  id: string;
  state: string;
  reason: string;
  inputs: { name: string; shape: number[] }[];
  unitItems: number;
  items: number;
  units: number;
  accepted: number;
  released: number;
  devices: number;
  checked: number;
  mismatched: number;
  requeued: number;
}
export interface VerdictFacts {
  job: string;
  unit: number;
  device: string;
  kind: string;
  lane: string;
  l2: number;
  max: number;
  runs: number;
  /** Where the job has taps: in base64, what the device revealed; how far each tap is off. */
  fingerprint?: { claimed: string; l2: number[] };
}
export interface ShardFacts {
  device: string;
  provider: string;
  firstUnit: number;
  unitCount: number;
}
export interface DeviceFacts {
  key: string;
  engine: string;
  provider?: string;
  unitsAccepted: number;
}

/** The HTTP API of a hub, as any developer's program calls it. */
export interface HubApi {
  /** Posts a job that starts by itself. */
  post(job: {
    model: Buffer;
    inputs: Buffer;
    options: { unitItems: number } & JobWish;
  }): Promise<JobFacts>;
  read(job: string): Promise<JobFacts>;
  /** Waits until so many units are accepted. */
  reach(job: string, accepted: number): Promise<JobFacts>;
  /** Waits until it is done; fails at once when it ends otherwise. */
  finish(job: string, timeoutMs?: number): Promise<JobFacts>;
  /** The rows of the job's one output, without the header of NPY. */
  results(job: string): Promise<Buffer>;
  verdicts(job: string): Promise<VerdictFacts[]>;
  /** The shards that count, in order of their units. */
  shards(job: string): Promise<ShardFacts[]>;
  devices(): Promise<DeviceFacts[]>;
  /** Blob bytes the hub served, by way. */
  served(): Promise<{ webrtc: number; https: number }>;
}

const CALL_MS_MAX = 30_000;
const WAIT_MS_MAX = 100_000;
const POLL = { intervals: [250] };

export function openHubApi(url: string, key: string): HubApi {
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { authorization: `Bearer ${key}` };
    const signal = AbortSignal.timeout(CALL_MS_MAX);
    const response = await fetch(new URL(path, url), { signal, headers, ...init });
    if (response.ok) return response;
    throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  };
  const read = async (job: string) => (await call(`/v1/jobs/${job}`)).json() as Promise<JobFacts>;
  return {
    read,
    async post({ model, inputs, options }) {
      const form = new FormData();
      form.set('options', JSON.stringify({ ...options, autoStart: true }));
      form.set('model', new Blob([new Uint8Array(model)]), 'digits.onnx');
      form.set('inputs', new Blob([new Uint8Array(inputs)]), 'digits.npy');
      return (await (await call('/v1/jobs', { method: 'POST', body: form })).json()) as JobFacts;
    },
    async reach(job, accepted) {
      const timeout = WAIT_MS_MAX;
      const count = async () => (await read(job)).accepted;
      await expect.poll(count, { ...POLL, timeout }).toBeGreaterThanOrEqual(accepted);
      return read(job);
    },
    async finish(job, timeout = WAIT_MS_MAX) {
      const state = async () => {
        const { state, reason } = await read(job);
        return ['refused', 'cancelled'].includes(state) ? Promise.reject(new Error(reason)) : state;
      };
      await expect.poll(state, { ...POLL, timeout }).toBe('done');
      return read(job);
    },
    async results(job) {
      const npy = Buffer.from(
        await (await call(`/v1/jobs/${job}/results?format=npy`)).arrayBuffer(),
      );
      return npy.subarray(10 + npy.readUInt16LE(8));
    },
    verdicts: (job) => readVerdicts(call, job),
    shards: (job) => readShards(call, job),
    async devices() {
      const grid = (await (await call('/v1/grid')).json()) as { devices: DeviceFacts[] };
      return grid.devices;
    },
    async served() {
      const text = await (await call('/metrics')).text();
      const read = (name: string) =>
        Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
      return {
        webrtc: read('pocketgrid_blob_bytes_webrtc_total'),
        https: read('pocketgrid_blob_bytes_https_total'),
      };
    },
  };
}

type Call = (path: string) => Promise<Response>;

async function readVerdicts(call: Call, job: string): Promise<VerdictFacts[]> {
  const found: VerdictFacts[] = [];
  for (let after = 0; ; ) {
    const response = await call(`/v1/verdicts?after=${after}&limit=500`);
    const page = (await response.json()) as {
      verdicts: { signed: { verdict: VerdictFacts } }[];
      next: number;
    };
    found.push(...page.verdicts.map(({ signed }) => signed.verdict));
    if (page.verdicts.length === 0 || page.next <= after) break;
    after = page.next;
  }
  return found.filter((verdict) => verdict.job === job);
}

async function readShards(call: Call, job: string): Promise<ShardFacts[]> {
  const found: ShardFacts[] = [];
  for (let from = 0; ; ) {
    const response = await call(`/v1/jobs/${job}/receipts?from=${from}`);
    const page = (await response.json()) as { receipts: { shard: ShardFacts }[] };
    found.push(...page.receipts.map(({ shard }) => shard));
    if (page.receipts.length === 0) return found;
    const last = found.at(-1);
    from = (last?.firstUnit ?? 0) + (last?.unitCount ?? 0);
  }
}
