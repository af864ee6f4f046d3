import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { addTaps } from '#protocol/onnx/taps.ts';

/** Writes a model with taps, which are outputs more: `npm run taps -- --model FILE --out FILE`. */
const USAGE = 'usage: npm run taps -- --model FILE --out FILE';

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { model, out } = parseArgs({ options: { model: text, out: text } }).values;
  if (model === undefined || out === undefined) throw new TypeError('--model and --out are needed');
  const decoded = decodeOnnx(new Uint8Array(await readFile(model)));
  if (!decoded.ok) throw new TypeError(`${model}: ${decoded.refusal.message}`);
  const tapped = addTaps(decoded.value);
  if (!tapped.ok) throw new TypeError(`${model}: ${tapped.refusal.message}`);
  await writeFile(out, encodeOnnx(tapped.value.model));
  process.stdout.write(`${out}: ${tapped.value.taps.join(', ')}\n`);
}

try {
  await main();
} catch (cause) {
  console.error(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
  process.exitCode = 2;
}
