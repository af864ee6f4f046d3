import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import OpenAI from 'openai';
import { addModel } from '#client/models.ts';
import { must } from '#protocol/values/refusal.ts';
import type { Bench, BenchContext } from './figure.ts';
import { cpuSeconds, memoryOf } from './proc.ts';
import { runBatch } from './tasks/run-batch.ts';
import { makeRepository, openCheckedHub, openContributor, sentences } from './tasks/vectors.ts';

const MODEL = 'made/vectors';
const HIDDEN = 32;

/**
 * What a batch of embeddings costs the hub, with a tiny model: CPU time of its process for a line,
 * from the upload of the file to its answers, and the most memory it takes, by that of a batch of a
 * tenth. Real hub, verifier and contributor, and the client of OpenAI.
 */
export const run: Bench = async function* (context) {
  const [few, many] = context.quick ? [500, 5_000] : [5_000, 50_000];
  const small = await measure(context, few);
  const large = await measure(context, many);
  yield {
    figure: 'cpu-ms-per-line',
    value: large.cpuMs / many,
    unit: 'ms',
    baseline: 0.5,
    detail: { lines: many, seconds: large.seconds, ofTenth: small.cpuMs / few },
  };
  yield {
    figure: 'memory',
    value: large.peak / small.peak,
    unit: 'ratio',
    baseline: 1.2,
    detail: { lines: many, peakBytes: large.peak, ofTenth: small.peak },
  };
};

async function measure(context: BenchContext, lines: number) {
  const own = { ...context, folder: join(context.folder, `${lines}`) };
  await mkdir(own.folder);
  const hub = await openCheckedHub(own);
  const files = await makeRepository(own, { hidden: HIDDEN });
  must(await addModel(hub.client, { files, options: { name: MODEL } }));
  await openContributor(own, hub.url);
  const openai = new OpenAI({ baseURL: `${hub.url}/v1`, apiKey: hub.key });
  // Code is compiled and the device has its model before anything is counted.
  await runBatch(openai, MODEL, sentences(32));
  const before = await cpuSeconds(hub.program.pid);
  const start = performance.now();
  context.say(`a batch of ${lines} lines…`);
  await runBatch(openai, MODEL, sentences(lines));
  const found = {
    cpuMs: 1_000 * ((await cpuSeconds(hub.program.pid)) - before),
    seconds: Math.round((performance.now() - start) / 1_000),
    peak: await memoryOf(hub.program.pid, 'VmHWM'),
  };
  await hub.program.kill('SIGTERM');
  return found;
}
