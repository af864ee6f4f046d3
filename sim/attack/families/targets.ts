import { type AttackRow, type AttackRun, percent } from '../attack-row.ts';
import { COLLUSION, GOAL } from '../goal.ts';
import { OURS, rateAt, tabulate } from '../rules.ts';
import { HOLDBACK } from '../terms.ts';

const TRIALS = 400_000;

/** What one wrong answer must be worth before it pays to give it. */
export interface TargetRow {
  name: string;
  /** Chance that the wrong unit is found, with a tenth of the checks sparing the adversary. */
  found: number;
  /** In units of pay: a lower value than this loses (reference/verification.md §2.7). */
  value: number;
  /** Mean profit of one try when the answer is worth a tenth less, and a tenth more. */
  under: number;
  over: number;
}

/**
 * Attack 23: an identity is right in everything but the one input it wants wrong. It saves the
 * unit's cost g = R; a find costs it that unit's pay and the h units held back, what passes brings
 * it v: q R (1 + h) > g + v (1 − q). Played by drawing the one unit.
 */
export function measureTargets(run: AttackRun): TargetRow[] {
  const table = tabulate(OURS);
  const { knee } = table;
  const spared = 1 - COLLUSION;
  const cases: [string, number, number?][] = [
    [
      `instant or settled assurance, an identity past ${knee.toLocaleString('en')} units`,
      rateAt(table, knee) * GOAL.power * spared,
    ],
    ['settled assurance, the last 2,000 units of a job', OURS.exitRate * GOAL.power * spared],
    ['an identity of 1,000 units', rateAt(table, 1_000) * GOAL.power * spared, 1_000],
    ['full assurance, a tenth of the checkers corrupt', GOAL.power * spared],
    ['full assurance, two of three verifiers honest', GOAL.power ** 2],
  ];
  return cases.map(([name, found, age = knee], at) => {
    const held = (HOLDBACK.ppm / 1e6) * age;
    const value = breakEven(found, held);
    const [under, over] = [0.9, 1.1].map((factor) =>
      play(run, { found, held, value: value * factor, stream: 2_300 + at }),
    );
    return { name, found, value, under: under ?? Number.NaN, over: over ?? Number.NaN };
  });
}

/** v at which both sides are equal. */
const breakEven = (found: number, held: number): number => (found * (1 + held) - 1) / (1 - found);

/** Mean profit of one wrong unit. */
function play(
  run: AttackRun,
  { found, held, value, stream }: Record<'found' | 'held' | 'value' | 'stream', number>,
): number {
  let sum = 0;
  for (const seed of run.seeds) {
    const { next } = run.open(seed, stream);
    for (let trial = 0; trial < TRIALS / run.seeds.length; trial += 1)
      sum += next() < found ? -held : 1 + value;
  }
  return sum / TRIALS;
}

/** Attack 23: the rule holds when a little less than its value loses and a little more gains. */
export function attackTargets(run: AttackRun): AttackRow[] {
  const rows = measureTargets(run);
  const [usual] = rows;
  if (usual === undefined) throw new Error('no case to judge');
  return [
    {
      attack: 23,
      name: 'wrong on chosen inputs only',
      tried: `one unit of an identity past 3,750 units, r = 10 %, found with ${percent(usual.found)}`,
      gained: `a wrong answer must be worth ${usual.value.toPrecision(3)} units of pay to break even; a tenth less loses, a tenth more gains, in all ${rows.length} cases of the table below`,
      bound: 'played profit has the sign that §2.7 says',
      built: true,
      pass: rows.every(({ under, over }) => under < 0 && over > 0),
      value: usual.value,
    },
  ];
}
