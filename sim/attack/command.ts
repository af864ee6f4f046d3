import { parseArgs } from 'node:util';
import { writeDocument } from './document.ts';
import { isWhole, runStudy, type Study } from './study.ts';
import { printTable } from './table.ts';
import { describeWorst, tabulateStudy } from './tables.ts';

const USAGE = 'usage: npm run sim -- attack [--seeds COUNT] [--json] [--write]';
/** Units for each seed and figure; the standard errors are in the tables. */
const UNITS_EACH = 1_000_000;

/**
 * `npm run sim -- attack`: gives the exit code, 1 when a goal is missed or an attack passes its
 * bound.
 */
export async function runAttack(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const count = Number(values.seeds);
  if (!Number.isSafeInteger(count) || count < 1) {
    console.error(USAGE);
    return 2;
  }
  const seeds = Array.from({ length: count }, (_, at) => at + 1);
  const say = (line: string): void => void process.stderr.write(`attack: ${line}\n`);
  const study = runStudy({ seeds, units: UNITS_EACH * count, say });
  process.stdout.write(values.json ? encodeLines(study) : printStudy(study));
  if (values.write) await writeDocument(study, `npm run sim -- attack --seeds ${count} --write`);
  return isWhole(study) ? 0 : 1;
}

function printStudy(study: Study): string {
  const tables = tabulateStudy(study).map(printTable);
  const missed = study.goals.filter(({ met }) => !met).map(({ name }) => name);
  const passed = study.attacks
    .filter(({ built, pass }) => built && !pass)
    .map(({ attack }) => `#${attack}`);
  const verdict = [
    `worst strategy found: ${describeWorst(study)}`,
    `goals missed: ${missed.length === 0 ? 'none' : missed.join('; ')}`,
    `attacks past their bound: ${passed.length === 0 ? 'none' : passed.join(', ')}`,
  ];
  return `${[...tables, verdict.join('\n')].join('\n\n')}\n`;
}

/** One line for each figure, as `npm run bench` prints its own. */
function encodeLines(study: Study): string {
  const { seeds, units, worst, goals, cost, attacks } = study;
  const conditions = { seeds: seeds.length, units };
  const line = (figure: string, value: number, more: Record<string, unknown>): string =>
    `${JSON.stringify({ sim: 'attack', figure, value: Number(value.toPrecision(5)), conditions: { ...conditions, ...more } })}\n`;
  return [
    ...goals.map(({ figure, value, limit, met }) => line(`goal/${figure}`, value, { limit, met })),
    ...worst.map(
      ({ measure, rule, power, fraction, held, played, error, computed, strategy, words }) =>
        line(measure, played, {
          rule,
          power,
          fraction,
          held: Number(held.toPrecision(3)),
          error: Number(error.toPrecision(3)),
          computed: Number(computed.toPrecision(5)),
          strategy: strategy ?? words,
        }),
    ),
    ...cost.map(({ total, ...parts }) => line('overhead', total, parts)),
    ...attacks.map(({ attack, name, value, built, pass }) =>
      line(`attack/${attack}`, value, { name, built, pass }),
    ),
    ...study.profit.map(({ margin, profit, power, ppm }) =>
      line('margin', margin, { power, ppm, profit }),
    ),
    ...study.expulsion.map(({ expelled, ...rest }) => line('expulsion', expelled, rest)),
    ...study.targets.map(({ value, ...rest }) => line('target/value', value, rest)),
    ...study.young.map(({ released, ...rest }) => line('young/released', released, rest)),
    ...study.places.map(({ released, ...rest }) => line('places/released', released, rest)),
    ...study.pairs.map(({ released, ...rest }) => line('pair/released', released, rest)),
    ...study.mixes.map(({ total, ...rest }) => line('mix/overhead', total, rest)),
    ...study.aimed.map(({ released, ...rest }) => line('aimed/released', released, rest)),
    ...study.apart.map(({ apart, ...rest }) => line('apart/overhead', apart, rest)),
    ...study.army.map(({ during, measure, ...rest }) => line(`army/${measure}`, during, rest)),
    ...study.remedies.map(({ released, ...rest }) => line('setting/released', released, rest)),
  ].join('');
}
