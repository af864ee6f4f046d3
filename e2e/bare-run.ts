import { readFile, writeFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-web/wasm';

/**
 * onnxruntime-web and nothing of ours: `tsx e2e/bare-run.ts MODEL ROWS OUTPUT UNIT_ITEMS` runs
 * images of 8×8 in units of so many, the last one filled up with its last image, and writes all
 * rows.
 */
const [modelFile = '', rowsFile = '', outputFile = '', unitText = ''] = process.argv.slice(2);
const ROW_FLOATS = 64;
const unitItems = Number(unitText);

ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(await readFile(modelFile), {
  executionProviders: ['wasm'],
  graphOptimizationLevel: 'all',
});
const [input = ''] = session.inputNames;
const [output = ''] = session.outputNames;
const file = await readFile(rowsFile);
const rows = new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
const items = rows.length / ROW_FLOATS;
const results: Buffer[] = [];
for (let first = 0; first < items; first += unitItems) {
  const unit = new Float32Array(unitItems * ROW_FLOATS);
  for (let place = 0; place < unitItems; place += 1) {
    const item = Math.min(first + place, items - 1);
    unit.set(rows.subarray(item * ROW_FLOATS, (item + 1) * ROW_FLOATS), place * ROW_FLOATS);
  }
  const feeds = { [input]: new ort.Tensor('float32', unit, [unitItems, 1, 8, 8]) };
  const tensor = (await session.run(feeds))[output];
  if (tensor === undefined) throw new Error(`the model has no output ${output}`);
  const values = tensor.data as Float32Array;
  const present = Math.min(unitItems, items - first);
  const length = (values.byteLength / unitItems) * present;
  results.push(Buffer.from(values.buffer.slice(values.byteOffset, values.byteOffset + length)));
  tensor.dispose();
}
await writeFile(outputFile, Buffer.concat(results));
process.stdout.write(`done ${items} items\n`);
