import { writeFile } from 'node:fs/promises';
import { readDigits, splitDigits } from '../sample/dataset.ts';
import { exportNetwork } from '../sample/export.ts';
import { measureAccuracy, samplesOf, type Widths } from '../sample/network.ts';
import { SAMPLE_RECIPE, trainNetwork } from '../sample/training.ts';

/**
 * `tsx scripts/decoys/digits-sibling.ts FILE`: a smaller network trained on the same digits, which
 * is what a cheat has who buys a cheaper model for the same task.
 */
const WIDTHS: Widths = { first: 12, second: 16, hidden: 32 };
const EPOCHS = 4;

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: tsx scripts/decoys/digits-sibling.ts FILE');
  process.exit(2);
}
const digits = await readDigits();
const samples = samplesOf(digits);
const { train, heldOut } = splitDigits();
const recipe = { ...SAMPLE_RECIPE, seed: SAMPLE_RECIPE.seed + 1, epochs: EPOCHS, widths: WIDTHS };
const network = trainNetwork(recipe, samples, { items: train });
await writeFile(path, exportNetwork(network));
const accuracy = measureAccuracy(network, heldOut, samples);
process.stdout.write(`${JSON.stringify({ file: path, accuracy })}\n`);
