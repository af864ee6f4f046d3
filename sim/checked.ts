import { CHECK_POLICY_DEFAULT, expectedChecks } from '#protocol/checks/check-policy.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { selectFacts } from '../hub/core/state/fact-lists.ts';
import { openClock } from './world/clock.ts';
import { openDeviceNode } from './world/device-node.ts';
import { makeFakeJob, openFakeBlobs } from './world/fake-model.ts';
import { DAY_ONE, openHubNode } from './world/hub-node.ts';
import { openRandom } from './world/random.ts';
import { openVerifierNode } from './world/verifier-node.ts';

interface Row {
  jobs: number;
  unitsEach: number;
  models: number;
  devices: number;
}

const LIMIT_MS = 24 * 3_600_000;
const TRAITS = { cheats: 0, fetchFails: 0 };

/**
 * Jobs one after another on the real cores: the share of each job's units that was checked. Models
 * take turns, and their units cost from 20 to 147 ms.
 */
export function runJobsInARow({ jobs, unitsEach, models, devices }: Row): number[] {
  const [random, clock, blobs] = [openRandom(jobs), openClock(DAY_ONE), openFakeBlobs()];
  const key = random.nonce() as string as PublicKey;
  const weather = { latencyMs: [1, 50] as [number, number], meanLifeMs: Number.POSITIVE_INFINITY };
  const checks = { checkRate: 1, checks: CHECK_POLICY_DEFAULT };
  const newcomers = { burst: devices, unitsEach: 1 };
  const hub = openHubNode({
    clock,
    random,
    weather,
    blobs,
    newcomers,
    verifiers: [key],
    ...checks,
  });
  const grid = { clock, random, blobs, hub };
  openVerifierNode({ ...grid, key, ...checks });
  for (let at = 0; at < devices; at += 1) {
    openDeviceNode(grid, `device ${at}`, { ...TRAITS, unitMs: 50 + 10 * (at % 6) });
  }
  const ids: JobId[] = [];
  for (let job = 0; job < jobs; job += 1) {
    const model = String(job % models);
    const wish = { units: unitsEach, assurance: 'instant', model, now: clock.now() } as const;
    const made = makeFakeJob(blobs, random, wish);
    ids.push(made.record.id);
    hub.command({ type: 'create', ...made });
    const end = clock.run(() => hub.view(made.record.id)?.state === 'done', LIMIT_MS);
    if (end === 'late') throw new Error(`job ${job + 1} of ${jobs} did not end`);
  }
  const verdicts = selectFacts(hub.facts)('verdict').map(({ signed }) => signed.verdict.job);
  return ids.map((id) => verdicts.filter((job) => job === id).length / unitsEach);
}

const DEVICES = [1, 10, 100];
const UNITS = [100, 1_000, 10_000];
const ORDINALS = [
  [1, '1st'],
  [3, '3rd'],
  [10, '10th'],
] as const;

/** Checks of the n-th of jobs in a row whose units cost the same, shared evenly, by the policy. */
export function tabulateJobs(): string {
  const heads = [
    'devices',
    'units of a job',
    ...ORDINALS.map(([, name]) => `checks of the ${name}`),
  ];
  const rows = DEVICES.flatMap((devices) =>
    UNITS.map((units) => {
      const each = units / devices;
      const cells = ORDINALS.map(([nth]) => {
        const before = (nth - 1) * each;
        const checks = devices * expectedChecks(CHECK_POLICY_DEFAULT, before, each);
        return `${Math.round(checks).toLocaleString('en')} (${((100 * checks) / units).toFixed(1)} %)`;
      });
      return [devices.toLocaleString('en'), units.toLocaleString('en'), ...cells];
    }),
  );
  return [heads, heads.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
