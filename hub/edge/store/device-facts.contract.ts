import { expect, it } from 'vitest';
import { instant } from '#protocol/units.ts';
import type { Fact } from '../../core/events.ts';
import type { Store } from './port.ts';
import { acceptedShard, jobId, keyOf, leaseId } from './sample-facts.ts';

const at = instant(5_000);

const fault = (verifier: number, unit: number): Fact => ({
  type: 'verifier-fault',
  verifier: keyOf(verifier),
  job: jobId(1),
  lease: leaseId(1),
  unit,
  at,
});

/** What is kept of verifiers and devices; a part of the suite every store passes. */
export function checkDevices(open: () => Promise<{ store: Store }>): void {
  it('keeps the last word on verifiers and devices', async () => {
    const { store } = await open();
    const until = instant(9_000.25);
    const { device, package: id } = acceptedShard({ index: 0 });
    const aside = { device, package: id, provider: 'webgpu' as const, until, reason: 'far', at };
    const work = { lease: leaseId(1), unit: 3 };
    const pardon = { device: keyOf(40), bannedAt: at, reason: 'a bad driver', at: until };
    await store.append([
      { type: 'verifier-enrolled', key: keyOf(52), at },
      { type: 'verifier-enrolled', key: keyOf(51), at },
      { type: 'verifier-enrolled', key: keyOf(53), at },
      { type: 'verifier-removed', key: keyOf(53), at },
      fault(52, 3),
      fault(51, 4),
      fault(52, 5),
      { type: 'judged', verifier: keyOf(52), through: 8 },
      { type: 'judged', verifier: keyOf(52), through: 3 },
      { type: 'judged', verifier: keyOf(51), through: 1 },
      { type: 'barred', device: keyOf(40), until: instant(1), reason: 'first', at },
      { type: 'barred', device: keyOf(40), until, reason: 'second', work, at },
      { type: 'pardoned', ...pardon },
      { type: 'set-aside', ...aside },
    ]);
    await store.append([{ type: 'verifier-enrolled', key: keyOf(52), at }]);
    const snapshot = await store.load();
    expect(snapshot.verifiers).toEqual([keyOf(52), keyOf(51)]);
    expect(snapshot.removed).toEqual([keyOf(53)]);
    expect(snapshot.pardons).toEqual([pardon]);
    const byUnit = snapshot.faults.toSorted((a, b) => a.unit - b.unit);
    expect(byUnit).toEqual([
      { verifier: keyOf(52), lease: leaseId(1), unit: 3 },
      { verifier: keyOf(51), lease: leaseId(1), unit: 4 },
      { verifier: keyOf(52), lease: leaseId(1), unit: 5 },
    ]);
    expect(snapshot.aside).toEqual([aside]);
    expect(snapshot.judged).toEqual([
      { verifier: keyOf(51), through: 1 },
      { verifier: keyOf(52), through: 8 },
    ]);
    expect(snapshot.barred).toEqual([
      { device: keyOf(40), until: instant(1), reason: 'first', at },
      { device: keyOf(40), until, reason: 'second', work, at },
    ]);
    await store.close();
  });
}
