import { expect, it } from 'vitest';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { hexToBytes } from '#protocol/bytes/digest.ts';
import type { Digest, Root } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { refusal } from '#protocol/values/refusal.ts';
import { bytes, instant } from '#protocol/values/units.ts';
import type { AppliedFact, Fact } from '../../core/state/facts.ts';
import { checkArchive } from './archive.contract.ts';
import { checkDevices } from './device-facts.contract.ts';
import { checkOutputs } from './outputs.contract.ts';
import {
  accepted,
  acceptedShard,
  committed,
  committedShard,
  inputsAdded,
  jobArchived,
  jobCreated,
  jobId,
  keyOf,
  leaseId,
  manifestOf,
  openedEpoch,
  revealedEpoch,
  type ShardChoice,
  saltOf,
  signedVerdict,
  unrevealed,
} from './sample-facts.ts';
import { loadAll, type StoreWorld, unitsIn } from './store-world.ts';

const at = instant(5_000);
const digestOf = (number: number) => `${number}`.repeat(64) as Digest;
const ROOT_CUT = 'c7'.repeat(32) as Root;
const moved = (job: number, state: Extract<Fact, { type: 'job-moved' }>['state'], when: number) =>
  ({
    type: 'job-moved',
    job: jobId(job),
    state,
    reason: why('stated', { text: `because ${state}` }),
    at: instant(when),
  }) satisfies Fact;
const voided = (sequence: number, job = 1): Fact => ({
  type: 'voided',
  sequence,
  job: jobId(job),
  at,
});

/** What is loaded of a commitment and the shard that it was opened to. */
const opened = (choice: ShardChoice): AppliedFact[] => {
  return [
    { type: 'committed', commitment: committedShard(choice) },
    { type: 'accepted', shard: acceptedShard(choice) },
  ];
};

/** The suite every store passes: what is appended comes back, whole and in order. */
export function checkStore(open: () => Promise<StoreWorld>): void {
  checkJobs(open);
  checkArchive(open);
  checkCuts(open);
  checkShards(open);
  checkReleases(open);
  checkOutputs(open);
  checkReceipts(open);
  checkLog(open);
  checkEpochs(open);
  checkDevices(open);
  checkGroups(open);
  checkKept(open);
}

function checkJobs(open: () => Promise<StoreWorld>): void {
  it('starts empty', async () => {
    const { store } = await open();
    expect(await loadAll(store)).toEqual([]);
    expect(await store.results(jobId(1), unitsIn(0, 100))).toEqual([]);
    expect(await store.receipts(jobId(1), 0, 100)).toEqual([]);
    expect(await store.verdicts(0, 100)).toEqual([]);
    expect(await store.epochs(0, 100)).toEqual([]);
    expect(await store.commitments(0, 100)).toEqual([]);
    expect(await store.shards(0, 100)).toEqual([]);
    await store.append([]);
    await store.close();
  });

  it('gives back the facts of jobs in the order of appending, whatever their kind', async () => {
    const { store } = await open();
    const refused = refusal('model-opset', 'the opset is too new; export with opset 17', 'opset');
    const facts: Fact[] = [
      jobCreated(2),
      jobCreated(1),
      moved(1, 'quoted', 10),
      { type: 'job-packaged', job: jobId(1), manifest: manifestOf(1) },
      moved(1, 'running', 20),
      { ...moved(2, 'refused', 50), refusal: refused },
      moved(1, 'done', 40),
    ];
    await store.append(facts.slice(0, 3));
    await store.append(facts.slice(3));
    expect(await loadAll(store)).toEqual(facts);
    await store.close();
  });
}

function checkCuts(open: () => Promise<StoreWorld>): void {
  it('keeps the newest cut of a job, and gives receipts of it', async () => {
    const { store } = await open();
    const posted = jobCreated(1);
    const cut = {
      record: { ...posted.record, units: 15, inputs: { ...posted.record.inputs, root: ROOT_CUT } },
      inputDigests: Uint8Array.from({ length: 32 * 15 }, (_, at) => at % 256),
    };
    const facts = [posted, jobCreated(2), { type: 'job-recut', ...cut } as const];
    await store.append(facts);
    expect(await loadAll(store)).toEqual(facts);
    const shard = { index: 0, firstUnit: 9, unitCount: 2 };
    await store.append([committed(shard), accepted(shard), moved(1, 'running', 20)]);
    const [receipt] = await store.receipts(jobId(1), 0, 10);
    expect(receipt?.inputs).toEqual({
      root: ROOT_CUT,
      digests: encodeBase64(cut.inputDigests.subarray(288, 352)),
    });
    await store.close();
  });
}

