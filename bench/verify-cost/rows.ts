import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openProgram, readVerifierKey, runCommand } from '../command.ts';
import type { BenchContext, Figure } from '../figure.ts';
import { awaitJob, createJob, openHub } from '../hub.ts';

const JOB_MS_MAX = 5 * 60_000;
const SIM_MS_MAX = 10 * 60_000;
/** As `npm start` posts it: 450 units. */
const SAMPLE = { name: 'Handwritten digits', unitItems: 4, autoStart: true };
const ALONE = 3;
/** Of a hundred jobs, those after which devices are no newcomers. */
const BEGINNING = 10;

/** Shares of units that are checked of jobs in a row: trust lasts from one job to the next. */
export async function* measureRows(context: BenchContext): AsyncGenerator<Figure> {
  yield await measureThird(context);
  yield await measureHundred();
}

/** The sample three times in a row, on real processes with one contributor. */
async function measureThird(context: BenchContext): Promise<Figure> {
  const folder = join(context.folder, 'row');
  const data = ['--data', join(folder, 'verifier')];
  const key = await readVerifierKey(join(folder, 'verifier'));
  const hub = await openHub(context, join(folder, 'hub'), ['--verifier-key', key]);
  openProgram(['verifier/main.ts', '--hub', hub.url, ...data], context);
  const own = ['--data', join(folder, 'device')];
  openProgram(['worker/edge/node/main.ts', '--hub', hub.url, ...own], context);
  const model = await readFile('public/sample/digits.onnx');
  const inputs = await readFile('public/sample/digits.npy');
  const shares: number[] = [];
  for (let job = 0; job < ALONE; job += 1) {
    const { id } = await createJob(hub, { model, inputs, options: SAMPLE });
    const done = await awaitJob(hub, id, { states: ['done'], timeoutMs: JOB_MS_MAX });
    shares.push(done.checked / done.units);
  }
  return {
    figure: 'third-job-checked',
    value: shares.at(-1) ?? 1,
    unit: 'share of units',
    baseline: 0.12,
    detail: { shares: shares.map((share) => share.toFixed(3)).join(' ') },
  };
}

/**
 * A hundred jobs of 450 units, five models in turn, ten devices, on the real cores of hub, verifier
 * and device in the simulator's world: the same on real processes takes an hour.
 */
async function measureHundred(): Promise<Figure> {
  const words = [process.execPath, '--import', 'tsx', 'sim/run.ts', 'checked'];
  const { shares } = JSON.parse(await runCommand(words, SIM_MS_MAX)) as { shares: number[] };
  const later = shares.slice(BEGINNING);
  const mean = (some: readonly number[]) =>
    some.reduce((sum, share) => sum + share, 0) / some.length;
  return {
    figure: 'hundred-jobs-checked',
    value: mean(later),
    unit: 'share of units',
    baseline: 0.05,
    detail: { firstTen: Number(mean(shares.slice(0, BEGINNING)).toFixed(4)), world: 'simulated' },
  };
}
