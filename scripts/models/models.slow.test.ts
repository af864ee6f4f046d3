import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { runCommand } from '../command.ts';
import { makeMiniLmInputs, makeMobileNetInputs } from './inputs.ts';
import { buildMiniLm } from './minilm.ts';
import { buildMobileNetV2 } from './mobilenet.ts';
import { openRandom, shuffle } from './random.ts';
import { runOnce } from './session.ts';

const outputOf = async (model: Uint8Array, inputs: Record<string, Tensor>, output: string) =>
  (await runOnce(model, inputs))[output] ?? new Float32Array(0);

const smallBert = { layers: 2, hidden: 32, heads: 4, vocab: 100, seq: 16 };
const smallNet = { side: 32, classes: 10, width: 0.25 };

describe('MiniLM-shaped encoder', () => {
  it('runs, gives finite embeddings that depend on the tokens, and ignores padding', async () => {
    const { model } = buildMiniLm(7, smallBert);
    const inputs = makeMiniLmInputs(7, { ...smallBert, items: 3 });
    const embedding = await outputOf(model, inputs, 'embedding');
    expect(embedding).toHaveLength(3 * 32);
    expect(embedding.every(Number.isFinite)).toBe(true);
    expect(embedding.subarray(0, 32)).not.toEqual(embedding.subarray(32, 64));
    const ids = new BigInt64Array(Uint8Array.from(inputs.input_ids.data).buffer);
    const mask = new BigInt64Array(Uint8Array.from(inputs.attention_mask.data).buffer);
    expect(mask).toContain(0n);
    for (const [at, kept] of mask.entries()) if (kept === 0n) ids[at] = 42n;
    const padded = { ...inputs.input_ids, data: new Uint8Array(ids.buffer) };
    const same = await outputOf(model, { ...inputs, input_ids: padded }, 'embedding');
    expect(same).toEqual(embedding);
  });

  it('has 22.7 million parameters at full size', () => {
    const { model, parameters } = buildMiniLm(1);
    expect(parameters / 1e6).toBeGreaterThan(22.6);
    expect(parameters / 1e6).toBeLessThan(22.8);
    expect(decodeOnnx(model).ok).toBe(true);
  });
});

describe('MobileNetV2-shaped network', () => {
  it('runs and gives finite logits that depend on the picture', async () => {
    const { model } = buildMobileNetV2(7, smallNet);
    const inputs = makeMobileNetInputs(7, { side: 32, items: 2 });
    const logits = await outputOf(model, inputs, 'logits');
    expect(logits).toHaveLength(20);
    expect(logits.every(Number.isFinite)).toBe(true);
    expect(logits.subarray(0, 10)).not.toEqual(logits.subarray(10));
  });

  it('has 3.5 million parameters at full size', () => {
    expect(buildMobileNetV2(1).parameters / 1e6).toBeCloseTo(3.49, 2);
  });
});

describe('both generators', () => {
  it('repeat from a seed and differ between seeds', () => {
    for (const build of [
      (seed: number) => buildMiniLm(seed, smallBert).model,
      (seed: number) => buildMobileNetV2(seed, smallNet).model,
    ]) {
      expect(Buffer.compare(build(3), build(3))).toBe(0);
      expect(Buffer.compare(build(3), build(4))).not.toBe(0);
    }
  });

  it('write a model and inputs to a folder', async () => {
    const out = await mkdtemp(join(tmpdir(), 'pocketgrid-models-'));
    try {
      const words = ['--out', out, '--only', 'mobilenet', '--items', '2'];
      const { code, text } = await runCommand(['npx', 'tsx', 'scripts/models/main.ts', ...words], {
        timeoutMs: 50_000,
      });
      expect(code, text).toBe(0);
      expect(decodeOnnx(await readFile(join(out, 'mobilenet.onnx'))).ok).toBe(true);
      const inputs = decodeSafetensors(await readFile(join(out, 'mobilenet.safetensors')));
      expect(inputs.ok && inputs.value.tensors.get('image')?.shape).toEqual([2, 3, 224, 224]);
    } finally {
      await rm(out, { recursive: true });
    }
  });

  it('say what is wrong with their flags', async () => {
    const command = ['npx', 'tsx', 'scripts/models/main.ts', '--only', 'gpt'];
    const { code, text } = await runCommand(command, { timeoutMs: 50_000 });
    expect(code).toBe(2);
    expect(text).toContain('--out is missing');
  });
});

describe('random numbers', () => {
  it('are spread as they should be', () => {
    const random = openRandom(11);
    const normals = Array.from({ length: 20_000 }, () => random.normal());
    const mean = normals.reduce((sum, value) => sum + value, 0) / normals.length;
    const square = normals.reduce((sum, value) => sum + value * value, 0) / normals.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(square).toBeCloseTo(1, 1);
    const counts = new Array(10).fill(0);
    for (let draw = 0; draw < 10_000; draw++) counts[random.below(10)] += 1;
    expect(Math.min(...counts)).toBeGreaterThan(850);
  });

  it('shuffle keeps every item', () => {
    const items = Array.from({ length: 100 }, (_, item) => item);
    const shuffled = shuffle([...items], openRandom(1));
    expect(shuffled).not.toEqual(items);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
  });
});
