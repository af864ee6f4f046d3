import { percent, perMille } from './attack-row.ts';
import { FRACTIONS, GOAL, POWERS } from './goal.ts';
import { tabulateModels } from './model-tables.ts';
import { tabulateNewcomers } from './newcomer-tables.ts';
import { isEnough } from './remedies.ts';
import { describeStrategy } from './strategy.ts';
import { goalRow, type Study } from './study.ts';
import { count, mark, passes, type Table } from './table.ts';

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
    targetTable(study),
    ...tabulateModels(study),
    ...tabulateNewcomers(study),
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
    title: `Worst bad share of ${measure === 'released' ? 'released work' : 'work delivered at once'}, played (computed)`,
    head: ['rule', ...FRACTIONS.map((fraction) => `f = ${fraction * 100} % offered`)],
    rows: [
      ...POWERS.map((power) => line(`ours, d = ${power}`, 'ours', power)),
      ...POWERS.map((power) => line(`free names, d = ${power}`, 'free names', power)),
      line(`flat 5 %, d = ${GOAL.power}`, 'flat 5 %', GOAL.power),
      ...(measure === 'released' ? [line('BOINC', 'BOINC', 1)] : []),
    ],
  };
}

function strategyTable({ worst }: Study): Table {
  return {
    title: 'The strategies behind these, at f = 30 %',
    head: ['rule', 'd', 'against', 'worst strategy found', 'holds', 'played, ± standard error'],
    rows: worst
      .filter(({ fraction }) => fraction === 0.3)
      .map(({ rule, power, measure, strategy, words, held, played, error }) => [
        rule,
        rule === 'BOINC' ? '' : String(power),
        measure,
        strategy === undefined ? words : describeStrategy(strategy),
        percent(held),
        `${perMille(played)} ± ${perMille(error)}`,
      ]),
  };
}

function profitTable({ profit }: Study): Table {
  return {
    title:
      'Profit, with g = R, v = 0, r = 10 %; ρ of the policy, and ⌈2 / (T d (1 − r))⌉ for each d',
    head: ['d', 'ρ, ppm', 'lowest margin', 'of', 'highest profit', 'of'],
    rows: profit.map((row) => [
      String(row.power),
      count(row.ppm),
      row.margin.toFixed(3),
      describeStrategy(row.marginStrategy),
      Number(row.profit.toPrecision(2)).toString(),
      describeStrategy(row.profitStrategy),
    ]),
  };
}

function costTable({ cost }: Study): Table {
  return {
    title: 'Work executed again beside the work itself, one model, for each released unit',
    head: ['rule', 'lifetime', 'f', 'draws', 'exit check', 'adversary', 'total', 'work done again'],
    rows: cost.map(({ rule, life, fraction, draws, exit, adversary, total, again }) => [
      rule,
      count(life),
      `${fraction * 100} %`,
      ...[draws, exit, adversary, total, again].map(passes),
    ]),
  };
}

function expulsionTable({ expulsion }: Study): Table {
  return {
    title: 'Wrongful expulsion of an honest device',
    head: ['lifetime', 'checks for each unit', 'expulsions for each unit'],
    rows: expulsion.map(({ life, checks, expelled }) => [
      count(life),
      passes(checks),
      expelled.toExponential(1),
    ]),
  };
}

function attackTable({ attacks }: Study): Table {
  return {
    title: 'Other attacks of the list',
    head: ['#', 'attack', 'built', 'what was tried', 'what it gained', 'bound', 'held'],
    rows: attacks.map(({ attack, name, tried, gained, bound, built, pass }) => [
      String(attack),
      name,
      built ? 'yes' : 'not built',
      tried,
      gained,
      bound,
      built ? mark(pass) : pass ? 'yes' : 'no',
    ]),
  };
}

function targetTable({ targets }: Study): Table {
  return {
    title: 'What one wrong answer must be worth, in units of pay (§2.7)',
    head: ['where', 'found', 'value at which it breaks even', 'profit at 0.9 ×', 'at 1.1 ×'],
    rows: targets.map(({ name, found, value, under, over }) => [
      name,
      percent(found),
      Number(value.toPrecision(3)).toString(),
      under.toPrecision(2),
      over.toPrecision(2),
    ]),
  };
}

function remedyTable({ remedies }: Study): Table {
  return {
    title: 'Other settings, at f = 30 %, d = 0.999, one model, lives of 50 k C (computed)',
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
