import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { DECOY_NAMES, makeDecoy } from '#protocol/onnx/decoys/decoy.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';

/**
 * Writes what a cheat would run instead of a model, and `decoys.json` that lists it:
 *
 *     npm run decoys -- --model FILE --out FOLDER [--sibling FILE]
 *
 * A sibling is another model with the same inputs and outputs; it cannot be made of the graph
 * alone, so it is given, and copied beside the others as `sibling.onnx`.
 */
const USAGE = 'usage: npm run decoys -- --model FILE --out FOLDER [--sibling FILE]';

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { model: text, out: text, sibling: text } });
  const { model: path, out, sibling } = values;
  if (path === undefined || out === undefined) throw new TypeError('--model and --out are needed');
  const decoded = decodeOnnx(new Uint8Array(await readFile(path)));
  if (!decoded.ok) throw new TypeError(`${path}: ${decoded.refusal.message}`);
  await mkdir(out, { recursive: true });
  const made: string[] = [];
  const missing: Record<string, string> = {};
  const keep = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(out, `${name}.onnx`), bytes);
    made.push(name);
    process.stdout.write(`${join(out, `${name}.onnx`)}: ${bytes.length} bytes\n`);
  };
  for (const name of DECOY_NAMES) {
    const decoy = makeDecoy(name, decoded.value);
    if ('model' in decoy) await keep(name, encodeOnnx(decoy.model));
    else {
      missing[name] = decoy.reason;
      process.stdout.write(`no ${name}: ${decoy.reason}\n`);
    }
  }
  if (sibling !== undefined) await keep('sibling', new Uint8Array(await readFile(sibling)));
  await writeFile(join(out, 'decoys.json'), `${JSON.stringify({ made, missing })}\n`);
}

try {
  await main();
} catch (cause) {
  console.error(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
  process.exitCode = 2;
}
