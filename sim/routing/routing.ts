import type { DeveloperId, JobId, PublicKey, Root } from '#protocol/values/ids.ts';
import { lamports } from '#protocol/values/units.ts';
import { selectFacts } from '../../hub/core/state/fact-lists.ts';
import { openClock } from '../world/clock.ts';
import { openDeviceNode } from '../world/device-node.ts';
import { fakeUnitMs, makeFakeJob, openFakeBlobs } from '../world/fake-model.ts';
import { fund } from '../world/fund.ts';
import { DAY_ONE, openHubNode } from '../world/hub-node.ts';
import { openRandom } from '../world/random.ts';
import { openVerifierNode } from '../world/verifier-node.ts';
import { drawFleet, type RoutedFleet } from './fleet.ts';

/** Devices are set up for models until then. */
const WARM_MS = 120_000;
/** Bad devices are no matter of this world: few checks, so that no device waits for one. */
const CHECK_RATE = 0.001;
/** A job has so many times the units that its share of each device would compute. */
const UNITS_FACTOR = 4;

/** What the fleet computed of each job: units a millisecond, once devices are set up. */
export interface Routed {
  fleet: RoutedFleet;
  rates: number[];
  /** Shards of another model than the one before on the same device, as a share of all. */
  switched: number;
}

/** Lets the real cores of hub, devices and verifier work on all jobs of a fleet at once. */
export function runRouting({ seed, measureMs }: { seed: number; measureMs: number }): Routed {
  const fleet = drawFleet(seed);
  const [random, clock, blobs] = [openRandom(seed), openClock(DAY_ONE), openFakeBlobs()];
  const key = random.nonce() as string as PublicKey;
  const weather = { latencyMs: [1, 50] as [number, number], meanLifeMs: Number.POSITIVE_INFINITY };
  const newcomers = { burst: fleet.devices.length, unitsEach: 1 };
  const grid = { clock, random, blobs, checkRate: CHECK_RATE };
  const hub = openHubNode({ ...grid, weather, newcomers, verifiers: [key] });
  openVerifierNode({ ...grid, hub, key });
  const places = new Map<Root, number>();
  const untilMs = WARM_MS + measureMs;
  const ids = fleet.jobs.map(({ developer, payRate, share }, place): JobId => {
    const wholeSpeed = fleet.devices.reduce((sum, { unitMs }) => sum + 1 / (unitMs[place] ?? 1), 0);
    const units = Math.ceil(UNITS_FACTOR * share * wholeSpeed * untilMs);
    const name = `dev_${String(developer).padStart(16, '0')}` as DeveloperId;
    const wish = { units, developer: name, assurance: 'instant', now: clock.now() } as const;
    const made = makeFakeJob(blobs, random, wish);
    const { root } = made.record.draft.file;
    places.set(root, place);
    const unitPrice = lamports(BigInt(payRate * fakeUnitMs(root)));
    hub.command({ type: 'create', ...made, record: { ...made.record, unitPrice } });
    if (payRate > 0) fund(clock, hub, made.record.id);
    return made.record.id;
  });
  for (const [at, { class: of, unitMs }] of fleet.devices.entries()) {
    const speedOf = (model: Root): number => unitMs[places.get(model) ?? -1] ?? Infinity;
    openDeviceNode({ ...grid, hub }, `device ${at}`, {
      ...{ unitMs: speedOf, cheats: 0, fetchFails: 0, loadMs: 2_000 },
      adapter: fleet.classes[of]?.name ?? 'unknown',
    });
  }
  clock.run(() => false, untilMs);
  const shards = selectFacts(hub.facts)('accepted')
    .map(({ shard }) => shard)
    .filter(({ at }) => at - DAY_ONE >= WARM_MS);
  const rates = ids.map(
    (id) =>
      shards.reduce((sum, { job, unitCount }) => sum + (job === id ? unitCount : 0), 0) / measureMs,
  );
  return { fleet, rates, switched: countSwitched(shards) };
}

function countSwitched(shards: readonly { device: PublicKey; job: JobId }[]): number {
  const latest = new Map<PublicKey, JobId>();
  let switched = 0;
  for (const { device, job } of shards) {
    if (latest.has(device) && latest.get(device) !== job) switched += 1;
    latest.set(device, job);
  }
  return switched / Math.max(1, shards.length);
}
