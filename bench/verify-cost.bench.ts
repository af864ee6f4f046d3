import { generateKeyPairSync, sign } from 'node:crypto';
import { sha256 } from '#protocol/bytes/digest.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type { Bench, Figure } from './figure.ts';
import { type BenchModel, firstItems, readModels, takeItems } from './models.ts';
import { openCompute } from './verify-cost/compute.ts';
import { measureRows } from './verify-cost/rows.ts';

/** Items of a unit: what hub/core/models/inputs.ts chooses for these models. */
const UNIT_ITEMS = { digits: 16, minilm: 1, mobilenet: 1 };
/** p_min (reference/verification.md §3.7). */
const CHECK_RATE = 0.02;
/** Units per check that are drawn or not: one HMAC each. */
const DRAWS_PER_CHECK = 1 / CHECK_RATE;
/**
 * 30 % of throughput in hands that falsify 1.2 %, the worst share of §2.6: checks that mismatch.
 */
const MISMATCH_RATE = 0.3 * 0.012;
/** A package is loaded once for so many seconds of checks. */
const LOAD_EVERY_SECONDS = 600;
/** CPU seconds of a shard: shorter than the 4 s of a lease, so that a quick run has several. */
const SHARD_SECONDS = 0.5;
const ROUNDS = 4;

/** CPU seconds of what a contributor and a verifier do with one model. */
interface Cost {
  /** Of one unit within a shard. */
  contributed: number;
  /** Of one unit run alone, as a check is. */
  checked: number;
  /** Of a worker started and a model loaded, for the second run of a mismatch. */
  loaded: number;
  /** Of drawing fifty units and signing one verdict. */
  settled: number;
}

/**
 * What is checked of jobs in a row; then how many contributors, each with a core like ours, one core
 * re-executes p_min of. Both sides run the real compute worker. CPU time of this process, not the
 * clock: other programs do not count.
 */
export const run: Bench = async function* (context) {
  yield* measureRows(context);
  const settled = measureSettling();
  const found: { name: string; contributors: number }[] = [];
  for (const model of await readModels(context)) {
    const seconds = context.quick ? 3 : 12;
    const cost = { ...(await measureModel(model, seconds)), settled };
    const contributors = contributorsPerCore(cost);
    found.push({ name: model.name, contributors });
    yield describeModel(model.name, contributors, cost);
  }
  const least = found.toSorted((a, b) => a.contributors - b.contributors)[0];
  yield {
    figure: 'contributors-per-core',
    value: least?.contributors ?? 0,
    unit: 'contributors',
    baseline: 20,
    detail: {
      model: least?.name ?? 'none',
      checkRate: CHECK_RATE,
      mismatchRate: MISMATCH_RATE,
      loadEverySeconds: LOAD_EVERY_SECONDS,
    },
  };
};

function contributorsPerCore({ contributed, checked, loaded, settled }: Cost): number {
  const check = checked + settled + MISMATCH_RATE * (loaded + checked);
  const free = 1 - loaded / LOAD_EVERY_SECONDS;
  return (free * contributed) / (CHECK_RATE * check);
}

function describeModel(name: BenchModel['name'], contributors: number, cost: Cost): Figure {
  const ms = (seconds: number) => Number((seconds * 1000).toPrecision(4));
  return {
    figure: name,
    value: contributors,
    unit: 'contributors',
    baseline: 20,
    detail: {
      unitItems: UNIT_ITEMS[name],
      contributedMs: ms(cost.contributed),
      checkedMs: ms(cost.checked),
      loadedMs: ms(cost.loaded),
      settledMs: ms(cost.settled),
    },
  };
}

async function measureModel(model: BenchModel, seconds: number): Promise<Omit<Cost, 'settled'>> {
  const specs = [...model.inputs].map(([name, { dtype, shape }]): TensorSpec => {
    return { name, dtype, shape: [UNIT_ITEMS[model.name], ...shape.slice(1)] };
  });
  const unit = Buffer.concat(
    [...model.inputs.values()].map(
      (tensor) => takeItems(tensor, firstItems(UNIT_ITEMS[model.name])).data,
    ),
  );
  const units = (count: number) => {
    const bytes = new Uint8Array(unit.length * count);
    for (let at = 0; at < count; at += 1) bytes.set(unit, at * unit.length);
    return bytes;
  };
  let worker = await openCompute(model.bytes, specs);
  const loaded = await cpuOf(async () => {
    await worker.close();
    worker = await openCompute(model.bytes, specs);
  });
  try {
    // The first runs are slower: the engine still compiles the runtime.
    const look = await spend(seconds / 2, () => worker.run(units(1), 1));
    const shard = Math.max(1, Math.round(SHARD_SECONDS / (look.seconds / look.turns)));
    const contributed = { seconds: 0, turns: 0 };
    const checked = { seconds: 0, turns: 0 };
    // In turns, so that what else the machine does weighs on both.
    for (let round = 0; round < ROUNDS; round += 1) {
      add(contributed, await spend(seconds / ROUNDS, () => worker.run(units(shard), shard)));
      add(checked, await spend(seconds / ROUNDS, () => worker.run(units(1), 1)));
    }
    return {
      contributed: contributed.seconds / (contributed.turns * shard),
      checked: checked.seconds / checked.turns,
      loaded,
    };
  } finally {
    await worker.close();
  }
}

interface Spent {
  seconds: number;
  turns: number;
}

function add(total: Spent, more: Spent): void {
  total.seconds += more.seconds;
  total.turns += more.turns;
}

/** Turns until so many CPU seconds are spent. */
async function spend(seconds: number, turn: () => Promise<void>): Promise<Spent> {
  const spent: Spent = { seconds: 0, turns: 0 };
  while (spent.seconds < seconds) add(spent, { seconds: await cpuOf(turn), turns: 1 });
  return spent;
}

async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/**
 * What a check costs beside its run: fifty draws by HMAC-SHA-256, each two hashes, and a signature.
 */
function measureSettling(): number {
  const { privateKey } = generateKeyPairSync('ed25519');
  const [inner, outer, verdict] = [121, 96, 500].map((length) => new Uint8Array(length));
  const turns = 200;
  const before = process.cpuUsage();
  for (let turn = 0; turn < turns; turn += 1) {
    for (let draw = 0; draw < DRAWS_PER_CHECK; draw += 1) {
      sha256(inner ?? new Uint8Array());
      sha256(outer ?? new Uint8Array());
    }
    sign(null, verdict ?? new Uint8Array(), privateKey);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / turns;
}
