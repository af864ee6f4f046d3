import { percent, perMille } from './attack-row.ts';
import type { Study } from './study.ts';
import { costWords, passes, type Table } from './table.ts';

/** What several models change. */
export const tabulateModels = (study: Study): Table[] => [
  pairTable(study),
  mixTable(study),
  aimedTable(study),
  apartTable(study),
];

const pairTable = ({ pairs }: Study): Table => ({
  title:
    'Earning on one model, cheating on another, at f = 30 % and d = 0.999, lives of 50 k C (computed)',
  head: [
    'right units cost',
    'bad units cost',
    'released, by work',
    'delivered, by work',
    'released, by units',
    'delivered, by units',
    'overhead',
    'lowest margin',
    'highest profit',
  ],
  rows: pairs.map((row) => [
    costWords(row.earn),
    row.mixed ? `${costWords(row.cheat)} and ${costWords(row.earn)}` : costWords(row.cheat),
    perMille(row.released),
    perMille(row.delivered),
    perMille(row.unitsReleased),
    perMille(row.unitsDelivered),
    passes(row.overhead),
    row.margin.toFixed(2),
    Number(row.profit.toPrecision(2)).toString(),
  ]),
});

const mixTable = ({ mixes }: Study): Table => ({
  title: 'Work executed again by what the grid computes, lives of 50 k C (computed)',
  head: [
    'grid',
    'with nobody bad',
    'f = 30 %, beside all released work',
    'beside the work of others alone',
  ],
  rows: mixes.map(({ name, honest, total, others }) => [
    name,
    ...[honest, total, others].map(passes),
  ]),
});

const aimedTable = ({ aimed }: Study): Table => ({
  title: 'All damage aimed at one model, at f = 30 % and d = 0.999 (computed)',
  head: ['its part of the work of others', 'bad released', 'bad delivered'],
  rows: aimed.map(({ part, released, delivered }) => [
    percent(part),
    perMille(released),
    perMille(delivered),
  ]),
});

const apartTable = ({ apart }: Study): Table => ({
  title:
    'Trust over all models, and if each had its own: work executed again, f = 0, lives of 50 k C',
  head: ['models, as much work of each', 'over all', 'each its own'],
  rows: apart.map(({ models, together, apart: alone }) => [
    String(models),
    passes(together),
    passes(alone),
  ]),
});
