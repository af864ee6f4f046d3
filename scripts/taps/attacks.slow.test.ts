import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '#protocol/bytes/digest.ts';
import { projectTaps } from '#protocol/checks/fingerprint.ts';
import { checkFingerprint } from '#protocol/checks/fingerprint-check.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxModel } from '#protocol/onnx/model.ts';
import { listResiduals, type Residual } from '#protocol/onnx/residuals.ts';
import { addTaps } from '#protocol/onnx/taps.ts';
import { must } from '#protocol/values/refusal.ts';
import { makeMiniLmInputs } from '../models/inputs.ts';
import { buildMiniLm } from '../models/minilm.ts';
import { openModel } from '../models/session.ts';
import { fitRidge } from './ridge.ts';

/**
 * Attacks 5, 6, 9 and 24 of reference/verification.md §4 against fingerprints, on the real runtime.
 * Every attacker here has the right outputs: only the inside can give it away.
 */
const BERT = { layers: 4, hidden: 32, heads: 4, vocab: 100, seq: 16 };
const UNITS = 120;
const LANES = ['exact', 'tolerance'] as const;

/** What the log signature and the commitment of a shard gave; no two shards have the same. */
const seedOf = (shard: string) => sha256(new TextEncoder().encode(shard));

const decode = (bytes: Uint8Array): OnnxModel => must(decodeOnnx(bytes));

const tap = (model: OnnxModel) => must(addTaps(model));

/** Taps of each unit, a unit being one item: the means of a model's inside. */
type Taps = Float32Array[];

/**
 * How many fingerprints of a shard pass for those of honest taps, looking at the first taps only.
 */
function countPasses(
  attack: { claimed: readonly Taps[]; claimedSeed?: Uint8Array; firstTaps?: number },
  honest: readonly Taps[],
) {
  const seed = seedOf('this shard');
  const { claimed, claimedSeed = seed, firstTaps = 4 } = attack;
  const scales = scalesOf(honest);
  return LANES.map((lane) => {
    let passed = 0;
    const first: number[] = [];
    for (const [unit, right] of honest.entries()) {
      const lie = projectTaps(claimed[unit] ?? [], claimedSeed, scales);
      const found = checkFingerprint(lie, projectTaps(right, seed, scales), lane);
      first.push(found.deviates ?? 4);
      if ((found.deviates ?? 4) >= firstTaps) passed += 1;
    }
    return { lane, passed, shallowest: Math.min(...first), deepest: Math.max(...first) };
  });
}

const scalesOf = (taps: readonly Taps[]) =>
  [0, 1, 2, 3].map((place) => {
    const values = taps.flatMap((unit) => [...(unit[place] ?? [])]);
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  });

function tell(attack: string, found: ReturnType<typeof countPasses>): void {
  for (const { lane, passed } of found) {
    const rate = ((passed / UNITS) * 100).toFixed(1);
    process.stdout.write(`${attack}, ${lane} lane: ${passed} of ${UNITS} pass (${rate} %)\n`);
  }
}

