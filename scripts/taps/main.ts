import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { addTaps } from './tap.ts';

/** Writes a model with taps, which are outputs more: `npm run taps -- --model FILE --out FILE`. */
const USAGE = 'usage: npm run taps -- --model FILE --out FILE';

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { model, out } = parseArgs({ options: { model: text, out: text } }).values;
  if (model === undefined || out === undefined) throw new TypeError('--model and --out are needed');
  const decoded = decodeOnnx(new Uint8Array(await readFile(model)));
  if (!decoded.ok) throw new TypeError(`${model}: ${decoded.refusal.message}`);
  const tapped = addTaps(decoded.value);
  if (tapped === undefined) {
    throw new TypeError(`${model} has no layer whose shape can be told: export it with fixed axes`);
  }
  await writeFile(out, encodeOnnx(tapped.model));
  process.stdout.write(`${out}: ${tapped.taps.join(', ')}\n`);
}

try {
  await main();
} catch (cause) {
  console.error(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
  process.exitCode = 2;
}
