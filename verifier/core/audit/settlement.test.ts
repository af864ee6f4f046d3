import { describe, expect, it } from 'vitest';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { sha256 } from '#protocol/bytes/digest.ts';
import type { LoggedShard } from '#protocol/records/public-log.ts';
import type { AcceptedShard, SignedVerdict, Verdict } from '#protocol/records/records.ts';
import type { Pool } from '#protocol/settlement/accounts.ts';
import { buildTrees, encodeLeafFile, type LeafFile } from '#protocol/settlement/leaf-file.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import { type MoneyFacts, makeLeafFile } from '#protocol/settlement/period-leaves.ts';
import type { Digest, JobId, LeaseId, Nonce, PublicKey, Signature } from '#protocol/values/ids.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import { auditSettlement, type SettlementEvidence } from './settlement.ts';

const POOL = new Uint8Array(32).fill(7);
const address = (byte: number) => encodeBase58(new Uint8Array(32).fill(byte)) as Address;
const key = (digit: string) => digit.repeat(64) as PublicKey;
const device = key('d');
const JOB = 'job_00000000000000aa' as JobId;
const SIGNATURE = '0'.repeat(128) as Signature;
const FORGED = '1'.repeat(128) as Signature;

const earning = {
  sequence: 4,
  job: JOB,
  device,
  package: 'e'.repeat(64) as Digest,
  unitCount: 300,
  workBefore: 100_000,
  unitCost: 100,
};
const FACTS: MoneyFacts = {
  jobs: [
    {
      number: 1,
      id: JOB,
      unitPrice: lamports(10n),
      escrow: address(3),
      escrowIndex: 0,
      endedAt: instant(1_000),
      shards: 1,
    },
  ],
  shards: [earning],
  payouts: [
    {
      index: 0,
      record: { device, recipient: address(5), at: instant(1) },
      signature: SIGNATURE,
      at: instant(1),
    },
  ],
  bans: [],
  closings: [],
};

const logged = (change: Partial<AcceptedShard> = {}, voided = false): LoggedShard => ({
  shard: { ...earning, ...change } as AcceptedShard,
  salt: '0'.repeat(64) as Nonce,
  voided,
});

const mismatch = (verifier: PublicKey): SignedVerdict => ({
  verdict: {
    device,
    verifier,
    kind: 'mismatch',
    job: JOB,
    unit: 3,
    lease: 'f'.repeat(32) as LeaseId,
  } as Verdict,
  signature: SIGNATURE,
});

/** A final period of these facts, as a chain has it. */
function evidenceOf(
  change: Partial<SettlementEvidence> & { file?: (file: LeafFile) => LeafFile } = {},
): SettlementEvidence {
  const least = { claims: 0, spends: 0 };
  const made = makeLeafFile(FACTS, { period: 1n, through: instant(2_000), least });
  const file = change.file?.(made) ?? made;
  const bytes = encodeLeafFile(file);
  const { claims, spends } = buildTrees(file, POOL);
  return {
    pool: { address: POOL, state: { period: 1n, spendRoot: spends.root } as Pool },
    root: {
      period: 1n,
      total: claims.total,
      claimRoot: claims.root,
      dataHash: sha256(bytes),
      leafCount: claims.leafCount,
    },
    bytes,
    facts: FACTS,
    shards: [logged()],
    verdicts: [],
    ...change,
  };
}
const audit = (change: Parameters<typeof evidenceOf>[0] = {}) =>
  auditSettlement(evidenceOf(change), {
    verify: ({ signature }) => signature === SIGNATURE,
    hash: sha256,
  }).faults.map(({ code }) => code);

describe('an audit of settlement', () => {
  it('finds nothing wrong where chain, file, facts and log agree', () => {
    expect(audit()).toEqual([]);
    expect(evidenceOf().root.total).toBeGreaterThan(0n);
  });

  it('finds a file that is not the one on the chain', () => {
    const { bytes, root } = evidenceOf();
    const other = bytes.slice();
    other[bytes.length - 1] = 1;
    expect(audit({ bytes: other })).toContain('leaves');
    expect(audit({ bytes: bytes.slice(1) })).toEqual(['leaves']);
    expect(audit({ root: { ...root, total: 1n } })).toEqual(['leaves']);
    const pool = { address: POOL, state: { period: 1n, spendRoot: POOL } as Pool };
    expect(audit({ pool })).toEqual(['leaves']);
  });

  it('finds what was paid and not earned, though chain and file agree', () => {
    const file = (made: LeafFile): LeafFile => {
      made.claims.cumulative[0] = (made.claims.cumulative[0] ?? 0n) + 5n;
      made.spends.cumulative[0] = (made.spends.cumulative[0] ?? 0n) + 5n;
      return made;
    };
    expect(audit({ file })).toEqual(['facts', 'facts']);
  });

  it('finds pay for shards that the log has not, or has otherwise', () => {
    expect(audit({ shards: [] })).toEqual(['shard']);
    expect(audit({ shards: [logged({}, true)] })).toEqual(['shard']);
    expect(audit({ shards: [logged({ unitCount: 200 })] })).toEqual(['shard']);
    expect(audit({ shards: [logged({ device: key('a') })] })).toEqual(['shard']);
    const twice = { ...FACTS, shards: [earning, earning] };
    expect(audit({ facts: twice })).toContain('shard');
  });

  it('finds an address that its device has not signed', () => {
    const payouts = FACTS.payouts.map((payout) => ({ ...payout, signature: FORGED }));
    expect(audit({ facts: { ...FACTS, payouts } })).toEqual(['payout']);
  });

  it('finds a device that was spared though as many verifiers as it takes found it wrong', () => {
    expect(audit({ verdicts: [mismatch(key('1'))] })).toEqual(['spared']);
    const matching = { ...mismatch(key('2')), verdict: { ...mismatch(key('2')).verdict } };
    matching.verdict.kind = 'match';
    expect(audit({ verdicts: [mismatch(key('1')), matching] })).toEqual([]);
    expect(audit({ verdicts: [mismatch(key('1')), mismatch(key('2'))] })).toEqual(['spared']);
    const { verdict, signature } = mismatch(key('2'));
    const guess = { verdict: { ...verdict, reference: 'e'.repeat(64) as Digest }, signature };
    expect(audit({ verdicts: [mismatch(key('1')), guess] })).toEqual([]);
    const forged = { ...mismatch(key('1')), signature: FORGED };
    expect(audit({ verdicts: [forged] })).toEqual([]);
    const bans = [{ number: 1, device, at: instant(9_000) }];
    expect(audit({ verdicts: [mismatch(key('1'))], facts: { ...FACTS, bans } })).toEqual([]);
  });
});
