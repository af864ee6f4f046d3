import { measureUnits, type OutputDistance } from '#protocol/checks/comparison.ts';
import type { DecoySample } from '#protocol/checks/thresholds.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { openBrowser } from './browser.ts';
import type { Bench, BenchContext, Figure } from './figure.ts';
import { openBenchPages } from './page-server.ts';
import {
  boundShare,
  CALIBRATION_RULES,
  type Calibration,
  calibrate,
  type DecoyPower,
  weighDecoys,
} from './tolerance/calibration.ts';
import { type Found, GPU_PLACE, runEverywhere } from './tolerance/runs.ts';
import { makeSubjects, type Subject } from './tolerance/subjects.ts';

/** What is measured here is told with its bounds, so few units are no reason to refuse a class. */
const RULES = { ...CALIBRATION_RULES, devicesMin: 1, samplesMin: 2 };

/** Noise of honest classes against the distance of decoys, under thresholds calibrated here. */
export const run: Bench = async function* (context) {
  const { quick, say } = context;
  const subjects = await makeSubjects(context);
  const pages = await openBenchPages(context, await openBrowser(context));
  const work = planWork(quick);
  const assessed: Assessed[] = [];
  const plain: DecoyPower[] = [];
  for (const subject of subjects) {
    const found = await runEverywhere(subject, { context, pages, ...work(subject) });
    sayNoise(say, subject, found);
    const decoys = found.decoys.flatMap(({ name, bytes }) =>
      distancesOf(subject, bytes, found.reference).map((distances): DecoySample => {
        return { decoy: name, distances };
      }),
    );
    assessed.push(...assess(subject, { found, decoys, say }));
    // What verifiers judge by where a package has no calibration.
    for (const each of weighDecoys(decoys, [])) {
      plain.push({ ...each, decoy: `${subject.name} ${each.decoy}` });
    }
    for (const [decoy, reason] of Object.entries(subject.missing)) {
      say(`${subject.name} has no ${decoy}: ${reason}`);
    }
  }
  yield describePower(assessed);
  yield describeAlarms(assessed);
  yield describeDefault(plain);
};

/**
 * One in eleven is fitted, which leaves 30,000: none of them beyond shows a false alarm rate of
 * 1e-4.
 */
const MANY = { units: 33_000, fitOneIn: 11 } as const;

/** Digits are cheap, so there can be many of them. The software GPU takes most of the time. */
const planWork = (quick: boolean) => (subject: Subject) => {
  if (quick) return { decoyUnits: 80, honestUnits: 80, gpuSeconds: 2 };
  if (subject.name !== 'digits') return { decoyUnits: 300, honestUnits: 300, gpuSeconds: 45 };
  return { decoyUnits: 3_000, honestUnits: MANY.units, gpuSeconds: 1_500 };
};

/** One subject on one class of honest devices. */
interface Assessed {
  subject: string;
  place: string;
  units: number;
  calibration: Calibration;
}

/** The largest distances of honest units on a GPU: `GPU_NOISE` of the product has them. */
function sayNoise(say: BenchContext['say'], subject: Subject, found: Found): void {
  for (const { name, bytes } of found.honest) {
    if (!name.startsWith(GPU_PLACE)) continue;
    const all = distancesOf(subject, bytes, found.reference).flat();
    const [l2, max] = [all.map((each) => each.l2), all.map((each) => each.max)].map((each) =>
      Math.max(...each),
    );
    say(`${subject.name} on ${name}: honest noise l2 ${show(l2 ?? 0)}, max ${show(max ?? 0)}`);
  }
}

interface Measured {
  found: Found;
  decoys: DecoySample[];
  say: BenchContext['say'];
}

function assess(subject: Subject, { found, decoys, say }: Measured): Assessed[] {
  return found.honest.map(({ name, bytes }) => {
    const honest = distancesOf(subject, bytes, found.reference).map((distances) => {
      return { device: name, verified: true, distances };
    });
    const rules = honest.length < MANY.units / 2 ? RULES : { ...RULES, fitOneIn: MANY.fitOneIn };
    const calibration = calibrate(subject.outputs, { honest, decoys }, rules);
    sayClass(say, `${subject.name} on ${name}, ${honest.length} units`, calibration);
    return { subject: subject.name, place: name, units: honest.length, calibration };
  });
}