describe('an encoder', () => {
  const model = decode(buildMiniLm(5, BERT).model);
  const blocks = listResiduals(model.graph);
  const { model: tapped, taps: names } = tap(model);
  const inputs = makeMiniLmInputs(7, { ...BERT, items: UNITS });
  let honest: Taps[];

  async function run(ran: OnnxModel): Promise<Taps[]> {
    const session = await openModel(encodeOnnx(ran));
    const feeds = Object.entries(inputs).map(([name, { shape, data }]) => [
      name,
      { shape: [...shape], data: new BigInt64Array(Uint8Array.from(data).buffer) },
    ]);
    const outputs = await session.run(Object.fromEntries(feeds));
    await session.close();
    return Array.from({ length: UNITS }, (_, unit) =>
      names.map((name) => {
        const all = outputs[name] ?? new Float32Array(0);
        const width = all.length / UNITS;
        return all.slice(unit * width, (unit + 1) * width);
      }),
    );
  }

  beforeAll(async () => {
    honest = await run(tapped);
  });

  /** The model as a cheat runs it: these blocks hand on what came in. */
  function skip(skipped: readonly Residual[]): OnnxModel {
    const by = new Map(skipped.map(({ output, input }) => [output, input]));
    const nodes = tapped.graph.nodes.map((node) => {
      const input = by.get(node.outputs[0] ?? '');
      if (input === undefined) return node;
      return { ...node, opType: 'Identity', inputs: [input], attributes: [] };
    });
    return { ...tapped, graph: { ...tapped.graph, nodes } };
  }

  it('an honest device passes, from another session of the runtime', async () => {
    const found = countPasses({ claimed: await run(tapped) }, honest);
    tell('honest', found);
    for (const { passed } of found) expect(passed).toBe(UNITS);
  });

  it('who skips the last layers is caught at the last tap, and by no audit of shallow ones', async () => {
    const claimed = await run(skip(blocks.slice(-2)));
    const found = countPasses({ claimed }, honest);
    tell('suffix cheat', found);
    for (const each of found) expect(each).toMatchObject({ passed: 0, shallowest: 3, deepest: 3 });
    for (const firstTaps of [1, 2, 3]) {
      const shallow = countPasses({ claimed, firstTaps }, honest);
      tell(`suffix cheat against an audit of ${firstTaps} of 4 taps (control)`, shallow);
      for (const { passed } of shallow) expect(passed).toBe(UNITS);
    }
  });

  it('who skips layers in the middle is caught where they are missing', async () => {
    const found = countPasses({ claimed: await run(skip(blocks.slice(2, 4))) }, honest);
    tell('middle layers skipped', found);
    for (const each of found) expect(each).toMatchObject({ passed: 0, shallowest: 1, deepest: 1 });
  });

  it('an answer copied from another device was made under another seed', () => {
    const found = countPasses(
      { claimed: honest, claimedSeed: seedOf('the shard of the other device') },
      honest,
    );
    tell('copied from another device', found);
    for (const each of found) expect(each).toMatchObject({ passed: 0, deepest: 0 });
  });

  it('an answer of other inputs, kept from before, has another inside', () => {
    const found = countPasses({ claimed: [...honest.slice(1), ...honest.slice(0, 1)] }, honest);
    tell('stale answer', found);
    for (const { passed } of found) expect(passed).toBe(0);
  });
});

describe('the digits network', () => {
  const PIXELS = 64;
  const TRAINING = 1_000;
  let images: Float32Array;
  let all: Taps[];

  beforeAll(async () => {
    const file = await readFile('public/sample/digits.npy');
    const start = 10 + file.readUInt16LE(8);
    images = Float32Array.from({ length: (TRAINING + UNITS) * PIXELS }, (_, at) =>
      file.readFloatLE(start + at * 4),
    );
    const { model, taps } = tap(
      decode(new Uint8Array(await readFile('public/sample/digits.onnx'))),
    );
    const session = await openModel(encodeOnnx(model));
    const items = TRAINING + UNITS;
    const outputs = await session.run({ image: { data: images, shape: [items, 1, 8, 8] } });
    await session.close();
    all = Array.from({ length: items }, (_, item) =>
      taps.map((name) => {
        const values = outputs[name] ?? new Float32Array(0);
        const width = values.length / items;
        return values.slice(item * width, (item + 1) * width);
      }),
    );
  });

  const pixelsOf = (item: number) => images.subarray(item * PIXELS, (item + 1) * PIXELS);

  it('a forger that learned its inside by ridge regression is caught at the second tap', () => {
    const honest = all.slice(TRAINING);
    const inputs = Array.from({ length: TRAINING }, (_, item) => pixelsOf(item));
    const forgers = [0, 1, 2, 3].map((place) =>
      fitRidge(
        inputs,
        all.slice(0, TRAINING).map((taps) => taps[place] ?? new Float32Array(0)),
      ),
    );
    const claimed = honest.map((_, unit) =>
      forgers.map((predict) => predict(pixelsOf(TRAINING + unit))),
    );
    const found = countPasses({ claimed }, honest);
    tell('ridge forger', found);
    for (const { passed, deepest } of found) {
      expect(passed).toBe(0);
      expect(deepest).toBeLessThanOrEqual(1);
    }
  });
});
