import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawPlots } from './plots.ts';
import type { Study } from './study.ts';
import { markdownTable } from './table.ts';
import { describeWorst, tabulateStudy } from './tables.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DOCUMENT = join(ROOT, 'docs', 'verification.md');
const PLOTS = join(ROOT, 'docs', 'plots');
const BEGIN = '<!-- attack figures: begin (npm run sim -- attack --write) -->';
const END = '<!-- attack figures: end -->';

const PICTURES: Record<string, string> = {
  'released.svg':
    'Worst bad share of released units against the share of throughput that the adversary offers',
  'delivered.svg': 'Worst bad share of units delivered at once against the same',
  'overhead.svg': 'Forward passes beside the work itself against the lifetime of volunteers',
};

/** What stands between the markers; `command` is what was typed. */
export function encodeFigures(study: Study, command: string): string {
  const runs = `Made by \`${command}\`: ${study.seeds.length} seeds, ${(study.units / 1e6).toFixed(0)} million units of C played for each figure.`;
  const pictures = Object.entries(PICTURES).map(([file, words]) => `![${words}](plots/${file})`);
  const [goals = '', ...others] = tabulateStudy(study).map(markdownTable);
  const worst = `**The worst strategy found.** ${describeWorst(study)}`;
  return [BEGIN, runs, goals, worst, ...pictures, ...others, END].join('\n\n');
}

/** Puts the figures between the markers; the words around them stay. */
export function replaceFigures(text: string, figures: string): string {
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (start < 0 || end < start) {
    throw new Error(`docs/verification.md lacks its markers: put back ${BEGIN} and ${END}`);
  }
  return `${text.slice(0, start)}${figures}${text.slice(end + END.length)}`;
}

export async function writeDocument(study: Study, command: string): Promise<void> {
  const text = await readFile(DOCUMENT, 'utf8');
  await writeFile(DOCUMENT, replaceFigures(text, encodeFigures(study, command)));
  await mkdir(PLOTS, { recursive: true });
  for (const [file, picture] of drawPlots(study)) await writeFile(join(PLOTS, file), picture);
}
