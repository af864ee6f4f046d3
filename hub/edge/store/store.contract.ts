import { expect, it } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { refusal } from '#protocol/refusal.ts';
import { instant } from '#protocol/units.ts';
import type { Fact } from '../../core/events.ts';
import { REASON_CREATED } from '../../core/snapshot.ts';
import { checkDevices } from './device-facts.contract.ts';
import { checkFingerprints } from './fingerprints.contract.ts';
import type { Store } from './port.ts';
import {
  accepted,
  acceptedShard,
  committed,
  committedShard,
  jobCreated,
  jobId,
  keyOf,
  lapsed,
  leaseId,
  manifestOf,
  openedEpoch,
  outputsOf,
  revealedEpoch,
  saltOf,
  signedVerdict,
} from './sample-facts.ts';

/** What a store under test gives the suite; `reopen` is absent where nothing outlives `close`. */
export interface StoreWorld {
  store: Store;
  reopen?(): Promise<Store>;
}

const at = instant(5_000);
const moved = (job: number, state: Extract<Fact, { type: 'job-moved' }>['state'], when: number) =>
  ({
    type: 'job-moved',
    job: jobId(job),
    state,
    reason: `because ${state}`,
    at: instant(when),
  }) satisfies Fact;
const voided = (sequence: number, job = 1): Fact => ({
  type: 'voided',
  sequence,
  job: jobId(job),
  reason: 'wrong outputs',
  at,
});

/** The suite every store passes: what is appended comes back, whole and in order. */
export function checkStore(open: () => Promise<StoreWorld>): void {
  checkJobs(open);
  checkShards(open);
  checkReleases(open);
  checkResults(open);
  checkFingerprints(open);
  checkReceipts(open);
  checkLog(open);
  checkEpochs(open);
  checkDevices(open);
  checkGroups(open);
  checkKept(open);
}

const EMPTY = {
  jobs: [],
  accepted: [],
  released: [],
  voided: [],
  pending: [],
  verdicts: [],
  epochs: [],
  judged: [],
  barred: [],
  aside: [],
  lapses: [],
  verifiers: [],
  removed: [],
  pardons: [],
  faults: [],
  money: { funded: [], ended: [], closings: [], payouts: [], leafFiles: [] },
  nextIndex: 0,
  nextSequence: 0,
};

function checkJobs(open: () => Promise<StoreWorld>): void {
  it('starts empty', async () => {
    const { store } = await open();
    expect(await store.load()).toEqual(EMPTY);
    expect(await store.results(jobId(1), 0, 100)).toEqual([]);
    expect(await store.receipts(jobId(1), 0, 100)).toEqual([]);
    expect(await store.verdicts(0, 100)).toEqual([]);
    expect(await store.epochs(0, 100)).toEqual([]);
    expect(await store.commitments(0, 100)).toEqual([]);
    expect(await store.shards(0, 100)).toEqual([]);
    await store.append([]);
    await store.close();
  });

  it('keeps where each job stands', async () => {
    const { store } = await open();
    const [one, two] = [jobCreated(2), jobCreated(1)];
    await store.append([one, two, moved(1, 'quoted', 10), moved(1, 'running', 20)]);
    await store.append([
      { type: 'job-packaged', job: jobId(1), manifest: manifestOf(1), canaries: [3, 7] },
    ]);
    await store.append([moved(1, 'finishing', 30), moved(1, 'done', 40)]);
    const refused = refusal('model-opset', 'the opset is too new; export with opset 17', 'opset');
    await store.append([{ ...moved(2, 'refused', 50), refusal: refused }]);
    const { jobs } = await store.load();
    expect(jobs).toEqual([
      {
        record: one.record,
        inputDigests: one.inputDigests,
        state: 'refused',
        reason: 'because refused',
        endedAt: 50,
        refusal: refused,
        canaries: [],
      },
      {
        record: two.record,
        inputDigests: two.inputDigests,
        manifest: manifestOf(1),
        canaries: [3, 7],
        state: 'done',
        reason: 'because done',
        startedAt: 20,
        endedAt: 40,
      },
    ]);
    await store.close();
  });

  it('says why a job that never moved stands still', async () => {
    const { store } = await open();
    await store.append([jobCreated(1)]);
    const { jobs } = await store.load();
    expect(jobs[0]).toMatchObject({ state: 'checking', reason: REASON_CREATED });
    await store.close();
  });
}

