import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeSafetensors } from '#protocol/safetensors.ts';
import type { Tensor } from '#protocol/tensor.ts';
import { makeMiniLmInputs, makeMobileNetInputs } from './inputs.ts';
import { KERNELS } from './kernels.ts';
import { buildMiniLm, MINILM } from './minilm.ts';
import { buildMobileNetV2, MOBILENET } from './mobilenet.ts';

interface MadeModel {
  build(seed: number): { model: Uint8Array; parameters: number };
  inputs(seed: number, items: number): Record<string, Tensor>;
}

/**
 * Writes the benchmark models, which are generated and never committed:
 *
 *     tsx scripts/models/main.ts --out FOLDER [--only minilm|mobilenet|kernels] [--seed 1] [--items 0]
 *
 * → `minilm.onnx` and `mobilenet.onnx`; with items, also `minilm.safetensors` and
 * `mobilenet.safetensors`, inputs to post with them. `kernels` stands for the small models of
 * `kernels.ts`, which are written only when asked for.
 */
const MODELS: Record<string, MadeModel> = {
  minilm: {
    build: (seed: number) => buildMiniLm(seed),
    inputs: (seed: number, items: number) => makeMiniLmInputs(seed, { ...MINILM, items }),
  },
  mobilenet: {
    build: (seed: number) => buildMobileNetV2(seed),
    inputs: (seed: number, items: number) => makeMobileNetInputs(seed, { ...MOBILENET, items }),
  },
};

const USAGE = 'usage: tsx scripts/models/main.ts --out FOLDER [--only NAME] [--seed N] [--items N]';

function readFlags(): { out: string; only: string | undefined; seed: number; items: number } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { out: text, only: text, seed: text, items: text } });
  const { out, only, seed = '1', items = '0' } = values;
  if (out === undefined) throw new TypeError('--out is missing');
  if (only !== undefined && only !== 'kernels' && !Object.hasOwn(MODELS, only)) {
    throw new TypeError(`--only takes ${[...Object.keys(MODELS), 'kernels'].join(' or ')}`);
  }
  if (!/^\d+$/.test(seed) || !/^\d+$/.test(items)) {
    throw new TypeError('--seed and --items take whole numbers');
  }
  return { out, only, seed: Number(seed), items: Number(items) };
}

async function main(): Promise<void> {
  const { out, only, seed, items } = readFlags();
  await mkdir(out, { recursive: true });
  const models = only === 'kernels' ? KERNELS : MODELS;
  for (const [name, { build, inputs }] of Object.entries(models)) {
    if (only !== undefined && only !== 'kernels' && only !== name) continue;
    const { model, parameters } = build(seed);
    const path = join(out, `${name}.onnx`);
    await writeFile(path, model);
    process.stdout.write(`${path}: ${model.length} bytes, ${parameters} parameters\n`);
    if (items === 0) continue;
    const inputsPath = join(out, `${name}.safetensors`);
    await writeFile(inputsPath, encodeSafetensors(inputs(seed, items)));
    process.stdout.write(`${inputsPath}: ${items} items\n`);
  }
}

try {
  await main();
} catch (cause) {
  console.error(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
  process.exitCode = 2;
}
