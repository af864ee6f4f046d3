import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REFERENCE_LANE } from '#protocol/models/package.ts';
import { openBrowsers } from './exact/browsers.ts';
import {
  addDifferences,
  type Cell,
  compareBatches,
  compareEngines,
  compareLevels,
  comparePlaces,
  compareProfile,
  listDiffering,
  listRefused,
  type PlaceRun,
  placeName,
} from './exact/comparison.ts';
import type { AbsentEngine, Engine } from './exact/engine.ts';
import { openBun, openNode } from './exact/programs.ts';
import type { Bench, BenchContext, Figure } from './figure.ts';
import { type AnyModel, plainPlaces, readKernels, readModels } from './models.ts';
import type { ExactCase } from './page/exact-cases.ts';

const PINNED = REFERENCE_LANE.graphOptimization;
const SMALL_BYTES_MAX = 4_000_000;
const LEVELS = ['disabled', 'basic', 'extended', 'all'] as const;

/**
 * Models × engines × threads × sizes of unit × graph levels. `differing-bytes` counts the same
 * model, unit and level in every engine as contributors run it: units of one item on one thread,
 * others on any number. `thread-differing-bytes` counts every number of threads for all of them,
 * `engine-differing-bytes` only engines with the same number of threads. Levels and sizes of unit
 * are known to differ and told as they are.
 */
export const run: Bench = async function* (context) {
  const { say } = context;
  const cases = await prepareCases(context);
  const found = [openNode(context), ...(await openBrowsers(context)), await openBun(context)];
  const engines = found.filter((each) => 'run' in each);
  const absent = found.filter((each) => 'reason' in each);
  for (const { name, reason } of absent) say(`${name}: not run, ${reason}`);
  const runs = await runPlaces({ engines, absent, cases }, context);
  const [reference] = runs;
  if (reference === undefined || runs.length < 2) throw new Error('nothing could be compared');
  const profile = compareProfile(cases, runs);
  const places = comparePlaces(cases, runs);
  const engineCells = compareEngines(cases, runs);
  const differing = listDiffering(cases, runs);
  const levels = compareLevels(cases, reference.results, PINNED);
  const batches = compareBatches(cases, reference.results, PINNED);
  const refused = listRefused(cases, runs);
  for (const { row, column, ...cell } of [...differing, ...levels, ...batches]) {
    if (cell.differing === 0) continue;
    const size = `${cell.differing} of ${cell.bytes} bytes differ`;
    say(`${row}, ${column}: ${size}, at most ${cell.largest.toExponential(1)} of the RMS`);
  }
  for (const line of refused) say(`refused: ${line}`);
  yield describeCells('differing-bytes', profile, {
    models: new Set(cases.map(({ model }) => model)).size,
    cases: cases.length,
    places: runs.map(({ engine, threads }) => placeName(engine, threads)).join('; '),
    notRun: absent.map(({ name }) => name).join('; ') || 'none',
    refused: refused.length,
  });
  yield describeCells('thread-differing-bytes', places, {});
  yield describeCells('engine-differing-bytes', engineCells, {});
  if (levels.length > 0) yield describeCells('level-differing-bytes', levels, {});
  yield describeCells('batch-differing-bytes', batches, {});
};

function describeCells(figure: string, cells: Cell[], detail: Figure['detail']): Figure {
  const { bytes, differing, largest } = addDifferences(cells);
  return {
    figure,
    value: differing,
    unit: 'bytes',
    detail: { comparedBytes: bytes, largestOfRms: largest, ...detail },
  };
}

/** Writes models and inputs into the bench's folder; gives the cases, those of a model together. */
async function prepareCases(context: BenchContext): Promise<ExactCase[]> {
  const { folder, quick } = context;
  const [large, kernels] = [await readModels(context), await readKernels(context)];
  const cases: ExactCase[] = [];
  const add = async (model: AnyModel, batch: number, levels: readonly ExactCase['level'][]) => {
    const inputsFile = `${model.name}-${batch}.inputs.json`;
    // The same item first and last, with others between, in units of every size.
    const places = Array.from({ length: batch }, (_, at) => (at === batch - 1 ? 0 : at));
    await writeFile(join(folder, inputsFile), JSON.stringify(plainPlaces(model, places)));
    const free = Object.fromEntries(model.batchNames.map((name) => [name, batch]));
    const modelFile = `${model.name}.case.onnx`;
    for (const level of levels) {
      cases.push({ model: model.name, batch, level, modelFile, inputsFile, free });
    }
  };
  for (const model of [...large, ...kernels]) {
    await copyFile(model.file, join(folder, `${model.name}.case.onnx`));
    // Models of benchmark size take seconds to load on each place.
    const small = model.bytes.length < SMALL_BYTES_MAX;
    for (const batch of small && !quick ? [1, 2, 8] : [1, 2]) {
      const every = !quick && (small || batch === 1);
      await add(model, batch, every ? LEVELS : [PINNED]);
    }
  }
  return cases;
}

interface Matrix {
  engines: Engine[];
  /** Places that fail are added. */
  absent: AbsentEngine[];
  cases: ExactCase[];
}

/** Every engine with every number of threads, one after the other. */
async function runPlaces(
  { engines, absent, cases }: Matrix,
  { quick, folder, say }: BenchContext,
): Promise<PlaceRun[]> {
  const runs: PlaceRun[] = [];
  // What threads change is asked at the pinned level alone.
  const pinned = cases.filter(({ level }) => level === PINNED);
  for (const [at, engine] of engines.entries()) {
    for (const threads of quick ? [1, 2] : [1, 2, 4]) {
      const name = placeName(engine.name, threads);
      const job = { id: `job-${at}-${threads}`, threads, cases: threads === 1 ? cases : pinned };
      await writeFile(join(folder, `${job.id}.json`), JSON.stringify(job));
      const started = performance.now();
      try {
        const found = await engine.run(job);
        const results = cases.map((each) => found[job.cases.indexOf(each)]);
        runs.push({ engine: engine.name, threads, results });
        const seconds = Math.round((performance.now() - started) / 1000);
        say(`${name}: ${job.cases.length} cases, ${seconds} s`);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        absent.push({ name, reason });
        say(`${name}: not run, ${reason}`);
      }
    }
  }
  return runs;
}
