import { writeFile } from 'node:fs/promises';
import { encodeNpy } from '#protocol/tensors/npy.ts';
import { CLASSES, DIGITS, readDigits, SAMPLE_FOLDER, SIDE, splitDigits } from './dataset.ts';
import { exportNetwork } from './export.ts';
import { measureAccuracy, SAMPLE_WIDTHS, samplesOf } from './network.ts';
import { SAMPLE_RECIPE, trainNetwork } from './training.ts';

/**
 * `npm run sample:train`: trains the sample model and writes what the sample job posts. The same
 * Node gives the same bytes each time. Exits 1 when the held-out accuracy is under 97 %.
 */
const ACCURACY_MIN = 0.97;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const digits = await readDigits();
  const samples = samplesOf(digits);
  const { train, heldOut } = splitDigits();
  say(`training on ${train.length} images; ${heldOut.length} held out`);
  const network = trainNetwork({ ...SAMPLE_RECIPE, widths: SAMPLE_WIDTHS }, samples, {
    items: train,
    report: (epoch, loss) => say(`epoch ${epoch}/${SAMPLE_RECIPE.epochs}: loss ${loss.toFixed(4)}`),
  });
  const accuracy = measureAccuracy(network, heldOut, samples);
  const model = exportNetwork(network);
  const { images, labels } = digits;
  const data = new Uint8Array(images.buffer);
  const write = (name: string, content: Uint8Array | string) =>
    writeFile(new URL(name, SAMPLE_FOLDER), content);
  await write('digits.onnx', model);
  await write('digits.npy', encodeNpy({ dtype: 'f32', shape: [DIGITS, 1, SIDE, SIDE], data }));
  const classes = Array.from({ length: CLASSES }, (_, label) => String(label));
  await write('labels.json', `${JSON.stringify({ classes, labels, heldOut })}\n`);
  say(`digits.onnx: ${model.length} bytes`);
  say(`held-out accuracy: ${(accuracy * 100).toFixed(2)} % of ${heldOut.length} images`);
  if (accuracy >= ACCURACY_MIN) return;
  say(`under ${ACCURACY_MIN * 100} %: change the recipe in scripts/sample/training.ts`);
  process.exitCode = 1;
}

await main();
