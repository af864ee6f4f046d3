import { describe, expect, test } from 'vitest';
import { unitsBehind } from '#protocol/checks/check-policy.ts';
import { unitCost } from '#protocol/models/package.ts';
import type { Lease } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { selectFacts } from '../hub/core/state/fact-lists.ts';
import {
  type BareHub,
  type Client,
  codeOf,
  commit,
  deliver,
  heard,
  leaseOf,
  openBareHub,
  revealHead,
} from './fuzz/bare-hub.ts';

describe('silence after a commitment', () => {
  /** Commits to the next lease and says nothing more. */
  function stayDark(grid: BareHub, client: Client): void {
    client.heard.length = 0;
    client.say({ type: 'request' });
    const lease = leaseOf(client);
    commit(client, lease, grid.compute(lease));
    expect(heard(client, 'logged')).toBeDefined();
    grid.wait(lease.deadlineMs + 1);
    expect(codeOf(client)).toBe('lease-expired');
  }
  /** In units of the one job. */
  const standing = (grid: BareHub, { key }: Client): number => {
    const [job] = grid.hub().jobs.values();
    if (job?.manifest === undefined) throw new Error('the job has no package');
    return unitsBehind({
      workBefore: grid.hub().deviceRecords.get(key)?.standing ?? 0,
      unitCost: unitCost(job.manifest),
    });
  };

  test('expires as a fact; the third time costs all trust and a pause, told with its reason', () => {
    const grid = openBareHub(5);
    const { client, lease } = grid.lend();
    deliver(client, lease, grid.compute(lease));
    expect(standing(grid, client)).toBe(lease.unitCount);
    stayDark(grid, client);
    stayDark(grid, client);
    expect(standing(grid, client)).toBe(lease.unitCount);
    stayDark(grid, client);
    expect(standing(grid, client)).toBe(0);
    const facts = selectFacts(grid.facts)('unrevealed');
    expect(facts.map(({ device, atFault, resets }) => [device, atFault, resets])).toEqual([
      [client.key, true, false],
      [client.key, true, false],
      [client.key, true, true],
    ]);
    client.heard.length = 0;
    client.say({ type: 'request' });
    expect(heard(client, 'lease')).toBeUndefined();
    expect(heard(client, 'idle')?.reason).toEqual(
      why('commitments-unrevealed', { commitments: 3, minutes: 5 }),
    );
    const later = grid.connect(client.key, 'contributor');
    grid.wait(10_000);
    grid.restart();
    expect(grid.hub().deviceRecords.get(later.key)?.unrevealed).toBe(3);
    expect(standing(grid, client)).toBe(0);
    const back = grid.connect(client.key, 'contributor');
    back.say({ type: 'request' });
    expect(heard(back, 'lease')).toBeUndefined();
    for (let minute = 0; minute < 6; minute += 1) {
      back.say({ type: 'beat' });
      for (let part = 0; part < 2; part += 1) grid.wait(30_000);
    }
    expect(heard(back, 'admit')).toBeDefined();
  });

  test.each([
    [
      'a lease given back after the commitment',
      (client: Client, lease: Lease) =>
        client.say({
          type: 'give-back',
          lease: lease.id,
          reason: why('hidden', {}),
        }),
    ],
    ['leaving for good', (client: Client) => client.leave()],
    [
      'a reveal that does not open it',
      (client: Client, lease: Lease, outputs: Uint8Array) =>
        client.sayFrame(
          revealHead(lease.id),
          outputs.map((byte) => byte ^ 1),
        ),
    ],
  ])('%s is at fault too', (_, act) => {
    const grid = openBareHub(6);
    const { client, lease } = grid.lend();
    const outputs = grid.compute(lease);
    commit(client, lease, outputs);
    act(client, lease, outputs);
    grid.wait(61_000);
    expect(selectFacts(grid.facts)('unrevealed')).toMatchObject([
      { device: client.key, atFault: true },
    ]);
    expect(grid.view().leased).toBe(0);
  });

  test('costs nothing before the commitment, and nothing that the hub or the job is at fault for', () => {
    const grid = openBareHub(7);
    const early = grid.lend();
    early.client.say({ type: 'give-back', lease: early.lease.id, reason: why('hidden', {}) });
    expect(selectFacts(grid.facts)('unrevealed')).toEqual([]);
    const { client, lease } = grid.lend();
    commit(client, lease, grid.compute(lease));
    grid.restart();
    grid.wait(61_000);
    expect(selectFacts(grid.facts)('unrevealed')).toMatchObject([
      { device: client.key, atFault: false, resets: false },
    ]);
    expect([...grid.hub().deviceRecords.values()].every((each) => each.unrevealed === 0)).toBe(
      true,
    );
  });

  test('does not hold up the end of a job: an idle device gets the same units, nobody is at fault', () => {
    const grid = openBareHub(9, 1);
    const silent = grid.lend();
    commit(silent.client, silent.lease, grid.compute(silent.lease));
    const idle = grid.connect('ad'.repeat(32) as PublicKey, 'contributor');
    const fit = { provider: 'wasm', dtype: 'f32', threads: 1, unitMs: millis(1_000) } as const;
    idle.say({ type: 'admitted', package: silent.lease.package, ...fit, trials: [] });
    idle.say({ type: 'request' });
    expect(heard(idle, 'idle')?.reason.code).toBe('no-units-open');
    grid.wait(5_000);
    const twin = leaseOf(idle);
    expect(twin).toMatchObject({ firstUnit: silent.lease.firstUnit, unitCount: 1 });
    deliver(idle, twin, grid.compute(twin));
    expect(heard(idle, 'accepted')?.units).toBe(1);
    expect(codeOf(silent.client)).toBe('unit-already-accepted');
    expect(selectFacts(grid.facts)('unrevealed')).toMatchObject([
      { atFault: false, resets: false },
    ]);
    silent.client.sayFrame(revealHead(silent.lease.id), grid.compute(silent.lease));
    expect(grid.view()).toMatchObject({ accepted: 1, state: 'finishing' });
  });

  test('a commitment that no lease can honour expires at once after a restart', () => {
    const grid = openBareHub(8);
    const { client, lease } = grid.lend();
    commit(client, lease, grid.compute(lease));
    const { job } = grid;
    const at = instant(grid.now());
    grid.facts.push({
      type: 'job-moved',
      job,
      state: 'cancelled',
      reason: why('cancelled-by-owner', {}),
      at,
    });
    grid.restart();
    expect(selectFacts(grid.facts)('unrevealed')).toMatchObject([{ atFault: false }]);
    grid.restart();
    expect(selectFacts(grid.facts)('unrevealed')).toHaveLength(1);
  });
});