function checkShards(open: () => Promise<StoreWorld>): void {
  it('gives back commitments until they are accepted, and counts on from the last', async () => {
    const { store } = await open();
    await store.append([jobCreated(1), committed({ index: 0 }), committed({ index: 5 })]);
    await store.append([committed({ index: 3 }), accepted({ index: 5, sequence: 9 })]);
    const snapshot = await store.load();
    expect(snapshot.pending).toEqual([committedShard({ index: 0 }), committedShard({ index: 3 })]);
    expect(snapshot.accepted).toEqual([acceptedShard({ index: 5, sequence: 9 })]);
    expect(snapshot.nextIndex).toBe(6);
    expect(snapshot.nextSequence).toBe(10);
    await store.close();
  });

  it('gives back no commitment that lapsed, and counts those a device is blamed for', async () => {
    const { store } = await open();
    await store.append([0, 1, 2, 3, 4].map((index) => committed({ index })));
    await store.append([
      lapsed(3, { device: 40, at: 70 }),
      lapsed(0, { device: 41, at: 80 }),
      lapsed(1, { device: 40, at: 90.5, resets: true }),
      lapsed(4, { device: 40, at: 95, blamed: false }),
    ]);
    const snapshot = await store.load();
    expect(snapshot.pending).toEqual([committedShard({ index: 2 })]);
    expect(snapshot.lapses).toEqual([
      { device: keyOf(40), count: 2, resetAt: 90.5 },
      { device: keyOf(41), count: 1 },
    ]);
    expect(snapshot.nextIndex).toBe(5);
    await expect(store.append([lapsed(3, { device: 40, at: 99 })])).rejects.toMatchObject({
      refusal: { code: 'storage-failed' },
    });
    await store.close();
  });

  it('leaves a voided shard out of results, and keeps it for who asks by its lease', async () => {
    const { store } = await open();
    const [a, b, c] = [
      { index: 0, firstUnit: 0, unitCount: 3 },
      { index: 1, firstUnit: 3, unitCount: 2 },
      { index: 2, firstUnit: 0, unitCount: 4, job: 2 },
    ];
    await store.append([jobCreated(1), jobCreated(2)]);
    await store.append([a, b, c].flatMap((choice) => [committed(choice), accepted(choice)]));
    await store.append([voided(0), voided(2, 2)]);
    const snapshot = await store.load();
    expect(snapshot.accepted).toEqual([acceptedShard(b)]);
    expect(snapshot.pending).toEqual([]);
    expect(snapshot.voided).toEqual([acceptedShard(a), acceptedShard(c)]);
    expect(snapshot.nextSequence).toBe(3);
    expect(await store.results(jobId(1), 0, 8)).toHaveLength(1);
    expect(await store.receipts(jobId(2), 0, 8)).toEqual([]);
    for (const choice of [a, b]) {
      const delivered = { shard: acceptedShard(choice), outputs: outputsOf(choice) };
      expect(await store.delivered(delivered.shard.lease)).toEqual(delivered);
    }
    expect(await store.delivered(leaseId(99))).toBeUndefined();
    await store.close();
  });
}

function checkReleases(open: () => Promise<StoreWorld>): void {
  it('keeps what is released, each once', async () => {
    const { store } = await open();
    const released = (sequence: number): Fact => ({
      type: 'released',
      sequence,
      job: jobId(1),
      at,
    });
    const choices = [0, 1, 2].map((index) => ({ index, firstUnit: index * 2, unitCount: 2 }));
    await store.append([jobCreated(1)]);
    await store.append(choices.flatMap((choice) => [committed(choice), accepted(choice)]));
    await store.append([released(2), released(0)]);
    expect([...(await store.load()).released].sort()).toEqual([0, 2]);
    await expect(store.append([released(2)])).rejects.toThrow();
    await store.close();
  });
}

