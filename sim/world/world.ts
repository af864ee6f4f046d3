import type { DeveloperId, JobId, PublicKey } from '#protocol/values/ids.ts';
import {
  checkFacts,
  checkHonest,
  checkNewcomers,
  checkResults,
  checkVerifiers,
  countFacts,
} from './checks.ts';
import { type Clock, openClock } from './clock.ts';
import { type DeviceNode, openDeviceNode } from './device-node.ts';
import { type FakeBlobs, type FakeJobMade, makeFakeJob, openFakeBlobs } from './fake-model.ts';
import { DAY_ONE, type HubNode, openHubNode } from './hub-node.ts';
import { LIES } from './lies.ts';
import { watchMoney } from './money.ts';
import { feedJob, grownJob } from './open-job.ts';
import { POISONS, type Poison, poisonMark } from './poison.ts';
import { openRandom, type Random } from './random.ts';
import type { OtherJob, Outcome, Scenario } from './scenario.ts';
import { openVerifierNode, type VerifierNode } from './verifier-node.ts';

const LIMIT_MS = 3_600_000;
/** Nothing goes wrong by accident after this. */
const ACCIDENTS_MS = 15_000;
/** Longer than any deadline, and than the grace after a restart. */
const SETTLE_MS = 300_000;
const MONEY_SEED = 0x70a1d;
const DISK_SEED = 0xd15c;
const OTHERS_SEED = 0x07e5;
const POISON_SEED = 0xbad;
const OFFLINE_SEED = 0x1d7e;
const OPEN_SEED = 0x09e4;

/** What is posted beside the first job: nothing in half of the worlds. */
function drawOthers(random: Random): OtherJob[] {
  const count = Math.max(0, Math.floor(random.between(-3, 4)));
  const assurances = ['instant', 'settled', 'full'] as const;
  return Array.from({ length: count }, () => ({
    units: Math.floor(random.between(1, 400)),
    assurance: assurances[Math.floor(random.between(0, assurances.length))] ?? 'instant',
    taps: random.chance(0.3),
    afterMs: random.between(100, 10_000),
    developer: `dev_${random.chance(0.5) ? '1' : '2'}`.padEnd(20, '0') as DeveloperId,
  }));
}

/** In half of the worlds there is a job that takes inputs while it runs. */
function drawOpen(random: Random): OtherJob[] {
  if (random.chance(0.5)) return [];
  return [
    {
      units: 1 + Math.floor(random.between(0, 4)),
      assurance: random.chance(0.7) ? 'instant' : 'settled',
      taps: false,
      afterMs: random.between(100, 5_000),
      developer: 'dev_4'.padEnd(20, '0') as DeveloperId,
      parts: 1 + Math.floor(random.between(0, 30)),
    },
  ];
}

/** In four of ten worlds the first job has items that cannot be computed, in one way or another. */
function drawPoison(random: Random): Pick<Scenario, 'poison' | 'unitItems'> {
  if (!random.chance(0.4)) return {};
  const poison = POISONS[Math.floor(random.between(0, POISONS.length))] ?? 'refuses';
  return { poison, unitItems: random.chance(0.5) ? 2 : 1 };
}

/** In half of the worlds the hub keeps no device in memory that is offline, or one alone. */
const drawOffline = (random: Random): Pick<Scenario, 'offlineDevicesMax'> =>
  random.chance(0.5) ? {} : { offlineDevicesMax: Math.floor(random.between(0, 2)) };

/** A job for devices that come back when all others are archived. */
const LATE_JOB: OtherJob = {
  units: 60,
  assurance: 'instant',
  taps: false,
  afterMs: 690_000,
  developer: 'dev_3'.padEnd(20, '0') as DeveloperId,
};
/** In this time before it most devices are gone for a while. */
const ABSENCE_MS = 60_000;

