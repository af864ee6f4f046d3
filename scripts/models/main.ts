import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readFlags, Switch, Text, wholeIn } from '#node/flags.ts';
import { encodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { makeMiniLmInputs, makeMobileNetInputs } from './inputs.ts';
import { KERNELS } from './kernels.ts';
import { buildMiniLm, MINILM } from './minilm.ts';
import { buildMobileNetV2, MOBILENET } from './mobilenet.ts';
import { buildWide, makeWideInputs } from './wide.ts';

interface MadeModel {
  build(seed: number): { model: Uint8Array; parameters: number };
  inputs(seed: number, items: number): Record<string, Tensor>;
}

/**
 * Writes the benchmark models, which are generated and never committed:
 *
 *     tsx scripts/models/main.ts --out FOLDER [--only minilm|mobilenet|wide|kernels] [--seed 1] [--items 0] [--small]
 *
 * → `minilm.onnx` and `mobilenet.onnx`; with items, also `minilm.safetensors` and
 * `mobilenet.safetensors`, inputs to post with them. Small ones are of the same shape at a hundredth
 * of the cost, for adapters in software. `kernels` stands for the small models of `kernels.ts`
 * and `wide` for that of `wide.ts`, which are written only when asked for.
 */
const SMALL = {
  minilm: { layers: 4, hidden: 64, heads: 4, vocab: 2_000, seq: 32 },
  mobilenet: { side: 48, classes: 100, width: 0.25 },
};

const makersOf = (small: boolean) => {
  const { minilm, mobilenet } = small ? SMALL : { minilm: MINILM, mobilenet: MOBILENET };
  return {
    minilm: {
      build: (seed: number) => buildMiniLm(seed, minilm),
      inputs: (seed: number, items: number) => makeMiniLmInputs(seed, { ...minilm, items }),
    },
    mobilenet: {
      build: (seed: number) => buildMobileNetV2(seed, mobilenet),
      inputs: (seed: number, items: number) => makeMobileNetInputs(seed, { ...mobilenet, items }),
    },
  };
};

const WIDE: Record<string, MadeModel> = { wide: { build: buildWide, inputs: makeWideInputs } };
const MORE = { kernels: KERNELS, wide: WIDE };

const USAGE =
  'usage: tsx scripts/models/main.ts --out FOLDER [--only NAME] [--seed N] [--items N] [--small]';

const FLAGS = {
  out: Text,
  only: v.exactOptional(v.picklist(['minilm', 'mobilenet', 'wide', 'kernels'])),
  seed: v.optional(wholeIn(0, 2 ** 32 - 1), '1'),
  items: v.optional(wholeIn(0, 1_000_000), '0'),
  small: Switch,
};

async function main(): Promise<void> {
  const flags = readFlags(FLAGS);
  if (flags === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const { out, only, seed, items, small } = flags;
  await mkdir(out, { recursive: true });
  const more = only === 'kernels' || only === 'wide' ? MORE[only] : undefined;
  const models: Record<string, MadeModel> = more ?? makersOf(small);
  for (const [name, { build, inputs }] of Object.entries(models)) {
    if (only !== undefined && more === undefined && only !== name) continue;
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
