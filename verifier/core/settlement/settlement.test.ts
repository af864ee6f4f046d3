import { describe, expect, it } from 'vitest';
import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import { millis } from '#protocol/values/units.ts';
import { nextStep, type PendingView, type PoolView, type SettlementState } from './settlement.ts';

const self = 'a'.repeat(64) as PublicKey;
const other = 'b'.repeat(64) as PublicKey;
const ours = '1'.repeat(64) as Digest;
const theirs = '2'.repeat(64) as Digest;

const pool = (change: Partial<PoolView> = {}): PoolView => ({
  period: 3,
  attempt: 0,
  total: 100n,
  finalizedAt: 1_000,
  dataHash: theirs,
  pending: undefined,
  verifiers: [self, other],
  turn: 0,
  ...change,
});
const pending = (change: Partial<PendingView> = {}): PendingView => ({
  state: 'collecting',
  dataHash: ours,
  signers: [other],
  challengeEnd: 0,
  until: 5_000,
  ...change,
});
const step = (change: Partial<SettlementState>) =>
  nextStep({
    pool: pool(),
    self,
    signed: undefined,
    pulled: 3,
    reviewed: undefined,
    now: 2_000,
    everyMs: millis(600_000),
    ...change,
  });

describe('with nothing pending', () => {
  it('brings in the escrows of the last period before it begins another', () => {
    expect(step({ pulled: 2 })).toEqual({ type: 'pull', dataHash: theirs });
    expect(step({})).toEqual({ type: 'propose' });
    expect(step({ pool: pool({ period: 0, dataHash: undefined }), pulled: 0 }).type).toBe(
      'propose',
    );
  });

  it('waits until the next one is due, and for its turn', () => {
    expect(step({ now: 1_599 }).type).toBe('wait');
    expect(step({ now: 1_600 }).type).toBe('propose');
    const second = pool({ verifiers: [other, self] });
    expect(step({ pool: second, now: 1_600 }).type).toBe('wait');
    expect(step({ pool: { ...second, turn: 1 }, now: 1_600 }).type).toBe('propose');
    expect(step({ pool: pool({ turn: 1 }), now: 1_600 }).type).toBe('wait');
    expect(step({ pool: pool({ verifiers: [other] }) }).type).toBe('wait');
  });

  it('proposes what it has signed for this attempt, and nothing else', () => {
    const signed = { period: 4, attempt: 0, dataHash: ours };
    expect(step({ signed })).toEqual({ type: 'propose', again: ours });
    expect(step({ signed, pool: pool({ attempt: 1 }) })).toEqual({ type: 'propose' });
    expect(step({ signed: { ...signed, period: 3 } })).toEqual({ type: 'propose' });
  });

  it('takes a root that has expired for none', () => {
    expect(step({ pool: pool({ pending: pending({ until: 1_999 }) }) }).type).toBe('propose');
  });
});

describe('with a root that collects signatures', () => {
  const at = (change: Partial<PendingView>) => ({ pool: pool({ pending: pending(change) }) });

  it('recomputes it before signing', () => {
    expect(step(at({}))).toEqual({ type: 'attest', dataHash: ours });
  });

  it('waits once it has signed, when it disagrees, or is not in the set', () => {
    expect(step(at({ signers: [self] })).type).toBe('wait');
    expect(step({ ...at({}), reviewed: { dataHash: ours, agrees: false } }).type).toBe('wait');
    expect(step({ pool: pool({ pending: pending(), verifiers: [other] }) }).type).toBe('wait');
  });

  it('signs no second content for one attempt', () => {
    const signed = { period: 4, attempt: 0, dataHash: theirs };
    expect(step({ ...at({}), signed }).type).toBe('wait');
    expect(step({ ...at({}), signed: { ...signed, dataHash: ours } }).type).toBe('attest');
    expect(step({ ...at({}), signed: { ...signed, period: 3 } }).type).toBe('attest');
  });
});

describe('with a root that a quorum has signed', () => {
  const attested = (change: Partial<PendingView> = {}) => ({
    pool: pool({ pending: pending({ state: 'attested', challengeEnd: 2_000, ...change }) }),
  });

  it('recomputes what it has not signed, and makes nothing final that it disagrees with', () => {
    expect(step(attested())).toEqual({ type: 'review', dataHash: ours });
    const reviewed = { dataHash: ours, agrees: true };
    expect(step({ ...attested(), reviewed }).type).toBe('finalize');
    expect(step({ ...attested(), reviewed: { ...reviewed, agrees: false } }).type).toBe('wait');
  });

  it('makes it final when the window has ended', () => {
    expect(step(attested({ signers: [self] })).type).toBe('finalize');
    expect(step(attested({ signers: [self], challengeEnd: 2_001 })).type).toBe('wait');
  });
});