function sayClass(say: BenchContext['say'], title: string, calibration: Calibration): void {
  const { comparators, decoys, heldOut, falseAlarms, refused } = calibration;
  const limits = comparators.map(({ l2, max }) => `l2 ${show(l2)}, max ${show(max)}`).join('; ');
  say(`${title}: ${limits}; ${falseAlarms} of ${heldOut} held out beyond`);
  for (const { decoy, power, units, separation } of decoys) {
    say(`  ${decoy}: power ${power} of ${units} units, nearest ${show(separation)} thresholds`);
  }
  if (refused !== undefined) say(`  refused: ${refused}`);
}

const show = (value: number): string => value.toPrecision(3);

/** Distances of the units that a place came to, each against the same unit of the exact lane. */
function distancesOf(
  { outputs }: Subject,
  found: Uint8Array,
  reference: Uint8Array,
): OutputDistance[][] {
  const size = unitBytes(outputs);
  return Array.from({ length: Math.floor(found.length / size) }, (_, unit) => {
    const [start, end] = [unit * size, (unit + 1) * size];
    const one = measureUnits(found.subarray(start, end), reference.subarray(start, end), outputs);
    if (one === undefined) throw new Error(`unit ${unit} has another length than its outputs`);
    return one;
  });
}

/** The decoy that one check finds least often; of equal ones, the nearest. */
function describePower(assessed: readonly Assessed[]): Figure {
  const all = assessed.flatMap(({ subject, place, calibration }) =>
    calibration.decoys.map((each) => ({ ...each, where: `${subject} on ${place}` })),
  );
  const [hardest] = all.toSorted((a, b) => a.power - b.power || a.separation - b.separation);
  const hardestOf = assessed.map(({ subject, place, calibration }) => {
    const [each] = calibration.decoys;
    return `${subject} on ${place}: ${each?.decoy} ${show(each?.separation ?? 0)}`;
  });
  const refused = assessed.filter(({ calibration }) => calibration.refused !== undefined);
  return {
    figure: 'min-power',
    value: hardest?.power ?? 0,
    unit: 'share of units',
    detail: {
      powerLeast: hardest?.powerLeast ?? 0,
      units: hardest?.units ?? 0,
      hardest: `${hardest?.decoy} as ${hardest?.where}`,
      separation: show(hardest?.separation ?? 0),
      hardestOfEach: hardestOf.join('; '),
      pairs: all.length,
      refused: refused.map(({ subject, place }) => `${subject} on ${place}`).join('; ') || 'none',
    },
  };
}

/**
 * Measured on units that the thresholds were not fitted to; the bound says what so few can show.
 */
function describeAlarms(assessed: readonly Assessed[]): Figure {
  const shares = assessed.map(({ calibration: { falseAlarms, heldOut } }) =>
    heldOut === 0 ? 1 : falseAlarms / heldOut,
  );
  const sum = (of: (each: Calibration) => number) =>
    assessed.reduce((total, { calibration }) => total + of(calibration), 0);
  const [alarms, heldOut] = [sum((each) => each.falseAlarms), sum((each) => each.heldOut)];
  const worst = assessed.toSorted(
    (a, b) => b.calibration.falseAlarmMost - a.calibration.falseAlarmMost,
  )[0];
  return {
    figure: 'max-false-alarm',
    value: Math.max(...shares),
    unit: 'share of units',
    detail: {
      heldOutUnits: heldOut,
      alarms,
      atMostOverAll: boundShare(alarms, heldOut),
      atMostInOneClass: worst?.calibration.falseAlarmMost ?? 1,
      fewestUnits: `${worst?.subject} on ${worst?.place}: ${worst?.units}`,
      classes: assessed.length,
      devices: 'one machine; no real GPU',
    },
  };
}

/** The same decoys under the thresholds that packages have without a calibration. */
function describeDefault(plain: readonly DecoyPower[]): Figure {
  const [hardest, ...others] = plain.toSorted(
    (a, b) => a.power - b.power || a.separation - b.separation,
  );
  const near = [hardest, ...others].filter((each) => each !== undefined && each.separation < 3);
  return {
    figure: 'min-power-uncalibrated',
    value: hardest?.power ?? 0,
    unit: 'share of units',
    detail: {
      hardest: hardest?.decoy ?? 'none',
      separation: show(hardest?.separation ?? 0),
      nearerThanThree:
        near.map((each) => `${each?.decoy} ${show(each?.separation ?? 0)}`).join('; ') || 'none',
    },
  };
}