/** A scenario from its seed alone. */
export function drawScenario(seed: number): Scenario {
  const random = openRandom(seed);
  const cheats = random.chance(0.5) ? 1 : 0;
  const assurance =
    (['instant', 'settled', 'full'] as const)[Math.floor(random.between(0, 3))] ?? 'instant';
  const offline = drawOffline(openRandom(seed ^ OFFLINE_SEED));
  const isForgetful = offline.offlineDevicesMax !== undefined;
  return {
    seed,
    weather: {
      latencyMs: [1, random.between(5, 400)],
      meanLifeMs: random.chance(0.3) ? Infinity : random.between(5_000, 60_000),
    },
    devices: Math.floor(random.between(2, 7)) + cheats,
    cheats,
    lies: [],
    units: Math.floor(random.between(50, 1_500)),
    // With a cheat every unit is checked, so that the results must be right to the last byte.
    checkRate: cheats > 0 ? 1 : random.between(0, 0.2),
    hubCrashes: Math.floor(random.between(0, 3)),
    verifierCrashes: Math.floor(random.between(0, 2)),
    departures: Math.floor(random.between(0, 5)),
    ...(random.chance(0.3) ? { lie: random.chance(0.5) ? 'frames' : 'stamps' } : {}),
    assurance,
    newcomers: {
      burst: cheats + Math.floor(random.between(1, 4)),
      unitsEach: Math.floor(random.between(20, 500)),
    },
    taps: random.chance(0.5),
    // Of their own chance: what was drawn before stays what it was.
    others: [
      ...drawOthers(openRandom(seed ^ OTHERS_SEED)),
      ...(isForgetful ? [LATE_JOB] : []),
      ...drawOpen(openRandom(seed ^ OPEN_SEED)),
    ],
    ...drawPoison(openRandom(seed ^ POISON_SEED)),
    diskFailures: Math.floor(openRandom(seed ^ DISK_SEED).between(0, 4)),
    ...offline,
    ...(openRandom(seed ^ MONEY_SEED).chance(0.5) ? { unitPrice: 1 + (seed % 5_000) } : {}),
  };
}

/** The same world with liars of every kind beside its honest devices, and every unit checked. */
export function drawHostileScenario(seed: number): Scenario {
  const scenario = drawScenario(seed);
  const { burst, unitsEach } = scenario.newcomers;
  const newcomers = { burst: burst + LIES.length, unitsEach };
  return { ...scenario, lies: LIES, checkRate: 1, newcomers };
}