function checkResults(open: () => Promise<StoreWorld>): void {
  it('finds the shards that overlap a range, with their bytes', async () => {
    const { store } = await open();
    const choices = [
      { index: 4, sequence: 0, firstUnit: 4, unitCount: 2 },
      { index: 5, sequence: 1, firstUnit: 0, unitCount: 4 },
      { index: 6, sequence: 2, firstUnit: 2, unitCount: 6 },
      { index: 7, sequence: 3, firstUnit: 0, unitCount: 8, job: 2 },
    ];
    await store.append(choices.map((choice) => accepted(choice)));
    const found = async (from: number, to: number) =>
      (await store.results(jobId(1), from, to)).map(({ shard }) => shard.sequence);
    expect(await found(0, 8)).toEqual([0, 1, 2]);
    expect(await found(4, 5)).toEqual([0, 2]);
    expect(await found(0, 2)).toEqual([1]);
    expect(await found(8, 9)).toEqual([]);
    const [first] = await store.results(jobId(1), 4, 5);
    expect(first).toEqual({
      shard: acceptedShard({ index: 4, sequence: 0, firstUnit: 4 }),
      outputs: outputsOf({ index: 4 }),
    });
    await store.close();
  });

  it('keeps bytes of any length, and views into larger buffers', async () => {
    const { store } = await open();
    const lengths = [0, 1, 4_095, 70_001, 1_000_000];
    await store.append(lengths.map((length, index) => accepted({ index }, length)));
    const view = new Uint8Array(64).fill(9).subarray(8, 11);
    const last = accepted({ index: 9 });
    if (last.type === 'accepted') await store.append([{ ...last, outputs: view }]);
    const results = await store.results(jobId(1), 0, 8);
    const kept = results.map(({ outputs }) => Buffer.from(outputs).toString('base64'));
    const sent = [...lengths.map((length, index) => outputsOf({ index }, length)), view];
    expect(kept).toEqual(sent.map((outputs) => Buffer.from(outputs).toString('base64')));
    await store.close();
  });
}

function checkReceipts(open: () => Promise<StoreWorld>): void {
  it('gives receipts by first unit, each with its own verdicts', async () => {
    const { store } = await open();
    const late = { index: 0, firstUnit: 4, unitCount: 2 };
    const early = { index: 1, firstUnit: 0, unitCount: 4 };
    await store.append([jobCreated(1), ...[late, early].map((choice) => committed(choice))]);
    await store.append([accepted(late), accepted(early)]);
    const verdicts = [signedVerdict(4, 0), signedVerdict(5, 0)];
    await store.append(verdicts.map((signed) => ({ type: 'verdict', signed })));
    const receipts = await store.receipts(jobId(1), 0, 10);
    expect(receipts.map(({ shard }) => shard.firstUnit)).toEqual([0, 4]);
    const commitment = committedShard(late);
    expect(receipts[1]).toEqual({
      shard: acceptedShard(late),
      salt: saltOf(late),
      commitmentSignature: commitment.signature,
      log: commitment.entry,
      logSignature: commitment.logSignature,
      inputs: {
        root: jobCreated(1).record.inputs.root,
        digests: encodeBase64(jobCreated(1).inputDigests.subarray(128, 192)),
      },
      verdicts,
    });
    expect(receipts[0]?.verdicts).toEqual([]);
    expect(await store.receipts(jobId(1), 4, 10)).toEqual([receipts[1]]);
    expect(await store.receipts(jobId(1), 0, 1)).toEqual([receipts[0]]);
    await store.close();
  });

  it('gives the receipt of one shard by its lease, void or not', async () => {
    const { store } = await open();
    const [first, second] = [{ index: 0 }, { index: 1, firstUnit: 4, unitCount: 2 }];
    await store.append([jobCreated(1), committed(first), committed(second)]);
    await store.append([accepted(first), accepted(second)]);
    await store.append([{ type: 'verdict', signed: signedVerdict(4, 1) }, voided(1)]);
    const [live] = await store.receipts(jobId(1), 0, 10);
    expect(await store.receipt(acceptedShard(first).lease)).toEqual(live);
    const found = await store.receipt(acceptedShard(second).lease);
    expect(found).toMatchObject({ shard: acceptedShard(second), salt: saltOf(second) });
    expect(Object.keys(found ?? {}).sort()).toEqual(Object.keys(live ?? {}).sort());
    expect(await store.receipt(leaseId(9))).toBeUndefined();
    await store.close();
  });

  it('numbers verdicts from 1 in the order of appending', async () => {
    const { store } = await open();
    const signed = [7, 2, 5].map((unit) => signedVerdict(unit, 0));
    await store.append(signed.map((one) => ({ type: 'verdict', signed: one })));
    const numbered = signed.map((one, index) => ({ number: index + 1, signed: one }));
    expect(await store.verdicts(0, 2)).toEqual(numbered.slice(0, 2));
    expect(await store.verdicts(2, 10)).toEqual(numbered.slice(2));
    expect((await store.load()).verdicts).toEqual(signed);
    await store.close();
  });
}

