import { perMille } from './attack-row.ts';
import { FRACTIONS, POWERS } from './figures.ts';
import { isEnough } from './remedies.ts';
import { describeStrategy } from './strategy.ts';
import { goalRow, type Study } from './study.ts';

export interface Table {
  title: string;
  head: string[];
  rows: string[][];
}

const mark = (good: boolean): string => (good ? 'yes' : '**no**');
const passes = (share: number): string => `${(share * 100).toFixed(2)} %`;

/** Every table of the study, in the order of the document. */
export function tabulateStudy(study: Study): Table[] {
  return [
    goalTable(study),
    worstTable(study, 'released'),
    worstTable(study, 'delivered'),
    strategyTable(study),
    profitTable(study),
    costTable(study),
    expulsionTable(study),
    attackTable(study),
    remedyTable(study),
  ];
}

function goalTable({ goals }: Study): Table {
  return {
    title: 'Goals, at f = 30 % and d = 0.999',
    head: ['figure', 'found', 'goal', 'met'],
    rows: goals.map(({ name, value, limit, least, met }) => [
      name,
      value.toPrecision(3),
      `${least ? '≥' : '≤'} ${limit}`,
      met ? 'yes' : `**no**, ${missedBy(value, limit)}`,
    ]),
  };
}

const missedBy = (value: number, limit: number): string =>
  limit === 0 ? `by ${value.toPrecision(2)}` : `${(value / limit).toFixed(2)} × the goal`;

function worstTable({ worst }: Study, measure: 'released' | 'delivered'): Table {
  const cell = (rule: string, power: number, fraction: number): string => {
    const row = worst.find(
      (each) =>
        each.rule === rule &&
        each.measure === measure &&
        each.power === power &&
        each.fraction === fraction,
    );
    if (row === undefined) return '';
    return `${perMille(row.played)} (${perMille(row.computed)})`;
  };
  const line = (name: string, rule: string, power: number): string[] => [
    name,
    ...FRACTIONS.map((fraction) => cell(rule, power, fraction)),
  ];
  return {
    title: `Worst bad share of ${measure === 'released' ? 'released units' : 'units delivered at once'}, played (computed)`,
    head: ['rule', ...FRACTIONS.map((fraction) => `f = ${fraction * 100} %`)],
    rows: [
      ...POWERS.map((power) => line(`ours, d = ${power}`, 'ours', power)),
      ...POWERS.map((power) => line(`flat 5 %, d = ${power}`, 'flat 5 %', power)),
      ...(measure === 'released' ? [line('BOINC', 'BOINC', 1)] : []),
    ],
  };
}

function strategyTable({ worst }: Study): Table {
  return {
    title: 'The strategies behind these, at f = 30 %',
    head: ['rule', 'd', 'against', 'worst strategy found', 'played, ± standard error'],
    rows: worst
      .filter(({ fraction }) => fraction === 0.3)
      .map(({ rule, power, measure, strategy, words, played, error }) => [
        rule,
        rule === 'BOINC' ? '' : String(power),
        measure,
        strategy === undefined ? words : describeStrategy(strategy),
        `${perMille(played)} ± ${perMille(error)}`,
      ]),
  };
}

function profitTable({ profit }: Study): Table {
  return {
    title: 'Profit, with g = R, v = 0, r = 10 %, h = ⌈2 / (q (1 − r))⌉',
    head: ['d', 'h', 'lowest margin', 'of', 'highest profit', 'of'],
    rows: profit.map((row) => [
      String(row.power),
      String(row.holdback),
      row.margin.toFixed(3),
      describeStrategy(row.marginStrategy),
      Number(row.profit.toPrecision(2)).toString(),
      describeStrategy(row.profitStrategy),
    ]),
  };
}

function costTable({ cost }: Study): Table {
  return {
    title: 'Forward passes beside the work itself, for each released unit',
    head: [
      'rule',
      'lifetime',
      'f',
      'draws',
      'exit audit',
      'canaries',
      'adversary',
      'total',
      'units done again',
    ],
    rows: cost.map(({ rule, life, fraction, draws, exit, canaries, adversary, total, again }) => [
      rule,
      life.toLocaleString('en'),
      `${fraction * 100} %`,
      ...[draws, exit, canaries, adversary, total, again].map(passes),
    ]),
  };
}

function expulsionTable({ expulsion }: Study): Table {
  return {
    title: 'Wrongful expulsion of an honest device',
    head: ['lifetime', 'checks for each unit', 'expulsions for each unit'],
    rows: expulsion.map(({ life, checks, expelled }) => [
      life.toLocaleString('en'),
      passes(checks),
      expelled.toExponential(1),
    ]),
  };
}

function attackTable({ attacks }: Study): Table {
  return {
    title: 'Other attacks of the list',
    head: ['#', 'attack', 'what was tried', 'what it gained', 'bound', 'held'],
    rows: attacks.map(({ attack, name, tried, gained, bound, pass }) => [
      String(attack),
      name,
      tried,
      gained,
      bound,
      mark(pass),
    ]),
  };
}

function remedyTable({ remedies }: Study): Table {
  return {
    title: 'Other settings, at f = 30 %, d = 0.999, lives of 50 k units (computed)',
    head: [
      'setting',
      'bad released',
      'bad delivered',
      'overhead',
      'overhead at f = 0',
      'all three',
    ],
    rows: remedies.map((row) => [
      row.name,
      perMille(row.released),
      perMille(row.delivered),
      passes(row.overhead),
      passes(row.overheadHonest),
      mark(isEnough(row)),
    ]),
  };
}

/** The sentence about the worst strategy found. */
export function describeWorst({ worst }: Study): string {
  const row = goalRow(worst, 'released');
  const words = row.strategy === undefined ? row.words : describeStrategy(row.strategy);
  return `${words}: ${perMille(row.played)} of released units are bad (computed: ${perMille(row.computed)}).`;
}

/** For a terminal: columns as wide as their longest cell, long cells cut. */
export function printTable({ title, head, rows }: Table): string {
  const cut = (cell: string): string => {
    const plain = cell.replaceAll('**', '');
    return plain.length > CELL_MAX ? `${plain.slice(0, CELL_MAX - 1)}…` : plain;
  };
  const all = [head, ...rows].map((row) => row.map(cut));
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [title, ...lines].join('\n');
}

const CELL_MAX = 56;

export function markdownTable({ title, head, rows }: Table): string {
  const line = (row: string[]): string => `| ${row.join(' | ')} |`;
  return [`### ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join(
    '\n',
  );
}
