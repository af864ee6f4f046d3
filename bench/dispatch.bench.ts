import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { startJob } from '#client/jobs.ts';
import { must } from '#protocol/values/refusal.ts';
import { openPair } from './dispatch/pair.ts';
import type { Bench, BenchContext } from './figure.ts';
import { awaitJob, createJob, repeatDigits } from './hub.ts';
import { cpuSeconds, memoryOf } from './proc.ts';

const WORKERS = 200;
const ANSWER_MS_MAX = 180_000;
/** File descriptors the programs need beside the sockets. */
const SPARE_FILES = 500;
const SETTLE_MS = 6_000;

/**
 * The real hub over real sockets: shards made durable in a second, and what an idle socket costs.
 */
export const run: Bench = async function* (context) {
  const { quick } = context;
  yield await measureShards(context, quick ? 8 : 20);
  yield await measureIdle(context, quick ? 2_000 : 20_000);
};

async function measureShards(context: BenchContext, seconds: number) {
  const { hub, devices } = await openPair(context, 'shards');
  const job = await createJob(hub, {
    model: await readFile('public/sample/digits.onnx'),
    inputs: await repeatDigits(seconds * 6_000),
    options: { name: 'one unit a shard', unitItems: 1 },
  });
  await awaitJob(hub, job.id, { states: ['quoted'], timeoutMs: ANSWER_MS_MAX });
  must(await startJob(hub.client, job.id));
  devices.tell({ open: WORKERS });
  await devices.hear('opened', ANSWER_MS_MAX);
  devices.tell({ work: true });
  await devices.hear('working', ANSWER_MS_MAX);
  // The first seconds compile code and fill queues.
  devices.tell({ measure: 3 });
  await devices.hear('accepted', ANSWER_MS_MAX);
  const before = await cpuSeconds(hub.program.pid);
  devices.tell({ measure: seconds });
  const found = await devices.hear('accepted', ANSWER_MS_MAX);
  const after = await cpuSeconds(hub.program.pid);
  const view = await awaitJob(hub, job.id, {
    states: ['running', 'finishing', 'done'],
    timeoutMs: ANSWER_MS_MAX,
  });
  if (view.state !== 'running') context.say('the job ended within the window: the rate is a floor');
  if (Number(found['failed']) > 0) context.say(`${found['failed']} failed: ${found['failure']}`);
  await devices.kill('SIGTERM');
  await hub.program.kill('SIGTERM');
  return {
    figure: 'shards-per-second',
    value: Number(found['accepted']) / Number(found['seconds']),
    unit: 'shards/s',
    baseline: 1_200,
    detail: {
      devices: WORKERS,
      seconds: Math.round(Number(found['seconds'])),
      failed: Number(found['failed']),
      hubCpu: Number(((after - before) / Number(found['seconds'])).toFixed(2)),
    },
  };
}

async function measureIdle(context: BenchContext, wanted: number) {
  const { hub, devices } = await openPair(context, 'idle');
  const files = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }));
  const count = Math.min(wanted, Number.isFinite(files) ? files - SPARE_FILES : wanted);
  if (count < wanted) context.say(`${count} sockets, not ${wanted}: ulimit -n is ${files}`);
  // A few first, so that code and buffers that all sockets share are in place.
  devices.tell({ open: 200 });
  await devices.hear('opened', ANSWER_MS_MAX);
  await sleep(SETTLE_MS);
  const before = await memoryOf(hub.program.pid, 'VmRSS');
  devices.tell({ open: count - 200 });
  await devices.hear('opened', ANSWER_MS_MAX);
  await sleep(SETTLE_MS);
  const after = await memoryOf(hub.program.pid, 'VmRSS');
  return {
    figure: 'bytes-per-idle-socket',
    value: (after - before) / (count - 200),
    unit: 'bytes',
    baseline: 12_000,
    detail: { sockets: count, residentBytes: after },
  };
}