/** Runs a scenario until its job ends, and says which invariants did not hold. */
export function runScenario(scenario: Scenario): Outcome {
  const random = openRandom(scenario.seed ^ 0x5eed);
  const clock = openClock(DAY_ONE);
  const blobs = openFakeBlobs();
  const keys = Array.from(
    { length: scenario.lie === undefined ? 1 : 3 },
    () => random.nonce() as string as PublicKey,
  );
  const { weather, checkRate, newcomers } = scenario;
  const { offlineDevicesMax } = scenario;
  const hub = openHubNode({
    ...{ clock, random, weather, blobs, verifiers: keys, checkRate, newcomers },
    ...(offlineDevicesMax === undefined ? {} : { offlineDevicesMax }),
  });
  const grid = { clock, random, blobs, hub };
  const liar = scenario.lie === undefined ? undefined : keys.at(-1);
  const { lie, liarRate = checkRate } = scenario;
  const lying = { lie, checkRate: liarRate, friend: () => devices[0]?.key };
  const verifiers = keys.map((key) =>
    openVerifierNode({ ...grid, key, checkRate, ...(key === liar ? lying : {}) }),
  );
  const devices: DeviceNode[] = Array.from({ length: scenario.devices }, (_, at) =>
    openDeviceNode(grid, `device ${at}`, {
      unitMs: random.between(10, 200),
      cheats: at < scenario.cheats ? 0.2 : 0,
      fetchFails: random.between(0, 0.05),
    }),
  );
  const overheard = {};
  const liars = scenario.lies.map((lie) => {
    const traits = { unitMs: random.between(10, 200), cheats: 0, fetchFails: 0, lie, overheard };
    return openDeviceNode(grid, lie, traits);
  });
  const { units, assurance, taps, unitPrice = 0, poison, unitItems = 1 } = scenario;
  const now = clock.now();
  const work = { units, assurance, taps, unitPrice, unitItems, mark: poisonMark(poison), now };
  const made: Made = {
    ...makeFakeJob(blobs, random, work),
    ...(poison === undefined ? {} : { poison }),
  };
  const job = made.record.id;
  postUntilKnown({ clock, hub }, made, 500);
  const others = postOthers({ scenario, clock, blobs, hub });
  disturb({ scenario, clock, random, hub, verifiers, devices });
  const all = [made, ...others];
  const finality = all.map(({ record }) => watchFinality(clock, hub, record.id));
  const money =
    scenario.unitPrice === undefined
      ? undefined
      : watchMoney({ clock, random: openRandom(scenario.seed + MONEY_SEED), hub, job, devices });
  const isDone = watchEnds(hub);
  // Each is looked at, and not only the first that goes on.
  const end = clock.run(() => all.filter(isDone).length === all.length, LIMIT_MS);
  const late = all.filter((each) => !isDone(each)).map(({ record }) => explain(hub, record.id));
  const broken = end === 'late' ? [`a job did not end: ${late.join('; ')}`] : [];
  const virtualMs = clock.now() - DAY_ONE;
  for (const check of finality) broken.push(...check());
  // What is still lent when the job ends runs out, and its commitments with it.
  clock.run(() => false, SETTLE_MS);
  const { broken: lost = [], earned = 0 } = money?.() ?? {};
  broken.push(...lost);
  broken.push(...hub.checkReplay().map((part) => `a restart gives other ${part}`));
  broken.push(...checkFacts(hub.facts, [...devices, ...liars]));
  broken.push(...checkHonest(hub.facts, devices.slice(scenario.cheats)));
  broken.push(...checkNewcomers(hub.facts, newcomers));
  broken.push(...checkVerifiers(hub.facts, verifiers, liar));
  const results = all.map((each) => checkResults(hub.facts, grownJob(each, hub.facts, blobs)));
  broken.push(...results.flatMap((each) => explainResults(each, checkRate)));
  return {
    seed: scenario.seed,
    broken: end === 'late' ? broken.slice(0, 1) : broken,
    virtualMs,
    wrongUnits: results.reduce((sum, each) => sum + each.wrongUnits, 0),
    ...countFacts(hub.facts),
    earned,
  };
}

/** What is wrong with the results of a job; wrong units are only where all are checked. */
function explainResults(results: ReturnType<typeof checkResults>, checkRate: number): string[] {
  const { wrongUnits, wrongInside, broken } = results;
  if (checkRate < 1) return broken;
  return [
    ...broken,
    ...(wrongUnits > 0 ? [`${wrongUnits} units are wrong`] : []),
    ...(wrongInside > 0 ? [`${wrongInside} units have a fingerprint that is not theirs`] : []),
  ];
}

type Made = FakeJobMade & { poison?: Poison };

/** Posts a job, again while the hub does not know it: its developer sees that it was not taken. */
function postUntilKnown(
  { clock, hub }: { clock: Clock; hub: HubNode },
  made: Made,
  afterMs: number,
): void {
  const { record, inputDigests } = made;
  const post = (): boolean => {
    if (hub.view(record.id) !== undefined) return false;
    hub.command({ type: 'create', record, inputDigests });
    return true;
  };
  clock.after(afterMs, () => {
    post();
    clock.every(1_000, post);
  });
}

function postOthers(world: {
  scenario: Scenario;
  clock: Clock;
  blobs: FakeBlobs;
  hub: HubNode;
}): Made[] {
  const { scenario, clock, blobs, hub } = world;
  const random = openRandom(scenario.seed + OTHERS_SEED);
  return (scenario.others ?? []).map(({ afterMs, developer, parts, ...job }) => {
    const open = parts !== undefined;
    const made = makeFakeJob(blobs, random, { ...job, open, now: clock.now() });
    const record = { ...made.record, developer };
    postUntilKnown({ clock, hub }, { ...made, record }, 500 + afterMs);
    if (open) feedJob({ clock, hub, blobs, random }, record.id, parts);
    return { ...made, record };
  });
}

