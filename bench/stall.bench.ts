import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readHealth } from '#client/grid.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import { encodeNpy } from '#protocol/tensors/npy.ts';
import { must } from '#protocol/values/refusal.ts';
import { openProgram, readVerifierKey } from './command.ts';
import { type Bench, type BenchContext, median } from './figure.ts';
import { awaitJob, type BenchHub, createJob, openHub } from './hub.ts';

const READY_MS_MAX = 60_000;
const JOB_MS_MAX = 5 * 60_000;
const TRANSFERS_MS_MAX = 15 * 60_000;
const POLL_MS = 20;
const QUIET_MS = 3_000;
/** Numbers of one item. */
const WIDTH = 1_000;
const MEGABYTE = 1_000_000;
/** Digits of a number in results, and what stands around it. */
const PRINTED_BYTES = 10;

/**
 * The longest that `/v1/health` takes while results of 80 MB go out as JSON Lines and a file of
 * 350 MB of them comes in: real hub, verifier and contributor.
 */
export const run: Bench = async function* (context) {
  const megabytes = context.quick ? { out: 8, in: 35 } : { out: 80, in: 350 };
  const hub = await openGrid(context);
  const model = sampleModel([{ op: 'Identity', inputs: ['x'], output: 'y' }], { width: WIDTH });
  const items = Math.ceil((megabytes.out * MEGABYTE) / (WIDTH * PRINTED_BYTES));
  const job = await createJob(hub, {
    model,
    inputs: makeRows(items),
    options: { name: 'results', autoStart: true, unitItems: 16 },
  });
  context.say(`a job of ${items} items…`);
  await awaitJob(hub, job.id, { states: ['done'], timeoutMs: JOB_MS_MAX });
  const file = join(context.folder, 'in.jsonl');
  await pipeline(makeLines(megabytes.in * MEGABYTE), createWriteStream(file));
  const quiet = await pollHealth(hub, sleep(QUIET_MS));
  context.say('results go out and lines come in…');
  const transfers = openProgram(['bench/stall/transfers.ts'], context);
  transfers.tell({ hub: hub.url, key: hub.key, job: job.id, file, width: WIDTH });
  const done = transfers.hear('done', TRANSFERS_MS_MAX);
  const waits = await pollHealth(hub, done);
  const { sent, received, uploadSeconds, downloadSeconds } = await done;
  yield {
    figure: 'health-ms-max',
    value: Math.max(...waits),
    unit: 'ms',
    baseline: 250,
    detail: {
      median: median(waits),
      over100: waits.filter((ms) => ms > 100).length,
      polls: waits.length,
      quietMax: Math.max(...quiet),
      sent: Number(sent),
      received: Number(received),
      uploadSeconds: Number(uploadSeconds),
      downloadSeconds: Number(downloadSeconds),
    },
  };
};

async function openGrid(context: BenchContext): Promise<BenchHub> {
  const folder = ['--data', join(context.folder, 'verifier')];
  const key = await readVerifierKey(join(context.folder, 'verifier'));
  const hub = await openHub(context, join(context.folder, 'hub'), ['--verifier-key', key]);
  const verifier = openProgram(['verifier/main.ts', '--hub', hub.url, ...folder], context);
  await verifier.hear('ready', READY_MS_MAX);
  const device = ['--hub', hub.url, '--data', join(context.folder, 'device')];
  openProgram(['worker/edge/node/main.ts', ...device], context);
  return hub;
}

/** How long each look at the hub's health took until something is over. */
async function pollHealth({ client }: BenchHub, until: Promise<unknown>): Promise<number[]> {
  const waits: number[] = [];
  let isOver = false;
  const over = until.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const start = performance.now();
    must(await readHealth(client));
    waits.push(performance.now() - start);
    await sleep(POLL_MS);
  }
  await over;
  return waits;
}

/** Numbers that look like those of a network, the same in each run. */
const sample = (at: number): number => Math.fround(Math.sin(at * 0.618) * 7.3);

function makeRows(items: number): Uint8Array {
  const data = Float32Array.from({ length: items * WIDTH }, (_, at) => sample(at));
  return encodeNpy({ dtype: 'f32', shape: [items, WIDTH], data: new Uint8Array(data.buffer) });
}

function* makeLines(length: number): Generator<string> {
  for (let [made, item] = [0, 0]; made < length; item += 1) {
    const row = Array.from({ length: WIDTH }, (_, at) => sample(item * 7 + at).toFixed(5));
    const line = `[${row.join(',')}]\n`;
    made += line.length;
    yield line;
  }
}
