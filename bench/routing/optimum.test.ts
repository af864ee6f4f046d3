import { expect, test } from 'vitest';
import { runFirstCome } from './first-come.ts';
import { type RoutedFleet, workOwed } from './fleet.ts';
import { solveOptimum } from './optimum.ts';

/** As many devices of each class, with these speeds by job; each job is owed as much. */
function fleetOf(...speeds: number[][]): RoutedFleet {
  const jobs = speeds[0]?.map((_, job) => ({ name: `${job}`, share: 1 / speeds.length })) ?? [];
  return {
    devices: speeds.map((each, of) => ({ class: of, unitMs: each.map((speed) => 1 / speed) })),
    classes: speeds.map((each, of) => ({ name: `${of}`, capacity: 1, speeds: each })),
    jobs,
  };
}

test('the optimum gives each device the job that it is good at', () => {
  // Each is three times as fast on its own job: 3 ÷ the mean of 3 and 1, for two devices.
  expect(solveOptimum(fleetOf([3, 1], [1, 3]))).toBeCloseTo(3, 6);
  expect(solveOptimum(fleetOf([2, 2], [2, 2]))).toBeCloseTo(2, 6);
});

test('the optimum leaves no job behind, where all devices are better at another one', () => {
  // The first device is worth 9 of 5 on job 0 and 2 of 1.5 on job 1, the other 1 and 1.
  const optimum = solveOptimum(fleetOf([9, 2], [1, 1]));
  const [first, rest] = [optimum / 2 / (9 / 5), optimum / 2 - 1 / 1.5];
  expect(first + rest / (2 / 1.5)).toBeCloseTo(1, 6);
});

test('first come gives each job its share of time and is below the optimum', () => {
  const fleet = fleetOf([3, 1], [1, 3]);
  expect(solveOptimum(fleet)).toBeCloseTo(3, 6);
  for (const work of workOwed(fleet, runFirstCome(fleet))) expect(work).toBeCloseTo(2, 6);
});