/** What dies and comes back: the hub, the verifier, and all devices but one honest one. */
function disturb(world: {
  scenario: Scenario;
  clock: Clock;
  random: Random;
  hub: HubNode;
  verifiers: readonly VerifierNode[];
  devices: readonly DeviceNode[];
}): void {
  const { scenario, clock, random, hub, verifiers, devices } = world;
  const hit = (times: number, act: () => () => void): void => {
    for (let time = 0; time < times; time += 1) {
      clock.after(random.between(1_500, ACCIDENTS_MS), () => {
        clock.after(random.between(200, 8_000), act());
      });
    }
  };
  hit(scenario.hubCrashes, () => {
    const was = hub.up;
    hub.crash();
    return () => (was ? hub.restart() : undefined);
  });
  const disk = openRandom(scenario.seed ^ DISK_SEED);
  for (let time = 0; time < (scenario.diskFailures ?? 0); time += 1) {
    const forMs = disk.between(100, 20_000);
    clock.after(disk.between(1_000, ACCIDENTS_MS), () => hub.failDisk(forMs));
  }
  hit(scenario.verifierCrashes, () => {
    const verifier = verifiers[Math.floor(random.between(0, verifiers.length))];
    verifier?.crash();
    return () => verifier?.restart(scenario.lostDisks);
  });
  // One honest device stays, so that the job can end.
  const leaving = devices.slice(scenario.cheats + 1);
  const away = new Set<DeviceNode>();
  const leave = (device: DeviceNode | undefined): (() => void) => {
    if (device === undefined || away.has(device)) return () => {};
    device.vanish();
    away.add(device);
    return () => {
      away.delete(device);
      device.comeBack();
    };
  };
  hit(scenario.departures, () => leave(leaving[Math.floor(random.between(0, leaving.length))]));
  if (scenario.offlineDevicesMax === undefined) return;
  const absence = openRandom(scenario.seed ^ OFFLINE_SEED);
  for (const device of leaving) {
    const back = LATE_JOB.afterMs - absence.between(0, ABSENCE_MS);
    clock.after(back - ABSENCE_MS, () => {
      const comeBack = leave(device);
      clock.after(ABSENCE_MS, comeBack);
    });
  }
}

/** Whether a job is done: then it stays so. It is looked at ten minutes before it is archived. */
function watchEnds(hub: HubNode): (made: Made) => boolean {
  const done = new Set<JobId>();
  return ({ record: { id } }) => {
    const state = done.has(id) ? 'done' : hub.read(({ jobs }) => jobs.get(id)?.state);
    if (state === 'done') done.add(id);
    return state === 'done';
  };
}

/** What may be read of a job with assurance stays readable, and the job ends with all of it. */
function watchFinality(clock: Clock, hub: HubNode, job: JobId): () => string[] {
  let most = 0;
  let shrunk = false;
  clock.every(200, () => {
    const { assurance = 'instant', released = 0, state } = hub.view(job) ?? {};
    if (!hub.up || assurance === 'instant') return state !== 'done';
    if (released < most) shrunk = true;
    most = Math.max(most, released);
    return state !== 'done';
  });
  return () => {
    const view = hub.view(job);
    const whole = view?.state !== 'done' || view.released === view.units;
    return [
      ...(shrunk ? ['units that were final could not be read any more'] : []),
      ...(whole ? [] : ['the job is done and not all of it is released']),
    ];
  };
}

function explain(hub: HubNode, job: JobId): string {
  const view = hub.view(job);
  return view === undefined
    ? 'the hub does not know it'
    : `${view.state}, ${view.accepted} of ${view.units} accepted, ${view.leased} lent: ${view.reason.code}`;
}
