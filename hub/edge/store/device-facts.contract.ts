import { expect, it } from 'vitest';
import { why } from '#protocol/values/reason.ts';
import { instant } from '#protocol/values/units.ts';
import type { Fact } from '../../core/state/facts.ts';
import type { Store } from './port.ts';
import { acceptedShard, jobId, keyOf, leaseId } from './sample-facts.ts';
import { loadAll } from './store-world.ts';

const at = instant(5_000);

/** What is kept of verifiers and devices; a part of the suite every store passes. */
export function checkDevices(open: () => Promise<{ store: Store }>): void {
  it('keeps what is said of verifiers and devices', async () => {
    const { store } = await open();
    const until = instant(9_000.25);
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
}
