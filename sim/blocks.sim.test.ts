import { expect, test } from 'vitest';
import { BLOCKS_NONE, type Blocks, isBlocked } from '#protocol/api/about.ts';
import type { DeveloperId, PublicKey } from '#protocol/values/ids.ts';
import { aboutJob } from '../hub/core/state/about.ts';
import { openClock } from './world/clock.ts';
import { openDeviceNode } from './world/device-node.ts';
import { makeFakeJob, openFakeBlobs } from './world/fake-model.ts';
import { DAY_ONE, openHubNode } from './world/hub-node.ts';
import { openRandom, type Random } from './world/random.ts';
import { openVerifierNode } from './world/verifier-node.ts';

const DEVICES = 5;
const TRAITS = { cheats: 0, fetchFails: 0, unitMs: 40 };
const WEATHER = { latencyMs: [1, 50] as [number, number], meanLifeMs: 20_000 };
/** After this its hub has heard what a device said, where the line holds. */
const HEARD_MS = 200;
const LIMIT_MS = 3_600_000;

interface Chosen {
  at: number;
  blocks: Blocks;
}

/** Persons who block jobs, developers and categories, and take it back, on lines that break. */
function runBlocks(seed: number) {
  const [random, clock, blobs] = [openRandom(seed), openClock(DAY_ONE), openFakeBlobs()];
  const key = random.nonce() as string as PublicKey;
  const hub = openHubNode({
    ...{ clock, random, weather: WEATHER, blobs, newcomers: { burst: DEVICES, unitsEach: 1 } },
    ...{ verifiers: [key], checkRate: 0.05 },
  });
  const grid = { clock, random, blobs, hub };
  openVerifierNode({ ...grid, key, checkRate: 0.05 });
  const records = (['language', 'vision', 'audio'] as const).map((category, at) => {
    const developer = `dev_${String(at % 2).padStart(16, '0')}` as DeveloperId;
    const wish = { units: 3_000, developer, assurance: 'instant', now: clock.now() } as const;
    const made = makeFakeJob(blobs, random, wish);
    const record = { ...made.record, category };
    hub.command({ type: 'create', ...made, record });
    return record;
  });
  const abouts = new Map(records.map((record) => [record.id, aboutJob(record)]));
  const draw = (chance: Random): Blocks => ({
    jobs: records.filter(() => chance.chance(0.2)).map(({ id }) => id),
    developers: chance.chance(0.2) ? records.slice(0, 1).map(({ developer }) => developer) : [],
    categories: chance.chance(0.3) ? ['vision'] : [],
  });
  const chosen = new Map<PublicKey, Chosen[]>();
  for (let at = 0; at < DEVICES; at += 1) {
    const device = openDeviceNode(grid, `device ${at}`, TRAITS);
    const said: Chosen[] = [{ at: DAY_ONE, blocks: BLOCKS_NONE }];
    chosen.set(device.key, said);
    // The first takes everything, so that every job ends.
    if (at === 0) continue;
    clock.every(random.between(2_000, 9_000), () => {
      const blocks = draw(random);
      said.push({ at: clock.now(), blocks });
      device.block(blocks);
      return true;
    });
  }
  const wrong: string[] = [];
  const seen = new Set<string>();
  clock.every(50, () => {
    for (const { lease, device, issuedAt } of hub.read(({ leases }) => [...leases.values()]) ??
      []) {
      if (seen.has(lease.id)) continue;
      seen.add(lease.id);
      const since = chosen.get(device)?.findLast(({ at }) => at <= issuedAt);
      const about = abouts.get(lease.job);
      if (since === undefined || about === undefined) throw new Error('an unknown lease');
      if (issuedAt - since.at > HEARD_MS && isBlocked(since.blocks, about)) wrong.push(lease.id);
    }
    return true;
  });
  const isDone = () => records.every(({ id }) => hub.view(id)?.state === 'done');
  clock.run(isDone, LIMIT_MS);
  return { wrong, leases: seen.size, isDone: isDone() };
}

test.each([1, 2, 3, 4, 5, 6])(
  'seed %i: no device is lent what its person has blocked, and every job ends',
  (seed) => {
    const { wrong, leases, isDone } = runBlocks(seed);
    expect({ wrong, isDone }).toEqual({ wrong: [], isDone: true });
    expect(leases).toBeGreaterThan(100);
  },
);
