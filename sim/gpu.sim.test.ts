import { expect, test } from 'vitest';
import type { PublicKey } from '#protocol/values/ids.ts';
import { selectFacts } from '../hub/core/state/fact-lists.ts';
import { openClock } from './world/clock.ts';
import { openDeviceNode } from './world/device-node.ts';
import { breakingGpu, type FakeGpu, honestGpu } from './world/fake-gpu.ts';
import { makeFakeJob, openFakeBlobs } from './world/fake-model.ts';
import { DAY_ONE, openHubNode } from './world/hub-node.ts';
import { openRandom } from './world/random.ts';
import { openVerifierNode } from './world/verifier-node.ts';

/**
 * Fake GPUs of one class compute a job, all of it checked. `restless`: the
 * last device opens its tab anew every few seconds, and the hub dies once.
 */
function run(
  seed: number,
  gpus: readonly FakeGpu[],
  { restless = false }: { restless?: boolean } = {},
) {
  const [random, clock, blobs] = [openRandom(seed), openClock(DAY_ONE), openFakeBlobs()];
  const key = random.nonce() as string as PublicKey;
  const weather = { latencyMs: [1, 50] as [number, number], meanLifeMs: Number.POSITIVE_INFINITY };
  const newcomers = { burst: 10, unitsEach: 1_000 };
  const hub = openHubNode({
    clock,
    random,
    weather,
    blobs,
    verifiers: [key],
    checkRate: 1,
    newcomers,
  });
  const grid = { clock, random, blobs, hub };
  openVerifierNode({ ...grid, key, checkRate: 1 });
  const devices = gpus.map((gpu, at) =>
    openDeviceNode(grid, `gpu ${at}`, {
      unitMs: 50,
      cheats: 0,
      fetchFails: 0,
      gpu,
    }),
  );
  const made = makeFakeJob(blobs, random, { units: 300, assurance: 'instant', now: clock.now() });
  clock.after(500, () => hub.command({ type: 'create', ...made }));
  if (restless) {
    clock.after(6_000, hub.crash);
    clock.after(7_000, hub.restart);
    clock.every(4_000, () => {
      devices.at(-1)?.vanish();
      devices.at(-1)?.comeBack();
      return true;
    });
  }
  clock.run(() => hub.view(made.record.id)?.state === 'done', 3_600_000);
  const verdicts = selectFacts(hub.facts)('verdict').map(({ signed }) => signed.verdict);
  return { devices, verdicts, hub, job: hub.view(made.record.id) };
}

test.each([1, 2, 3])('seed %i: GPUs that deviate in few units keep their work', (seed) => {
  const { verdicts, job, hub } = run(seed, [honestGpu(), honestGpu(), honestGpu()]);
  expect(job).toMatchObject({ state: 'done', accepted: 300, requeued: 0 });
  const odd = verdicts.filter(({ kind }) => kind !== 'match');
  expect(odd.length).toBeGreaterThan(0);
  expect(odd.map(({ kind, reason }) => [kind, reason])).toEqual(
    odd.map(() => ['inconclusive', 'deviates']),
  );
  expect(selectFacts(hub.facts)('suspended')).toEqual([]);
});

test.each([1, 2, 3])(
  'seed %i: a GPU that breaks is unfit by its third unit that deviates',
  (seed) => {
    const { devices, verdicts, hub, job } = run(seed, [honestGpu(), honestGpu(), breakingGpu()]);
    expect(job).toMatchObject({ state: 'done', accepted: 300 });
    const broken = devices[2]?.key;
    const kinds = verdicts.flatMap(({ device, reason, kind }) =>
      device === broken && reason === 'deviates' ? [kind] : [],
    );
    expect(kinds.slice(0, 3)).toEqual(['inconclusive', 'inconclusive', 'device-unfit']);
    const unfit = verdicts.filter(({ kind }) => kind === 'device-unfit');
    expect(new Set(unfit.map(({ device }) => device))).toEqual(new Set([broken]));
    expect(selectFacts(hub.facts)('banned')).toEqual([]);
  },
);

test.each([1, 2, 3])('seed %i: a GPU that was unfit stays so, whatever begins anew', (seed) => {
  const { devices, hub, job } = run(seed, [honestGpu(), honestGpu(), breakingGpu()], {
    restless: true,
  });
  expect(job).toMatchObject({ state: 'done', accepted: 300 });
  const facts = selectFacts(hub.facts);
  const [suspension, ...more] = facts('suspended');
  expect(more).toEqual([]);
  expect(suspension).toMatchObject({ device: devices[2]?.key, provider: 'webgpu' });
  const later = facts('accepted').filter(
    ({ shard }) => shard.device === suspension?.device && shard.at > suspension.at,
  );
  expect(later).toEqual([]);
});
