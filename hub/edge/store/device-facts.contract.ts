import { expect, it } from 'vitest';
import type { Address } from '#protocol/settlement/money-api.ts';
import { why } from '#protocol/values/reason.ts';
import { instant } from '#protocol/values/units.ts';
import type { FactOf } from '../../core/state/fact-lists.ts';
import type { Fact } from '../../core/state/facts.ts';
import type { DeviceRecord } from '../../core/state/trust.ts';
import type { Store } from './port.ts';
import { acceptedShard, jobId, keyOf, leaseId } from './sample-facts.ts';
import { loadAll } from './store-world.ts';

const at = instant(5_000);
const until = instant(9_000.25);

/** What is kept of verifiers and devices; a part of the suite every store passes. */
export function checkDevices(open: () => Promise<{ store: Store }>): void {
  it('keeps what is said of verifiers and devices', async () => {
    const { store } = await open();
    const { device, package: id } = acceptedShard({ index: 0 });
    const suspension = {
      device,
      package: id,
      provider: 'webgpu' as const,
      until,
      reason: why('too-far-off', { provider: 'webgpu', where: 'outputs' }),
      at,
    };
    const work = { lease: leaseId(1), unit: 3 };
    const pardon = { device: keyOf(40), bannedAt: at, reason: 'a bad driver', at: until };
    const facts: Fact[] = [
      { type: 'verifier-enrolled', key: keyOf(52), at },
      { type: 'verifier-enrolled', key: keyOf(51), at },
      { type: 'judged', verifier: keyOf(52), through: 8 },
      { type: 'judged', verifier: keyOf(51), through: 1 },
      { type: 'verifier-removed', key: keyOf(51), at },
      { type: 'banned', device: keyOf(40), until: instant(1), at },
      { type: 'banned', device: keyOf(40), until, work, at },
      { type: 'pardoned', ...pardon },
      { type: 'suspended', ...suspension },
      { type: 'resolved', job: jobId(1), ...work, outcome: 'wrong', at },
      { type: 'verifier-fault', verifier: keyOf(51), job: jobId(1), ...work, at },
    ];
    await store.append(facts);
    expect(await loadAll(store)).toEqual(facts);
    await store.close();
  });

  it('forgets the names of a profile that is removed, and no other ones', async () => {
    const { store } = await open();
    const profile = (device: number, name: string): FactOf<'profile'> => ({
      ...{ type: 'profile', device: keyOf(device), name, team: 'Red Team' },
      ...{ signedAt: at, at },
    });
    const removed: FactOf<'profile'> = { type: 'profile', device: keyOf(1), signedAt: until, at };
    await store.append([profile(1, 'Ann'), profile(2, 'Bob'), profile(1, 'Annie'), removed]);
    const facts = await loadAll(store);
    const bare = { type: 'profile', device: keyOf(1), signedAt: at, at };
    expect(facts).toEqual([bare, profile(2, 'Bob'), bare, removed]);
    await store.close();
  });

  it('gives what was known of a device when it was last archived', async () => {
    const { store } = await open();
    const known = (standing: number): DeviceRecord => ({
      ...{ standing, judgedWork: 7, resetAt: at, unrevealed: 2, bannedAt: [at, until] },
      suspensions: [],
      ban: { device: keyOf(40), until, at, work: { lease: leaseId(1), unit: 3 } },
      places: { 0: 0, 2: 3 },
      ...{ payouts: 1, recipient: 'W'.repeat(43) as Address, shards: 0 },
    });
    const moved = (type: 'device-archived' | 'device-recalled', standing: number): Fact => {
      return { type, device: keyOf(40), known: known(standing), at };
    };
    expect(await store.device(keyOf(40))).toBeUndefined();
    const facts = [
      moved('device-archived', 1),
      moved('device-recalled', 1),
      moved('device-archived', 2),
      { ...moved('device-archived', 3), device: keyOf(41) },
    ] as Fact[];
    await store.append(facts);
    expect(await store.device(keyOf(40))).toEqual(known(2));
    expect(await store.device(keyOf(42))).toBeUndefined();
    expect(await loadAll(store)).toEqual(facts);
    await store.close();
  });

  it('numbers bans from 1, with their pardons, of all devices and of one', async () => {
    const { store } = await open();
    const banned = (device: number, when: number): Fact => {
      return { type: 'banned', device: keyOf(device), until, at: instant(when) };
    };
    const pardon = { device: keyOf(40), bannedAt: instant(1.5), reason: 'a fan', at: instant(3) };
    await store.append([banned(40, 1.5), banned(41, 1.5)]);
    await store.append([{ type: 'pardoned', ...pardon }, banned(40, 4)]);
    await store.append([{ type: 'pardoned', ...pardon, reason: 'again' }]);
    const bans = [
      { number: 1, device: keyOf(40), at: 1.5, pardonedAt: 3, pardonReason: 'a fan' },
      { number: 2, device: keyOf(41), at: 1.5 },
      { number: 3, device: keyOf(40), at: 4 },
    ];
    expect(await store.bans(0, 9)).toEqual(bans);
    expect(await store.bans(1, 1)).toEqual(bans.slice(1, 2));
    expect(await store.bans(3, 9)).toEqual([]);
    expect(await store.bansOf(keyOf(40))).toEqual([bans[0], bans[2]]);
    expect(await store.bansOf(keyOf(42))).toEqual([]);
    await store.close();
  });
}
