import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import OpenAI from 'openai';
import { readGrid } from '#client/grid.ts';
import { addModel } from '#client/models.ts';
import { must } from '#protocol/values/refusal.ts';
import type { Bench } from './figure.ts';
import { makeRepository, openCheckedHub, openContributor, sentences } from './tasks/vectors.ts';

const MODEL = 'made/vectors';
const HIDDEN = 32;
/** Until devices are trusted: before that they wait for verdicts on their first units. */
const WARM_UP = 300;
const TOGETHER = 16;

/**
 * How long `POST /v1/embeddings` takes beside the computing of the device: one request after the
 * other, a text each, with a tiny model on two devices. Real hub, verifier and contributors, and the
 * client of OpenAI, all on this machine.
 */
export const run: Bench = async function* (context) {
  const requests = context.quick ? 200 : 1_000;
  const own = { ...context, folder: join(context.folder, 'api') };
  await mkdir(own.folder);
  const hub = await openCheckedHub(own);
  const files = await makeRepository(own, { hidden: HIDDEN });
  must(await addModel(hub.client, { files, options: { name: MODEL } }));
  for (const name of ['one', 'two']) await openContributor(own, hub.url, name);
  const openai = new OpenAI({ baseURL: `${hub.url}/v1`, apiKey: hub.key, maxRetries: 0 });
  const texts = sentences(Math.max(requests, WARM_UP));
  const ask = async (input: string): Promise<number> => {
    const start = performance.now();
    await openai.embeddings.create({ model: MODEL, input });
    return performance.now() - start;
  };
  const firstMs = await ask('the first request');
  const early = await askEach(texts.slice(0, WARM_UP), ask);
  const took = await askEach(texts.slice(0, requests), ask);
  const computeMs = Math.min(...(await readSpeeds(hub.client)));
  const added = took.map((ms) => ms - computeMs);
  const together = await Promise.all(texts.slice(0, TOGETHER).map(ask));
  const detail = {
    requests,
    computeMs: Number(computeMs.toFixed(2)),
    earlyMs: Math.round(share(early, 0.5)),
    firstSeconds: Number((firstMs / 1_000).toFixed(1)),
    togetherMs: Math.round(Math.max(...together)),
  };
  yield { figure: 'added-ms', value: share(added, 0.5), unit: 'ms', baseline: 25, detail };
  yield { figure: 'added-ms-p95', value: share(added, 0.95), unit: 'ms', baseline: 60, detail };
};

/** How long each of these takes, the quickest first. */
async function askEach(texts: readonly string[], ask: (text: string) => Promise<number>) {
  const took: number[] = [];
  for (const text of texts) took.push(await ask(text));
  return took.sort((a, b) => a - b);
}

const share = (sorted: readonly number[], part: number): number =>
  sorted[Math.floor(sorted.length * part)] ?? Number.NaN;

/** Milliseconds of a unit on each device, as the hub has measured them. */
async function readSpeeds(client: Parameters<typeof readGrid>[0]): Promise<number[]> {
  const { devices } = must(await readGrid(client));
  return devices.flatMap(({ unitMs }) => unitMs ?? []);
}