function checkLog(open: () => Promise<StoreWorld>): void {
  it('pages through logged commitments by index, opened or not', async () => {
    const { store } = await open();
    await store.append([committed({ index: 0 }), committed({ index: 1 })]);
    await store.append([accepted({ index: 1, sequence: 0 }), committed({ index: 4 })]);
    const indexes = async (from: number, limit: number) =>
      (await store.commitments(from, limit)).map(({ entry }) => entry.index);
    expect(await indexes(0, 2)).toEqual([0, 1]);
    expect(await indexes(1, 9)).toEqual([1, 4]);
    expect(await indexes(2, 9)).toEqual([4]);
    expect(await indexes(5, 9)).toEqual([]);
    expect(await store.commitments(0, 1)).toEqual([committedShard({ index: 0 })]);
    await store.close();
  });

  it('pages through accepted shards by sequence, and says which are void', async () => {
    const { store } = await open();
    const [a, b, c] = [
      { index: 7, sequence: 0 },
      { index: 3, sequence: 2, job: 2 },
      { index: 5, sequence: 3 },
    ];
    await store.append([accepted(a, 500_000), accepted(c), accepted(b), voided(2, 2)]);
    const logged = [a, b, c].map((choice) => ({
      shard: acceptedShard(choice),
      salt: saltOf(choice),
      voided: choice === b,
    }));
    expect(await store.shards(0, 9)).toEqual(logged);
    expect(await store.shards(1, 1)).toEqual([logged[1]]);
    expect(await store.shards(4, 9)).toEqual([]);
    await store.close();
  });
}

function checkEpochs(open: () => Promise<StoreWorld>): void {
  it('numbers records of epochs from 1 in the order of appending, of all verifiers', async () => {
    const { store } = await open();
    const facts = [openedEpoch(1), openedEpoch(1, keyOf(51)), revealedEpoch(1), openedEpoch(2)];
    for (const fact of facts) await store.append([fact]);
    const numbered = facts.map(({ signed }, index) => ({ number: index + 1, signed }));
    expect(await store.epochs(0, 2)).toEqual(numbered.slice(0, 2));
    expect(await store.epochs(2, 10)).toEqual(numbered.slice(2));
    expect((await store.load()).epochs).toEqual(facts.map(({ signed }) => signed));
    await store.close();
  });
}

function checkGroups(open: () => Promise<StoreWorld>): void {
  it('appends all of a group or nothing', async () => {
    const { store } = await open();
    await store.append([jobCreated(1), accepted({ index: 0 })]);
    const before = await store.load();
    const group = [committed({ index: 8 }), moved(1, 'running', 9), accepted({ index: 0 })];
    await expect(store.append(group)).rejects.toMatchObject({
      refusal: { code: 'storage-failed' },
    });
    expect(await store.load()).toEqual(before);
    await store.append([committed({ index: 8 })]);
    expect((await store.load()).nextIndex).toBe(9);
    await store.close();
  });

  it('takes groups of thousands', async () => {
    const { store } = await open();
    const choices = Array.from({ length: 2_500 }, (_, index) => ({ index }));
    await store.append(choices.flatMap((choice) => [committed(choice), accepted(choice)]));
    const snapshot = await store.load();
    expect(snapshot.accepted.map(({ index }) => index)).toEqual(choices.map(({ index }) => index));
    expect(snapshot.pending).toEqual([]);
    await store.close();
  });
}

function checkKept(open: () => Promise<StoreWorld>): void {
  it('knows the keys it was given', async () => {
    const { store } = await open();
    const hash = 'a'.repeat(64);
    expect(await store.hasKey(hash)).toBe(false);
    await store.putKey(hash, 'laptop');
    await store.putKey(hash, 'again');
    expect(await store.hasKey(hash)).toBe(true);
    expect(await store.hasKey('b'.repeat(64))).toBe(false);
    await store.close();
  });

  it('is the same after it was closed and opened again', async (context) => {
    const { store, reopen } = await open();
    if (reopen === undefined) return context.skip('this store lives as long as its process');
    await store.append([jobCreated(1), committed({ index: 0 }), accepted({ index: 0 }), voided(0)]);
    await store.append([committed({ index: 1 }), { type: 'verdict', signed: signedVerdict(1, 0) }]);
    await store.append([moved(1, 'running', 20)]);
    await store.putKey('c'.repeat(64), 'laptop');
    const before = await store.load();
    await store.close();
    const again = await reopen();
    expect(await again.load()).toEqual(before);
    expect(await again.hasKey('c'.repeat(64))).toBe(true);
    await again.append([committed({ index: 2 })]);
    expect((await again.load()).nextIndex).toBe(3);
    return again.close();
  });
}
