import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { startJob } from '#client/jobs.ts';
import { INSPECT, type ProgramMemory } from '#node/inspect-memory.ts';
import { must } from '#protocol/values/refusal.ts';
import { openProgram } from '../command.ts';
import { openPair } from '../dispatch/pair.ts';
import type { BenchContext, Figure } from '../figure.ts';
import { awaitJob, type BenchHub, createJob, repeatDigits } from '../hub.ts';

const STRANGERS = 1_000;
const DEVICES = 40;
/** What a shard of one unit takes a device. */
const SHARD_MS = 250;
const ANSWER_MS_MAX = 180_000;
const SETTLE_MS = 8_000;

/**
 * An honest job beside a thousand hostile sockets, and what the hub holds when they have gone. The
 * devices are slower than the hub: what the job takes is theirs, unless strangers are in its way.
 */
export async function* measureStrangers(context: BenchContext): AsyncIterable<Figure> {
  const { quick } = context;
  const units = quick ? 1_500 : 6_000;
  const { hub, devices } = await openPair({ ...context, nodeFlags: [INSPECT] }, 'flood');
  // Code is compiled and buffers have grown once a job has run.
  devices.tell({ open: DEVICES, shardMs: SHARD_MS });
  await devices.hear('opened', ANSWER_MS_MAX);
  devices.tell({ work: true });
  await devices.hear('working', ANSWER_MS_MAX);
  await timeJob(hub, 400);
  const alone = await timeJob(hub, units);
  await sleep(SETTLE_MS);
  const before = await hub.memory();
  const strangers = openProgram(['bench/flood/hostile.ts'], context);
  strangers.tell({ hub: hub.url, sockets: STRANGERS });
  await strangers.hear('flooding', ANSWER_MS_MAX);
  const since = performance.now();
  await sleep(SETTLE_MS);
  const beside = await timeJob(hub, units);
  const detail = { devices: DEVICES, strangers: STRANGERS, aloneSeconds: round(alone) };
  yield {
    figure: 'honest-time',
    value: beside / alone,
    unit: 'ratio',
    baseline: 2,
    detail: { ...detail, besideSeconds: round(beside) },
  };
  const minutes = quick ? 1 : 10;
  await sleep(Math.max(0, minutes * 60_000 - (performance.now() - since)));
  strangers.tell({ stop: true });
  await strangers.hear('stopped', ANSWER_MS_MAX);
  await sleep(SETTLE_MS);
  const after = await hub.memory();
  yield {
    figure: 'memory',
    value: after.resident / before.resident,
    unit: 'ratio',
    baseline: 1.1,
    detail: { minutes, ...bytesOf({ before, after }), ...(await closedSockets(hub)) },
  };
}

const round = (seconds: number): number => Number(seconds.toFixed(1));

const bytesOf = ({ before, after }: Record<'before' | 'after', ProgramMemory>) => ({
  beforeBytes: before.resident,
  afterBytes: after.resident,
  heapBeforeBytes: before.heap,
  heapAfterBytes: after.heap,
});

/** Seconds from the start of a job of so many units until it is done. */
async function timeJob(hub: BenchHub, units: number): Promise<number> {
  const job = await createJob(hub, {
    model: await readFile('public/sample/digits.onnx'),
    inputs: await repeatDigits(units),
    options: { name: `${units} units`, unitItems: 1 },
  });
  await awaitJob(hub, job.id, { states: ['quoted'], timeoutMs: ANSWER_MS_MAX });
  const started = performance.now();
  must(await startJob(hub.client, job.id));
  await awaitJob(hub, job.id, { states: ['done'], timeoutMs: ANSWER_MS_MAX });
  return (performance.now() - started) / 1_000;
}

/** What became of strangers, by the hub's own counters. */
async function closedSockets({ url }: BenchHub): Promise<Record<string, number>> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const read = (name: string) =>
    Number(new RegExp(`^pocketgrid_${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
  return {
    tooFast: read('sockets_too_fast_total'),
    tooSlow: read('sockets_too_slow_total'),
    malformed: read('messages_malformed_total'),
    seederRestarts: read('seeder_restarts_total'),
  };
}
