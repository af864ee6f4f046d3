import { addDifferences, type Cell } from './comparison.ts';
import type { AbsentEngine } from './engine.ts';

/** All that a run found, as the document tells it. */
export interface ExactReport {
  conditions: Record<string, unknown>;
  engines: { name: string; version: string; threads: number[] }[];
  absent: AbsentEngine[];
  /** Name and SHA-256 of each file of the runtime that was used. */
  runtime: { name: string; sha256: string; pinned: boolean }[];
  pinnedLevel: string;
  /** The place all others are held against. */
  reference: string;
  cases: number;
  places: Cell[];
  /** Each place against the first with as many threads. */
  engineCells: Cell[];
  /** Cases and places with bytes that differ where none should. */
  differing: Cell[];
  levels: Cell[];
  batches: Cell[];
  refused: string[];
}

export const EXACT_COMMAND = 'npm run bench -- exact --install --write';

/** The report as Markdown. */
export function renderReport(report: ExactReport): string {
  const { places, levels, batches, pinnedLevel, absent, refused } = report;
  const notRun = [...absent.map(({ name, reason }) => `${name}: ${reason}`), ...refused];
  return [
    '## Conditions',
    table(
      ['what', 'which'],
      [
        ...Object.entries(report.conditions).map(([name, value]) => [name, String(value)]),
        ...report.engines.map(({ name, version, threads }) => [
          name,
          `${version}; threads ${threads.join(', ')}`,
        ]),
        ...report.runtime.map(({ name, sha256, pinned }) => [
          `\`${name}\``,
          `SHA-256 \`${sha256}\`, ${pinned ? 'the pinned build' : '**not** the pinned build'}`,
        ]),
      ],
    ),
    ...(notRun.length === 0 ? ['Nothing was left out.'] : ['Not run:', bullets(notRun)]),
    '## Engines and threads',
    `The same model, unit and graph level in every engine and with every number of threads; ${count(report.cases)} cases, other levels than \`${pinnedLevel}\` with one thread only.`,
    bullets([
      `Between engines with the same number of threads: ${sumOf(report.engineCells)}.`,
      `Of all against ${report.reference}: ${sumOf(places)}.`,
    ]),
    'Bytes that differ, by place and model:',
    placeTable(places),
    ...(report.differing.length === 0
      ? []
      : ['The cases that differ:', differingTable(report.differing)]),
    '## Graph levels and sizes of unit',
    `**Graph levels.** Each level against \`${pinnedLevel}\`, the pinned one, units of the same size. Each cell: bytes that differ of those compared, and the largest difference ÷ RMS of the output.`,
    differenceTable('model', levels, (level) => level),
    `**Sizes of unit.** An item alone, against the same item as the first and as the last of a larger unit, at level \`${pinnedLevel}\`, in ${report.reference}.`,
    differenceTable('model', batches, (batch) => `unit of ${batch}`),
  ].join('\n\n');
}

const bullets = (lines: readonly string[]): string =>
  lines.map((line) => `- ${line.replaceAll(/\s+/g, ' ')}`).join('\n');

function sumOf(cells: readonly Cell[]): string {
  const { differing, bytes } = addDifferences(cells);
  return `**${count(differing)} of ${count(bytes)} bytes differ**`;
}

/** One row a case: where it differs, and by how much at most. */
const differingTable = (cells: readonly Cell[]): string =>
  table(
    ['case', 'bytes, largest difference ÷ RMS', 'where'],
    distinct(cells.map(({ row }) => row)).map((row) => {
      const places = cells.filter((cell) => cell.row === row);
      const most = places.reduce((a, b) => (b.differing > a.differing ? b : a));
      return [row, describeCell(most), places.map(({ column }) => column).join('; ')];
    }),
  );

const count = (value: number): string => value.toLocaleString('en');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Models down, engines with threads down too: one row a place, because there are many. */
function placeTable(cells: readonly Cell[]): string {
  const models = distinct(cells.map(({ row }) => row));
  return table(
    ['place', ...models],
    distinct(cells.map(({ column }) => column)).map((place) => [
      place,
      ...models.map((model) => {
        const cell = cells.find(({ row, column }) => row === model && column === place);
        return cell === undefined ? '–' : count(cell.differing);
      }),
    ]),
  );
}

function differenceTable(
  corner: string,
  cells: readonly Cell[],
  head: (column: string) => string,
): string {
  const columns = distinct(cells.map(({ column }) => column));
  return table(
    [corner, ...columns.map(head)],
    distinct(cells.map(({ row }) => row)).map((row) => [
      row,
      ...columns.map((column) =>
        describeCell(cells.find((cell) => cell.row === row && cell.column === column)),
      ),
    ]),
  );
}

function describeCell(cell: Cell | undefined): string {
  if (cell === undefined) return '–';
  if (cell.differing === 0) return `0 of ${count(cell.bytes)}`;
  const largest = Number.isFinite(cell.largest) ? cell.largest.toExponential(1) : 'no measure';
  return `${count(cell.differing)} of ${count(cell.bytes)}, ${largest}`;
}

const distinct = (all: readonly string[]): string[] => [...new Set(all)];
