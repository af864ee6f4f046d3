import { describe, expect, test } from 'vitest';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { bytesToHex, sha256, utf8ToBytes } from '#protocol/bytes/digest.ts';
import type { Pool } from '#protocol/settlement/accounts.ts';
import { encodeLeafFile } from '#protocol/settlement/leaf-file.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import { type MoneyFacts, makeLeafFile } from '#protocol/settlement/period-leaves.ts';
import type { Digest, JobId, PublicKey, Signature } from '#protocol/values/ids.ts';
import { instant, type Lamports } from '#protocol/values/units.ts';
import { FACTS_NONE } from './facts.ts';
import { findStanding, type Recomputed, recompute } from './recompute.ts';
import { compareRoots, describeDifference } from './recompute-words.ts';

const key = (name: string) => sha256(utf8ToBytes(name));
const address = (name: string) => encodeBase58(key(name)) as Address;
const device = 'aa'.repeat(32) as PublicKey;
const job = 'job_0000000000000001' as JobId;
const pool = key('pool');
const through = instant(3_600_000);
const facts: MoneyFacts = {
  ...FACTS_NONE,
  jobs: [
    {
      number: 1,
      id: job,
      unitPrice: '1000' as Lamports,
      escrow: address('escrow'),
      escrowIndex: 1,
      endedAt: instant(60_000),
      shards: 1,
    },
  ],
  shards: [
    {
      sequence: 1,
      job,
      device,
      package: 'cc'.repeat(32) as Digest,
      // 123 of the newest are held.
      unitCount: 133,
      workBefore: 8_000_000,
      unitCost: 2_000,
    },
  ],
  payouts: [
    {
      index: 2,
      record: { device, recipient: address('wallet'), at: instant(0) },
      signature: '0'.repeat(128) as Signature,
      at: instant(0),
    },
  ],
};

/** The file an honest verifier would write, with `more` lamports more for index 2. */
function fileOf(more = 0n): Uint8Array {
  const made = makeLeafFile(facts, { period: 1n, through, least: { claims: 4, spends: 0 } });
  made.claims.cumulative[2] = (made.claims.cumulative[2] ?? 0n) + more;
  made.spends.cumulative[1] = (made.spends.cumulative[1] ?? 0n) + more;
  return encodeLeafFile(made);
}

function must(file: Uint8Array, of = facts): Recomputed {
  const done = recompute(file, { facts: of, pool });
  if (!done.ok) throw new Error(done.refusal.message);
  return done.value;
}

describe('a period computed again', () => {
  const done = must(fileOf());

  test('has the leaves that the facts say', () => {
    expect(done.differences).toEqual({ count: 0, first: [] });
    expect(done.content.total).toBe(10_000n);
    expect(done.content.dataHash).toEqual(sha256(fileOf()));
  });

  test('shows each leaf that is another one', () => {
    const padded = must(fileOf(5n));
    expect(padded.differences.count).toBe(2);
    expect(padded.differences.first.map(describeDifference)[0]).toContain(
      `Claim 2: the file says 0.000010005 SOL for ${address('wallet')}`,
    );
    const fewer = must(fileOf(), { ...facts, shards: [] });
    expect(fewer.differences.first.map(describeDifference)[0]).toContain('the facts 0 SOL for');
    const elsewhere = facts.payouts.map((each) => ({
      ...each,
      record: { ...each.record, recipient: address('thief') },
    }));
    const moved = must(fileOf(), { ...facts, payouts: elsewhere });
    expect(moved.differences.first.map(describeDifference)).toEqual([
      `Claim 2: the file says 0.00001 SOL for ${address('wallet')}, the facts 0.00001 SOL for ${address('thief')}.`,
    ]);
  });

  test('is compared with the chain root by root', () => {
    const { claimRoot, spendRoot, dataHash, total, claimLeafCount } = done.content;
    const root = { period: 1n, total, claimRoot, dataHash, leafCount: claimLeafCount };
    const standing = { state: 'final' as const, root, spendRoot };
    expect(compareRoots(done, standing)).toEqual([]);
    expect(compareRoots(done, { ...standing, spendRoot: key('x') })).toHaveLength(1);
    const wrong = { ...standing, root: { ...root, claimRoot: key('y'), total: 1n } };
    expect(compareRoots(done, wrong)).toEqual([
      expect.stringContaining('claims root'),
      expect.stringContaining('0.000000001 SOL'),
    ]);
  });

  test('refuses what is no file of leaves', () => {
    expect(recompute(fileOf().slice(1), { facts, pool })).toMatchObject({ ok: false });
  });
});

describe('where a file of leaves stands on the chain', () => {
  const [hash, next] = [key('leaves'), key('more leaves')];
  const empty = { period: 0n, total: 0n, claimRoot: key(''), dataHash: key(''), leafCount: 0 };
  const state = {
    period: 9n,
    spendRoot: key('spends'),
    pending: { state: 1, dataHash: next, challengeEnd: 77n },
    roots: [8n, 9n].map((period) => ({ ...empty, period, dataHash: hash })),
  } as Pool;
  const standingOf = (period: number, dataHash: Uint8Array) =>
    findStanding(state, { period, dataHash: bytesToHex(dataHash) });

  test('is final, pending, older or nowhere', () => {
    expect(standingOf(9, hash)).toMatchObject({ state: 'final', spendRoot: key('spends') });
    expect(standingOf(8, hash)).not.toHaveProperty('spendRoot');
    expect(standingOf(9, next)).toEqual({ state: 'absent' });
    expect(standingOf(10, next)).toEqual({ state: 'pending', challengeEnd: 77n });
    expect(standingOf(10, hash)).toEqual({ state: 'absent' });
    expect(standingOf(1, hash)).toEqual({ state: 'older' });
  });
});