function checkShards(open: () => Promise<StoreWorld>): void {
  it('gives back commitments, but those that were never revealed', async () => {
    const { store } = await open();
    const given = [
      unrevealed(3, { device: 40, at: 70, resets: true }),
      unrevealed(1, { device: 41, at: 90.5, atFault: false }),
    ];
    await store.append([0, 5, 3, 1].map((index) => committed({ index })));
    await store.append([accepted({ index: 5, sequence: 9 }), ...given]);
    expect(await loadAll(store)).toEqual([
      committed({ index: 0 }),
      committed({ index: 5 }),
      { type: 'accepted', shard: acceptedShard({ index: 5, sequence: 9 }) },
      ...given,
    ]);
    await expect(store.append([unrevealed(3, { device: 40, at: 99 })])).rejects.toMatchObject({
      refusal: { code: 'storage-failed' },
    });
    await store.close();
  });

  it('gives back a shard whole, wherever loading begins and whenever its hub began', async () => {
    const { store, reopen } = await open();
    const [here, there] = [{ index: 0 }, { index: 1, firstUnit: 2 }];
    await store.append([jobCreated(1), committed(here), committed(there), accepted(here)]);
    const behind = [];
    for await (const { facts } of store.load(3)) behind.push(...facts);
    expect(behind).toEqual(opened(here).slice(1));
    // A commitment of another shape than the one before it, read by a hub that has seen neither.
    const { shard, ...entry } = committedShard(there);
    const classed = { ...entry, shard: { ...shard, class: digestOf(7), lease: leaseId(77) } };
    const other = { ...acceptedShard(there), class: digestOf(7), lease: leaseId(77), index: 9 };
    const commitment = { ...classed, entry: { ...entry.entry, index: 9 } };
    const late = {
      ...accepted({ ...there, sequence: 9 }),
      shard: { ...other, sequence: 9 },
    } as Fact;
    await store.append([{ type: 'committed', commitment }, late]);
    await store.close();
    const again = (await reopen?.()) ?? (await open()).store;
    await again.append([accepted(there)]);
    const loaded = await loadAll(again);
    expect(loaded.at(-1)).toEqual(opened(there)[1]);
    if (reopen) expect(loaded.at(-2)).toMatchObject({ shard: { ...other, sequence: 9 } });
    await again.close();
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
    expect((await loadAll(store)).slice(-2)).toEqual([released(2), released(0)]);
    await expect(store.append([released(2)])).rejects.toThrow();
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

  it('gives the inputs of a unit as it was mended when a shard computed it', async () => {
    const { store } = await open();
    const before = { index: 0, firstUnit: 4, unitCount: 1 };
    const after = { ...before, index: 1 };
    await store.append([jobCreated(1), committed(before), committed(after), accepted(before)]);
    const digest = 'd7'.repeat(32) as Digest;
    const mended = { blob: { root: ROOT_CUT, length: bytes(4) }, digest };
    const failed = [{ places: [1], text: 'idx=7' }];
    const told = { job: jobId(1), unit: 4, failed, since: 1, mended, at: instant(9) };
    await store.append([voided(0), { type: 'items-failed', ...told }, accepted(after)]);
    const [receipt] = await store.receipts(jobId(1), 0, 10);
    const digests = encodeBase64(hexToBytes(digest));
    expect(receipt?.inputs).toEqual({ root: ROOT_CUT, digests, firstUnit: 4 });
    const old = await store.receipt(acceptedShard(before).lease);
    expect(old?.inputs.root).toBe(jobCreated(1).record.inputs.root);
    expect(await loadAll(store)).toContainEqual({ type: 'items-failed', ...told });
    expect(await store.namesBlob(ROOT_CUT)).toBe(true);
    await store.close();
  });

  it('gives the inputs of units that were added to a job from the blob they came in', async () => {
    const { store } = await open();
    const shard = { index: 0, firstUnit: 9, unitCount: 2 };
    const added = inputsAdded({ job: 1, firstUnit: 8, units: 4 });
    await store.append([jobCreated(1), added, inputsAdded({ job: 1, firstUnit: 12, units: 1 })]);
    await store.append([committed(shard), accepted(shard)]);
    const [receipt] = await store.receipts(jobId(1), 0, 10);
    const digests = encodeBase64(added.inputDigests.subarray(32, 96));
    expect(receipt?.inputs).toEqual({ root: added.inputs.root, digests, firstUnit: 8 });
    expect(await store.namesBlob(added.inputs.root)).toBe(true);
    expect(await loadAll(store)).toContainEqual(added);
    await store.append([jobArchived(1)]);
    const types = (await store.archived(jobId(1))).map(({ type }) => type);
    expect(types).toEqual(['job-created', 'inputs-added', 'inputs-added', 'job-archived']);
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
    expect(await loadAll(store)).toEqual(signed.map((one) => ({ type: 'verdict', signed: one })));
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
    expect(await loadAll(store)).toEqual(facts);
    await store.close();
  });
}

function checkGroups(open: () => Promise<StoreWorld>): void {
  it('appends all of a group or nothing', async () => {
    const { store } = await open();
    await store.append([jobCreated(1), accepted({ index: 0 })]);
    const before = await loadAll(store);
    const group = [committed({ index: 8 }), moved(1, 'running', 9), accepted({ index: 0 })];
    await expect(store.append(group)).rejects.toMatchObject({
      refusal: { code: 'storage-failed' },
    });
    expect(await loadAll(store)).toEqual(before);
    await store.append([committed({ index: 8 })]);
    expect((await loadAll(store)).at(-1)).toEqual(committed({ index: 8 }));
    await store.close();
  });

  it('takes groups of thousands', async () => {
    const { store } = await open();
    const choices = Array.from({ length: 2_500 }, (_, index) => ({ index }));
    await store.append(choices.flatMap((choice) => [committed(choice), accepted(choice)]));
    expect(await loadAll(store)).toEqual(choices.flatMap(opened));
    await store.close();
  });
}

function checkKept(open: () => Promise<StoreWorld>): void {
  it('is the same after it was closed and opened again', async (context) => {
    const { store, reopen } = await open();
    if (reopen === undefined) return context.skip('this store lives as long as its process');
    await store.append([jobCreated(1), committed({ index: 0 }), accepted({ index: 0 }), voided(0)]);
    await store.append([committed({ index: 1 }), { type: 'verdict', signed: signedVerdict(1, 0) }]);
    await store.append([moved(1, 'running', 20)]);
    const before = await loadAll(store);
    await store.close();
    const again = await reopen();
    expect(await loadAll(again)).toEqual(before);
    await again.append([committed({ index: 2 })]);
    expect((await loadAll(again)).at(-1)).toEqual(committed({ index: 2 }));
    return again.close();
  });
}
