import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openBrowser } from './browser.ts';
import { runCommand } from './command.ts';
import type { Bench, BenchContext } from './figure.ts';
import { type BenchModel, plainItems, readModels } from './models.ts';
import { type BenchPages, openBenchPages } from './page-server.ts';

const RUN_MS_MAX = 5 * 60_000;
/** Items run at once, so that batched kernels are compared too. */
const ITEMS = { digits: 64, minilm: 2, mobilenet: 2 };

/** Outputs of the wasm provider in Node and Chromium, with 1 and 2 threads: bytes that differ. */
export const run: Bench = async function* (context) {
  const models = await readModels(context);
  const pages = await openBenchPages(context, await openBrowser(context));
  let differing = 0;
  let compared = 0;
  for (const model of models) {
    const places = await runEverywhere(model, pages, context);
    const [reference = new Uint8Array()] = places.map(({ bytes }) => bytes);
    for (const { place, bytes } of places.slice(1)) {
      const count = countDiffering(reference, bytes);
      context.say(`${model.name}, ${place}: ${count} of ${reference.length} bytes differ`);
      differing += count;
      compared += reference.length;
    }
  }
  yield {
    figure: 'differing-bytes',
    value: differing,
    unit: 'bytes',
    detail: { models: models.map(({ name }) => name).join(' '), comparedBytes: compared },
  };
};

async function runEverywhere(model: BenchModel, pages: BenchPages, context: BenchContext) {
  const inputs = plainItems(model, ITEMS[model.name]);
  const file = join(context.folder, `${basename(model.file)}.json`);
  await writeFile(file, JSON.stringify(inputs));
  const found: { place: string; bytes: Uint8Array }[] = [];
  for (const threads of [1, 2]) {
    const words = ['npx', 'tsx', 'bench/exact/node-run.ts', model.file, file, String(threads)];
    const { outputs } = JSON.parse(await runCommand(words, RUN_MS_MAX)) as { outputs: string[] };
    found.push({ place: `Node ${threads} threads`, bytes: joinOutputs(outputs) });
    const seen = await pages.runOnce({ model: model.url, inputs, threads });
    found.push({ place: `Chromium ${threads} threads`, bytes: joinOutputs(seen) });
  }
  return found;
}

const joinOutputs = (outputs: readonly string[]): Uint8Array =>
  Buffer.concat(outputs.map((text) => Buffer.from(text, 'base64')));

function countDiffering(a: Uint8Array, b: Uint8Array): number {
  let count = Math.abs(a.length - b.length);
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) if (a[at] !== b[at]) count += 1;
  return count;
}
