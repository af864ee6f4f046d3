import type { DeveloperId, JobId, PublicKey } from '#protocol/values/ids.ts';
import { lamports } from '#protocol/values/units.ts';
import { selectFacts } from '../hub/core/state/fact-lists.ts';
import { openClock } from './world/clock.ts';
import { openDeviceNode } from './world/device-node.ts';
import { fakeUnitMs, makeFakeJob, openFakeBlobs } from './world/fake-model.ts';
import { fund } from './world/fund.ts';
import { DAY_ONE, type HubNode, openHubNode } from './world/hub-node.ts';
import { openRandom } from './world/random.ts';
import { openVerifierNode } from './world/verifier-node.ts';

/** A job of a world in which several run, each with a model of its own. */
interface SharedJob {
  developer: number;
  units: number;
  postedMs: number;
  /** Lamports for a millisecond of its units' reference time. */
  payRate?: number;
}

interface SharedWorld {
  devices: number;
  jobs: readonly SharedJob[];
  /** Runs until this job is done, or until so much time has passed. */
  until: { job: number } | { ms: number };
}

interface SharedOutcome {
  /** From when each was posted to its end; undefined while it goes on. */
  tookMs: (number | undefined)[];
  /** Units of each that were accepted from a moment on: all models take a device as long. */
  unitsFrom(job: number, fromMs: number): number;
  /** Shards of another model than the one before on the same device, as a share of all. */
  switched: number;
}

export interface FairRow {
  name: string;
  figures: string;
  isFair: boolean;
}

const LIMIT_MS = 24 * 3_600_000;
/** Loading a model takes a device as long as half a shard. */
const TRAITS = { cheats: 0, fetchFails: 0, loadMs: 2_000 };
const LARGE = 60_000;
/** For each device. */
const SMALL = 300;
const LATE_MS = 40_000;
/**
 * A small job takes at most so many times what it takes alone, for each job or developer at work.
 */
const SLOWER_MAX = 3;

/** Runs several jobs on honest devices of different speeds, one unit in a hundred checked. */
function runShared({ devices, jobs, until }: SharedWorld): SharedOutcome {
  const [random, clock, blobs] = [openRandom(devices), openClock(DAY_ONE), openFakeBlobs()];
  const key = random.nonce() as string as PublicKey;
  const weather = { latencyMs: [1, 50] as [number, number], meanLifeMs: Number.POSITIVE_INFINITY };
  const newcomers = { burst: devices, unitsEach: 1 };
  const hub = openHubNode({
    ...{ clock, random, weather, blobs, newcomers },
    ...{ verifiers: [key], checkRate: 0.01 },
  });
  const grid = { clock, random, blobs, hub };
  openVerifierNode({ ...grid, key, checkRate: 0.01 });
  for (let at = 0; at < devices; at += 1) {
    openDeviceNode(grid, `device ${at}`, { ...TRAITS, unitMs: 50 + 10 * (at % 6) });
  }
  const ids = jobs.map(({ developer, postedMs, units, payRate = 0 }) => {
    const name = `dev_${String(developer).padStart(16, '0')}` as DeveloperId;
    const wish = { units, developer: name, assurance: 'instant', now: clock.now() } as const;
    const made = makeFakeJob(blobs, random, wish);
    const price = payRate * fakeUnitMs(made.record.draft.file.root);
    const record = { ...made.record, unitPrice: lamports(BigInt(price)) };
    clock.after(postedMs, () => hub.command({ type: 'create', ...made, record }));
    if (payRate > 0) fund(clock, hub, record.id);
    return record.id;
  });
  const tookMs: (number | undefined)[] = ids.map(() => undefined);
  clock.every(500, () => {
    for (const [at, id] of ids.entries()) {
      if (tookMs[at] === undefined && hub.view(id)?.state === 'done') {
        tookMs[at] = clock.now() - DAY_ONE - (jobs[at]?.postedMs ?? 0);
      }
    }
    return true;
  });
  clock.run(
    () => 'job' in until && tookMs[until.job] !== undefined,
    'ms' in until ? until.ms : LIMIT_MS,
  );
  return { tookMs, ...readShards(hub, ids) };
}

function readShards(hub: HubNode, ids: readonly JobId[]): Omit<SharedOutcome, 'tookMs'> {
  const shards = selectFacts(hub.facts)('accepted').map(({ shard }) => shard);
  const latest = new Map<PublicKey, JobId>();
  let switches = 0;
  for (const { device, job } of shards) {
    if (latest.has(device) && latest.get(device) !== job) switches += 1;
    latest.set(device, job);
  }
  return {
    switched: switches / Math.max(1, shards.length),
    unitsFrom: (job, fromMs) =>
      shards
        .filter(({ job: id, at }) => id === ids[job] && at - DAY_ONE >= fromMs)
        .reduce((sum, { unitCount }) => sum + unitCount, 0),
  };
}

const large = (developer: number): SharedJob => ({ developer, units: LARGE, postedMs: 0 });
const small = (developer: number, units: number): SharedJob => ({
  ...{ developer, units, postedMs: LATE_MS },
});

/** A small job that comes when large ones have all devices. */
function runAmong(
  name: string,
  world: { devices: number; others: readonly SharedJob[]; contenders: number },
): FairRow {
  const { devices, others, contenders } = world;
  const mine = small(99, SMALL * devices);
  const alone = runShared({ devices, jobs: [mine], until: { job: 0 } }).tookMs[0] ?? Infinity;
  const among = runShared({ devices, jobs: [...others, mine], until: { job: others.length } });
  const tookMs = among.tookMs[others.length] ?? Infinity;
  const ratio = tookMs / alone;
  const most = SLOWER_MAX * contenders;
  const figures = `${seconds(alone)} alone, ${seconds(tookMs)} here: ${ratio.toFixed(1)} times, at most ${most}; ${percent(among.switched)} of shards need another model than the one before`;
  return { name, figures, isFair: ratio <= most };
}

/** What two jobs that always have units get of the devices. */
function runBeside(name: string, prices: readonly [number, number], share: number): FairRow {
  const jobs = prices.map((price, at) => ({
    ...large(at),
    payRate: price,
  }));
  const ran = runShared({ devices: 6, jobs, until: { ms: 300_000 } });
  const [first = 0, second = 0] = [0, 1].map((job) => ran.unitsFrom(job, LATE_MS));
  const got = first / (first + second);
  const figures = `the first got ${percent(got)} of the work, ${percent(share)} is its share; ${percent(ran.switched)} of shards need another model than the one before`;
  return { name, figures, isFair: Math.abs(got - share) < 0.05 };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(0)} s`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Worlds of several jobs, and whether each gets what is its own. */
export function runFair(): FairRow[] {
  const four = [large(0), large(1), large(2), large(3)];
  const eight = Array.from({ length: 8 }, () => large(0));
  return [
    runAmong('a small job among four large ones, 8 devices', {
      ...{ devices: 8, others: four, contenders: 5 },
    }),
    runAmong('a small job among four large ones, one device', {
      ...{ devices: 1, others: four, contenders: 5 },
    }),
    runAmong('a small job beside eight large ones of one other developer, 8 devices', {
      ...{ devices: 8, others: eight, contenders: 2 },
    }),
    runBeside('two free jobs of two developers', [0, 0], 1 / 2),
    runBeside('a paid job and a free one', [1_000, 0], 2 / 3),
    runBeside('one that pays four times what the other pays', [4_000, 1_000], 4 / 5),
  ];
}
