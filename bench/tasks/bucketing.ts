import OpenAI from 'openai';
import { listJobs, readPackage } from '#client/jobs.ts';
import { addModel } from '#client/models.ts';
import { must } from '#protocol/values/refusal.ts';
import type { BenchContext } from '../figure.ts';
import type { BenchHub } from '../hub.ts';
import { runBatch } from './run-batch.ts';
import { type File, textOf } from './vectors.ts';

const MODEL = 'made/mixed';
const TEXTS = 2_000;
/** Tokens of a text: most are short, and a few as long as all-MiniLM-L6-v2 takes. */
export const TOKENS = { median: 16, spread: 1, most: 256, least: 3 };

/** What a batch of texts of many lengths takes, by what it would if all were filled up to the longest. */
export async function measureBucketing(hub: BenchHub, files: File[], { say }: BenchContext) {
  must(await addModel(hub.client, { files, options: { name: MODEL } }));
  const lengths = Array.from({ length: TEXTS }, (_, at) => drawLength((at + 0.5) / TEXTS));
  const openai = new OpenAI({ baseURL: `${hub.url}/v1`, apiKey: hub.key });
  say(`a batch of ${TEXTS} texts of ${Math.min(...lengths)} to ${Math.max(...lengths)} tokens…`);
  const { id } = await runBatch(
    openai,
    MODEL,
    lengths.map((tokens, at) => textOf(at, tokens)),
  );
  const jobs = must(await listJobs(hub.client)).jobs.filter(({ name }) => name.startsWith(id));
  let [tookMs, items, longest] = [0, 0, { tokens: 0, itemMs: 0 }];
  for (const job of jobs) {
    const { referenceUnitMs } = must(await readPackage(hub.client, job.id));
    const tokens = job.inputs[0]?.shape.at(-1) ?? 0;
    tookMs += job.units * referenceUnitMs;
    items += job.items;
    if (tokens > longest.tokens) longest = { tokens, itemMs: referenceUnitMs / job.unitItems };
  }
  const all = lengths.reduce((sum, tokens) => sum + tokens, 0);
  return {
    ratio: tookMs / (items * longest.itemMs),
    perfect: all / (items * Math.max(...lengths)),
    jobs: jobs.length,
    items,
  };
}

/** The length below which this share of texts lies: log-normal. */
function drawLength(share: number): number {
  const { median, spread, most, least } = TOKENS;
  // The inverse of the logistic curve is near that of the normal one, and has a closed form.
  const deviation = Math.log(share / (1 - share)) / 1.702;
  return Math.round(Math.min(most, Math.max(least, median * Math.exp(spread * deviation))));
}
