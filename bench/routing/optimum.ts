import { type Constraint, solve } from 'yalps';
import { type RoutedFleet, referenceMs } from './fleet.ts';

/**
 * The most that the job with least can have of what it is owed, whoever computes what: the linear
 * programme over parts of each class that work for each job.
 */
export function solveOptimum(fleet: RoutedFleet): number {
  const unitMs = referenceMs(fleet);
  const parts = fleet.classes.flatMap(({ speeds }, of) =>
    speeds.map((speed, job): [string, Record<string, number>] => [
      `part ${of} ${job}`,
      { [`class ${of}`]: 1, [`job ${job}`]: speed * (unitMs[job] ?? 0) },
    ]),
  );
  const owed = fleet.jobs.map(({ share }, job): [string, number] => [`job ${job}`, -share]);
  const solution = solve({
    direction: 'maximize',
    objective: 'least',
    variables: new Map([['least', { least: 1, ...Object.fromEntries(owed) }], ...parts]),
    constraints: new Map<string, Constraint>([
      ...fleet.classes.map(({ capacity }, of): [string, Constraint] => [
        `class ${of}`,
        { max: capacity },
      ]),
      ...owed.map(([name]): [string, Constraint] => [name, { min: 0 }]),
    ]),
  });
  if (solution.status !== 'optimal') throw new Error(`the programme is ${solution.status}`);
  return solution.result;
}
