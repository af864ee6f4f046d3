import { expect, test } from 'vitest';
import { openClient } from '#client/client.ts';
import { readHealth } from '#client/grid.ts';
import { postJob, readJob, startJob } from '#client/jobs.ts';
import { must, refusal } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import {
  deliver,
  HUB,
  joinWorker,
  openBench,
  PHONE,
  startJob as startBenchJob,
} from '../../../core/fake-world.ts';
import { openWriteWatch } from '../../process/write-watch.ts';
import { makeFakeKey } from '../../sockets/fake-client.ts';
import { computeFakeJob, fakeModel, prepareFakeJob } from '../../sockets/fake-job.ts';
import { openTestHub } from '../../test-hub.ts';
import { readHealth as healthOf, readReadiness } from './health.ts';

const verifierKey = makeFakeKey();
const server = openTestHub(() => ({ verifierKeys: [verifierKey.key] }));
const blob = (name: string, bytes: BlobPart) => ({ name, data: new Blob([bytes]) });
const gauge = (text: string, name: string): number =>
  Number(new RegExp(`^pocketgrid_${name} (\\S+)$`, 'm').exec(text)?.[1]);

test('health and gauges tell of writes, of jobs, and of shards that verifiers leave unjudged', async () => {
  const hub = openClient({ hub: server.url, key: server.key });
  expect(must(await readHealth(hub))).toMatchObject({
    status: 'ok',
    writes: { waitingMs: 0 },
    checks: { verifiers: 0, unjudged: 0, lagMs: 0 },
  });
  const upload = {
    model: blob('net.onnx', fakeModel),
    inputs: [blob('rows.jsonl', JSON.stringify({ x: [0, 1, 2] }))],
    options: { name: 'unjudged', unitItems: 1 },
  };
  const job = must(await postJob(hub, upload));
  const verifier = await prepareFakeJob(server.url, verifierKey);
  const state = async () => must(await readJob(hub, job.id)).state;
  await expect.poll(state, { timeout: 10_000 }).toBe('quoted');
  must(await startJob(hub, job.id));
  await computeFakeJob(server, { job, who: makeFakeKey() });
  const health = must(await readHealth(hub));
  expect(health).toMatchObject({ status: 'ok', checks: { verifiers: 1, unjudged: 1 } });
  expect(health.writes.lastMs).toBeLessThan(60_000);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toMatch(/^pocketgrid_jobs\{state="(running|finishing)"\} 1$/m);
  expect(gauge(metrics, 'shards_unjudged')).toBe(1);
  expect(gauge(metrics, 'verifiers_online')).toBe(1);
  expect(gauge(metrics, 'newcomers_waiting')).toBe(0);
  expect(gauge(metrics, 'newcomer_places')).toBe(100);
  expect(gauge(metrics, 'disputes_open')).toBe(0);
  expect(gauge(metrics, 'batch_age_seconds')).toBe(0);
  expect(gauge(metrics, 'database_bytes')).toBeGreaterThan(0);
  expect(gauge(metrics, 'disk_size_bytes')).toBeGreaterThan(gauge(metrics, 'disk_free_bytes'));
  expect(metrics).toMatch(/^pocketgrid_job_age_seconds\{state="(running|finishing)"\} \S+$/m);
  expect(metrics).toContain(`pocketgrid_verifier_behind_shards{verifier="${verifierKey.key}"} 1`);
  expect(metrics).toMatch(/^pocketgrid_calls_total\{class="2xx"\} [1-9]/m);
  expect(gauge(metrics, 'disk_free_bytes')).toBeGreaterThan(0);
  expect(gauge(metrics, 'event_loop_lag_seconds')).toBeGreaterThanOrEqual(0);
  expect(gauge(metrics, 'write_wait_seconds')).toBeLessThan(60);
  verifier.socket.close();
});

test('health is degraded while facts wait for the disk, or shards for verifiers', () => {
  const bench = openBench({ needsVerifier: true });
  startBenchJob(bench, 100);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  let now = 0;
  const writes = openWriteWatch(
    () => undefined,
    () => now,
  );
  const statusAt = (ms: number) => {
    const clock = () => instant(bench.clock() + ms);
    const pulse = { state: () => 'none' as const, close: () => undefined };
    return healthOf({ hub: bench.hub(), hubKey: HUB, pulse, writes, clock }).status;
  };
  expect([statusAt(0), statusAt(4 * 60_000), statusAt(5 * 60_000)]).toEqual([
    'ok',
    'ok',
    'degraded',
  ]);
  const isWritten = writes.begin();
  now = 10_000;
  expect(statusAt(0)).toBe('degraded');
  isWritten();
  expect(statusAt(0)).toBe('ok');
});

test('a hub is ready unless its disk takes no writes or it stops', async () => {
  const bench = openBench({ needsVerifier: true });
  let now = 0;
  const writes = openWriteWatch(
    () => undefined,
    () => now,
  );
  const stopping = new AbortController();
  const waits = () => readReadiness({ hub: bench.hub(), writes, stopping: stopping.signal }).waits;
  expect(waits()).toEqual([]);
  const isWritten = writes.begin();
  now = 10_000;
  bench.hub().trouble = refusal('disk-full', 'no room');
  expect(waits()).toEqual(['disk', 'writes']);
  isWritten();
  delete bench.hub().trouble;
  stopping.abort();
  expect(waits()).toEqual(['stopping']);
  const answer = await fetch(`${server.url}/v1/ready`);
  expect([answer.status, await answer.json()]).toEqual([200, { ready: true, waits: [] }]);
});
