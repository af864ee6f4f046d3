import { readFile, writeFile } from 'node:fs/promises';
import { readConditions } from '../conditions.ts';
import { replaceReport } from '../document.ts';
import type { BenchContext } from '../figure.ts';
import type { Calibration } from './calibration.ts';

const COMMAND = 'npm run bench -- tolerance --write';
const DOCUMENT = 'docs/verifiers.md';
const NOISE_FILE = 'protocol/checks/generated/gpu-noise.ts';

/** One subject on one class of honest devices. */
export interface Assessed {
  subject: string;
  place: string;
  units: number;
  calibration: Calibration;
}

/** The largest distances of honest units on one GPU. */
export interface Noise {
  adapter: string;
  model: string;
  units: number;
  l2: number;
  max: number;
}

/** Writes the tables of the document, and the noise that thresholds may not go under. */
export async function writeReport(
  { chromium }: BenchContext,
  found: { assessed: readonly Assessed[]; noise: readonly Noise[] },
): Promise<void> {
  const conditions = await readConditions(chromium, false);
  const document = await readFile(DOCUMENT, 'utf8');
  const report = renderTolerance(conditions, found.assessed);
  await writeFile(DOCUMENT, replaceReport(document, COMMAND, report));
  await writeFile(NOISE_FILE, renderNoise(found.noise));
}

/**
 * One row for each class: its thresholds, its false alarms with their bound, its nearest decoys.
 */
export function renderTolerance(
  conditions: Record<string, unknown>,
  assessed: readonly Assessed[],
): string {
  const rows = assessed.map(({ subject, place, units, calibration }) => {
    const { comparators, decoys, heldOut, falseAlarms, falseAlarmMost } = calibration;
    const limits = comparators.map(({ l2, max }) => `${show(l2)}, ${show(max)}`).join('; ');
    const alarms = `${falseAlarms} of ${count(heldOut)} (≤ ${show(falseAlarmMost)})`;
    const [hardest] = decoys;
    const near = hardest === undefined ? 'none' : `${hardest.decoy}, ${show(hardest.separation)}`;
    const power = hardest === undefined ? '–' : `${hardest.power} (≥ ${show(hardest.powerLeast)})`;
    return [subject, place, count(units), limits, alarms, near, power];
  });
  const head = ['model', 'class', 'units', 'threshold l2, max', 'held out and beyond'];
  return [
    table([...head, 'nearest decoy, thresholds away', 'its power'], rows),
    `Measured with ${Object.entries(conditions)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', ')}. Bounds are at 95 % confidence.`,
  ].join('\n\n');
}

const renderNoise = (noise: readonly Noise[]): string =>
  [
    `/** Written by \`${COMMAND}\`: the largest distances of honest units on a GPU. */`,
    'export const GPU_NOISE = [',
    ...noise.map(
      ({ adapter, model, units, l2, max }) =>
        `  { adapter: '${adapter}', model: '${model}', units: ${units}, l2: ${up(l2)}, max: ${up(max)} },`,
    ),
    '] as const;',
    '',
  ].join('\n');

/** Rounded up to two digits. */
function up(value: number): string {
  const step = 10 ** (Math.floor(Math.log10(value)) - 1);
  return (Math.ceil(value / step) * step).toExponential(1);
}

/** Three digits; small ones with an exponent, so that they can be compared at a glance. */
const show = (value: number): string =>
  value > 0 && value < 1e-3 ? value.toExponential(2) : value.toPrecision(3);
const count = (value: number): string => value.toLocaleString('en-US');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
