import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { JobRecord } from '#protocol/api/job.ts';
import { decodeDigests } from '#protocol/bytes/base64.ts';
import { digest, digestAt, digestCommitment } from '#protocol/bytes/digest.ts';
import { isSigned } from '#protocol/bytes/signature.ts';
import { AcceptedShard } from '#protocol/records/records.ts';
import { projectLedger } from '#protocol/settlement/ledger.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { openHub } from '../../core/hub.ts';
import { selectFacts } from '../../core/state/fact-lists.ts';
import type { AppliedFact, Fact } from '../../core/state/facts.ts';
import type { Store } from './port.ts';
import { openFileStore } from './store.ts';
import { loadAll, unitsIn } from './store-world.ts';

/**
 * A database that the hub of commit c66a133 wrote, whose tables and protocol version were others:
 * `npm start -- --once` there, with the first 130 images of the sample in units of one item, 20,000
 * lamports each, paid for on its development chain; then `vacuum into` and `gzip -9`.
 */
const FILE = join(import.meta.dirname, 'sample-c66a133.db.gz');
const UNITS = 130;
const PRICE = 20_000n;
const UNIT_BYTES = 10 * 4;
/** Of each device and package, under its protocol version. */
const UNPAID = 100;
const HUB = 'b910a8d477a562cb165f1cb900e2c9d056c91bc7a185c8d2ad4516db2f2fecf0' as PublicKey;

const folder = openTestFolder();
const file = join(folder, 'hub.db');
let store: Store;
let facts: AppliedFact[];
let id: JobId;

beforeAll(async () => {
  await writeFile(file, gunzipSync(await readFile(FILE)));
  store = await openFileStore(file);
  facts = await loadAll(store);
  id = (await store.jobs(Number.MAX_SAFE_INTEGER, 9))[0]?.id as JobId;
  return () => store.close();
});

const of: ReturnType<typeof selectFacts> = (type) => selectFacts(facts as Fact[])(type);

describe('a store of commit c66a133', () => {
  test('has its job, whose records have the form of today', () => {
    const [created] = of('job-created');
    expect(decodeWith(JobRecord, created?.record, 'internal')).toMatchObject({ ok: true });
    const checks = { type: 'flat', rate: 1 } as const;
    const config = { checks, iceServers: [], needsVerifier: true, hub: HUB };
    const hub = openHub(facts, { ...config, beatMs: millis(20_000), barMs: millis(1) });
    const job = hub.jobs.get(id);
    expect(job).toMatchObject({ state: 'done', acceptedUnits: UNITS, checked: 129, mismatched: 0 });
    const packages = facts.flatMap((fact) => (fact.type === 'accepted' ? fact.shard.package : []));
    expect(packages).toEqual(Array(3).fill(job?.packageId));
    expect([hub.acceptedUnits, hub.nextIndex, hub.nextSequence]).toEqual([UNITS, 3, 3]);
  });

  test('has results that are those the device committed to', async () => {
    const results = await store.results(id, unitsIn(0, UNITS));
    expect(results.reduce((sum, { shard }) => sum + shard.unitCount, 0)).toBe(UNITS);
    for (const { shard, outputs } of results) {
      expect(decodeWith(AcceptedShard, shard, 'internal')).toMatchObject({ ok: true });
      const digests = decodeDigests(shard.digests, shard.unitCount) ?? new Uint8Array();
      const units = Array.from({ length: shard.unitCount }, (_, unit) => unit * UNIT_BYTES);
      const found = units.map((from) => digest(outputs.subarray(from, from + UNIT_BYTES)));
      expect(found).toEqual(units.map((_, unit) => digestAt(digests, unit)));
    }
  });

  test('has receipts whose commitments open and whose signatures hold', async () => {
    const receipts = await store.receipts(id, 0, 99);
    expect(receipts).toHaveLength(3);
    for (const { shard, salt, commitmentSignature, log, logSignature } of receipts) {
      const { lease, device, commitment, taps, unitCount } = shard;
      const digests = decodeDigests(shard.digests, unitCount) ?? new Uint8Array();
      expect(digestCommitment({ lease, device, salt, digests, taps })).toBe(commitment);
      const record = { lease, device, commitment };
      const [signature, key] = [commitmentSignature, device];
      expect(isSigned({ key, context: 'commitment', record, signature })).toBe(true);
      const entry = { key: HUB, context: 'log-entry', record: log } as const;
      expect(isSigned({ ...entry, signature: logSignature })).toBe(true);
    }
  });

  test('has verdicts, numbered, that its verifier signed', async () => {
    const verdicts = await store.verdicts(0, 999);
    expect(verdicts.map(({ number }) => number)).toEqual(verdicts.map((_, place) => place + 1));
    expect(verdicts).toHaveLength(129);
    const [enrolled] = of('verifier-enrolled');
    for (const { signed } of verdicts) {
      const { verdict: record, signature } = signed;
      const { kind, verifier: key } = record;
      expect([kind, key]).toEqual(['match', enrolled?.key]);
      expect(isSigned({ key, context: 'verdict', record, signature })).toBe(true);
    }
  });

  test('has a ledger: a trial of its time without pay, a part of the rest held, then paid', () => {
    const [created, funded, payout] = [of('job-created'), of('job-funded'), of('payout-linked')];
    const ended = of('job-moved').find(({ state }) => state === 'done');
    const job = {
      id,
      unitPrice: BigInt(created[0]?.record.unitPrice ?? 0),
      escrow: funded[0]?.funding.escrow ?? '',
      endedAt: ended?.at ?? instant(0),
    };
    const shards = facts.flatMap((fact) => (fact.type === 'accepted' ? [fact.shard] : []));
    const { device } = shards[0] as AcceptedShard;
    const payouts = payout.map(({ payout: { record, index } }) => ({ ...record, index }));
    const ledgerAt = (through: number) =>
      projectLedger({
        ...{ jobs: [job], shards, bans: [], payouts, closings: [] },
        through: instant(through),
      });
    const pay = BigInt(UNITS - UNPAID) * PRICE;
    const atEnd = ledgerAt(job.endedAt).balances.get(device);
    expect(atEnd).toMatchObject({ accrued: pay, held: 4n * PRICE });
    const later = ledgerAt(job.endedAt + 4 * 86_400_000);
    expect(later.balances.get(device)).toMatchObject({ held: 0n, released: pay });
    expect(later.spends.get(job.escrow)).toBe(pay);
  });

  test('is the same when it is opened again', async () => {
    await store.close();
    store = await openFileStore(file);
    expect(await loadAll(store)).toEqual(facts);
  });
});
