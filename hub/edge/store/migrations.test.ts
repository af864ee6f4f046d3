import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JobRecord } from '#protocol/api/job.ts';
import { digestRecord } from '#protocol/bytes/digest.ts';
import { digestPackage, PackageManifest, unitCost } from '#protocol/models/package.ts';
import { AcceptedShard } from '#protocol/records/records.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { DeveloperId, type Root } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { openConnection } from './database/connection.ts';
import { MIGRATIONS } from './migrations.ts';
import {
  accepted,
  acceptedShard,
  committedShard,
  jobCreated,
  jobId,
  keyOf,
  manifestOf,
  openedEpoch,
  outputsOf,
  signedVerdict,
} from './sample-facts.ts';
import { openFileStore } from './store.ts';
import { loadAll, unitsIn } from './store-world.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-migrations-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Row = [table: string, values: Record<string, string | number | Uint8Array>];

/** A database as a hub left it before the migration that says `mark`, with these rows. */
async function openOld(mark: string, rows: readonly Row[]): Promise<string> {
  const file = join(folder, 'hub.db');
  const { write, close } = openConnection({ file });
  const version = MIGRATIONS.findIndex((statements) => statements.some((s) => s.includes(mark)));
  write(['create table migration (version integer primary key)']);
  for (const [at, statements] of MIGRATIONS.slice(0, version).entries()) {
    write([...statements, { sql: 'insert into migration values (?)', args: [at] }]);
  }
  for (const [table, values] of rows) {
    const places = Object.keys(values).map(() => '?');
    const sql = `insert into ${table} (${Object.keys(values)}) values (${places})`;
    write([{ sql, args: Object.values(values) }]);
  }
  close();
  return file;
}

/** The row of a job whose record differs in some fields. */
function jobRow(number: number, differs: Record<string, unknown> = {}): Row {
  const fact = jobCreated(number);
  const record = { ...(fact.type === 'job-created' && fact.record), ...differs };
  const record_json = JSON.stringify(record);
  return ['job', { id: jobId(number), record_json, input_digests: new Uint8Array(32) }];
}

test('jobs whose assurance was a number have its name after a migration', async () => {
  const rows = [0, 1, 2, 3].map((assurance) => jobRow(assurance, { assurance }));
  const store = await openFileStore(await openOld("'$.assurance',\n", rows));
  const facts = await loadAll(store);
  await store.close();
  const named = facts.map((fact) => fact.type === 'job-created' && fact.record.assurance);
  expect(named).toEqual(['instant', 'settled', 'settled', 'full']);
});

test('jobs that were posted before keys had names have one developer after a migration', async () => {
  const rows = [1, 2].map((number) => jobRow(number, { developer: undefined }));
  const store = await openFileStore(await openOld("'$.developer'", rows));
  const facts = await loadAll(store);
  await store.close();
  const developers = facts.flatMap((fact) =>
    fact.type === 'job-created' ? decodeWith(DeveloperId, fact.record.developer, 'internal') : [],
  );
  expect(developers).toEqual(Array(2).fill({ ok: true, value: 'dev_0000000000000000' }));
});

test('API keys of a hub without roles are operators after a migration, and the mark of the first is gone', async () => {
  const rows: Row[] = ['a', '0'].map((digit) => [
    'api_key',
    { hash: digit.repeat(64), name: digit },
  ]);
  const store = await openFileStore(await openOld('create table key (', rows));
  const id = `dev_${'a'.repeat(16)}`;
  const key = { id, name: 'a', role: 'operator', access: 'write', createdAt: 0 };
  expect(await store.keys.list()).toEqual([key]);
  expect(await store.keys.find('a'.repeat(64))).toEqual(key);
  await store.close();
});

/** What older hubs wrote of a shard, but for how much its device had behind it. */
function oldShard(choice: Parameters<typeof acceptedShard>[0]) {
  const { workBefore: _, unitCost: _cost, ...rest } = acceptedShard(choice);
  return rest;
}

/** Rows of a shard that has the mark of a second computation. */
function secondRows(index: number, job: number): Row[] {
  const shard = { ...oldShard({ index, job }), before: 17, leg: 2 };
  const committed = committedShard({ index, job });
  const committed_json = JSON.stringify({ ...committed, shard: { ...committed.shard, leg: 2 } });
  const place = { log_index: index, lease: shard.lease };
  const units = { first_unit: 0, end_unit: 2 };
  const outputs = { salt: 'aa', compute_ms: 1, outputs: new Uint8Array(2) };
  return [
    ['committed', { ...place, committed_json }],
    [
      'accepted',
      {
        ...{ sequence: index, job: jobId(job), ...place, ...units },
        ...{ shard_json: JSON.stringify(shard), ...outputs },
      },
    ],
  ];
}

test('second computations are void after a migration where the job goes on, and stand where it ended', async () => {
  const ended = { job: jobId(2), state: 'done', reason: 'judged', at: 5 };
  const rows = [jobRow(1), jobRow(2), ...secondRows(0, 1), ...secondRows(1, 2)];
  const store = await openFileStore(await openOld("'$.leg'", [...rows, ['job_move', ended]]));
  const facts = await loadAll(store);
  const shards = await store.shards(0, 9);
  const commitments = await store.commitments(0, 9);
  await store.close();
  const voided = facts.flatMap((fact) => (fact.type === 'voided' ? fact.job : []));
  expect(voided).toEqual([jobId(1)]);
  const order = facts.map(({ type }) => type);
  expect(order.filter((type) => type !== 'job-created')).toEqual([
    ...['committed', 'committed', 'accepted', 'voided', 'accepted', 'job-moved'],
  ]);
  for (const { shard } of shards) {
    expect(decodeWith(AcceptedShard, shard, 'internal')).toMatchObject({ ok: true });
  }
  expect(commitments.map(({ shard }) => Object.keys(shard).includes('leg'))).toEqual([
    false,
    false,
  ]);
});

test('jobs that go on with a package that names canaries are cancelled by a migration', async () => {
  const numbered = ([table, values]: Row, fact: number): Row => [table, { ...values, fact }];
  const packageRow = (number: number, more: object): Row => {
    const manifest_json = JSON.stringify({ ...manifestOf(number), ...more });
    return ['job_package', { job: jobId(number), manifest_json, fact: 10 + number }];
  };
  const moveRow = (number: number, state: string, fact: number): Row => {
    return ['job_move', { job: jobId(number), state, reason: 'because', at: 5, fact }];
  };
  const canaries = ['0'.repeat(64)];
  const rows = [
    ...[
      numbered(jobRow(1), 1),
      packageRow(1, { canaries }),
      moveRow(1, 'quoted', 20),
      moveRow(1, 'running', 21),
    ],
    ...[numbered(jobRow(2), 2), packageRow(2, {}), moveRow(2, 'running', 22)],
    ...[
      numbered(jobRow(3), 3),
      packageRow(3, { canaries }),
      moveRow(3, 'running', 23),
      moveRow(3, 'done', 24),
    ],
    ...[numbered(jobRow(4), 4), packageRow(4, { canaries }), moveRow(4, 'quoted', 25)],
  ];
  const file = await openOld("'$.canaries'", rows);
  const store = await openFileStore(file);
  const moves = (await loadAll(store)).flatMap((fact) => (fact.type === 'job-moved' ? [fact] : []));
  const last = new Map(moves.map(({ job, state }) => [job, state]));
  expect([1, 2, 3, 4].map((number) => last.get(jobId(number)))).toEqual([
    ...['cancelled', 'running', 'done', 'cancelled'],
  ]);
  expect(JSON.stringify(moves.at(-1)?.reason)).toContain('post the job again');
  // What is appended from now on comes after them.
  await store.append([{ ...moves[0], state: 'done' } as (typeof moves)[number]]);
  expect((await loadAll(store)).at(-1)).toMatchObject({ type: 'job-moved', state: 'done' });
  await store.close();
});

test('bans, suspensions and unrevealed commitments of older words are the same after a migration', async () => {
  const rest = oldShard({ index: 3, job: 1 });
  const suspension = { device: 'd1', package: 'p1', provider: 'webgpu', until: 9, at: 4 };
  const file = await openOld('alter table barred rename', [
    ['barred', { fact: 1, device: 'd1', until: 9, reason: 'wrong', at: 4 }],
    ['set_aside', { fact: 2, aside_json: JSON.stringify({ ...suspension, reason: 'far' }) }],
    ['lapsed', { fact: 3, log_index: 2, device: 'd1', blamed: 1, resets: 0, at: 5 }],
    [
      'accepted',
      {
        ...{ fact: 4, sequence: 3, log_index: 3, job: jobId(1), lease: rest.lease, first_unit: 0 },
        ...{ end_unit: 2, shard_json: JSON.stringify({ ...rest, before: 58 }), salt: 'aa' },
        ...{ compute_ms: 1, outputs: new Uint8Array(2) },
      },
    ],
  ]);
  const store = await openFileStore(file);
  expect(await loadAll(store)).toMatchObject([
    { type: 'banned', device: 'd1', until: 9 },
    { type: 'suspended', ...suspension, reason: why('stated', { text: 'far' }) },
    { type: 'unrevealed', index: 2, device: 'd1', atFault: true, resets: false },
    // Its job has no package here: its units cost 1.
    { type: 'accepted', shard: { ...rest, workBefore: 58, unitCost: 1, counted: 'package' } },
  ]);
  await store.close();
});

const jobColumns = (id: string, record: object, input_digests: Uint8Array) => {
  return { [id]: jobId(1), record_json: JSON.stringify(record), input_digests };
};

test('facts that had a table for each kind come in their order after a migration', async () => {
  const at = 1_764_382_979_123.4568;
  const { record } = jobCreated(1);
  const cut = { ...record, units: 15 };
  const [bytes, index, sequence, job] = [new Uint8Array([1, 2]), 6, 3, jobId(1)];
  const before = oldShard({ index, sequence });
  const counted = { workBefore: 17 * 1_250, unitCost: 1_250, counted: 'package' };
  const shard = { ...before, ...counted };
  const { lease } = shard;
  const work = { lease, unit: 3 };
  const text = JSON.stringify;
  const opened = committedShard({ index, sequence });
  const open = committedShard({ index: 8 });
  const signed = signedVerdict(1, index);
  const epoch = openedEpoch(1).signed;
  const refusal = { code: 'model-opset', message: 'too new' };
  const manifest = manifestOf(1);
  const reason = why('stated', { text: 'because' });
  const move = { job, state: 'running', at };
  const ban = { device: 'd', until: 9, at };
  const given = { device: 'd', at };
  const voided = { sequence, job, at };
  const old = { reason: 'because' };
  const fault = { verifier: 'k', job, ...work, at };
  const row: Record<string, Row[1]> = {
    accepted: {
      ...{ sequence, job, log_index: index, lease, first_unit: 0, end_unit: 2 },
      ...{
        shard_json: text({ ...before, standing: 17 }),
        salt: 'aa',
        compute_ms: 1 / 3,
        outputs: bytes,
      },
    },
    opened: { log_index: index, lease, committed_json: text(opened) },
    unrevealed: { log_index: 9, ...given, at_fault: 1, resets: 0 },
    open: { log_index: 8, lease: open.shard.lease, committed_json: text(open) },
  };
  const facts: [table: string, values: Row[1] | undefined, type: string, fields: object][] = [
    ['verifier', { key: 'k', at }, 'verifier-enrolled', { key: 'k', at }],
    ['job', jobColumns('id', record, bytes), 'job-created', { record, inputDigests: bytes }],
    ['job_recut', jobColumns('job', cut, bytes), 'job-recut', { record: cut, inputDigests: bytes }],
    ['job_package', { job, manifest_json: text(manifest) }, 'job-packaged', { job, manifest }],
    ['job_funding', { job, funding_json: text(work) }, 'job-funded', { job, funding: work }],
    ['job_move', { ...move, ...old }, 'job-moved', { ...move, reason }],
    ['accepted', row['accepted'], 'accepted', { shard }],
    ['committed', row['open'], 'committed', { commitment: open }],
    [
      'unrevealed',
      row['unrevealed'],
      'unrevealed',
      { index: 9, ...given, atFault: true, resets: false },
    ],
    ['verdict', { lease, signed_json: text(signed) }, 'verdict', { signed }],
    ['judged', { verifier: 'k', through: 1 }, 'judged', { verifier: 'k', through: 1 }],
    ['epoch', { signed_json: text(epoch) }, 'epoch', { signed: epoch }],
    ['voided', { ...voided, ...old }, 'voided', voided],
    ['released', { sequence, job, at }, 'released', { sequence, job, at }],
    ['banned', { ...ban, ...old }, 'banned', ban],
    ['banned', { ...ban, ...old, work_json: text(work) }, 'banned', { ...ban, work }],
    ['pardon', { pardon_json: text(given) }, 'pardoned', given],
    ['resolved', { resolved_json: text({ job, ...work }) }, 'resolved', { job, ...work }],
    [
      'suspended',
      { suspended_json: text({ ...given, ...old }) },
      'suspended',
      { ...given, reason },
    ],
    ['verifier_fault', fault, 'verifier-fault', fault],
    [
      'payout',
      { leaf: 4, payout_json: text({ index: 4 }) },
      'payout-linked',
      { payout: { index: 4 } },
    ],
    [
      'leaf_file',
      { data_hash: 'h', root: 'r', file_json: '{"length":2}' },
      'leaf-file',
      { file: { length: 2 }, root: 'r' },
    ],
    ['job_closing', { job, at }, 'job-closing', { job, at }],
    ['verifier_removed', { key: 'k', at }, 'verifier-removed', { key: 'k', at }],
    [
      'job_move',
      { ...move, ...old, refusal_json: text(refusal) },
      'job-moved',
      { ...move, reason, refusal },
    ],
  ];
  const numbered = facts.map(
    ([table, values], place): Row => [table, { ...values, fact: place + 1 }],
  );
  const file = await openOld('create table fact (', [
    ...numbered.reverse(),
    ['committed', { ...row['opened'], fact: 0 }],
    ['fingerprint', { sequence, fingerprints: bytes }],
  ]);
  const store = await openFileStore(file);
  expect(await loadAll(store)).toEqual([
    { type: 'committed', commitment: opened },
    ...facts.map(([, , type, fields]) => ({ type, ...fields })),
  ]);
  expect(await store.delivered(lease)).toEqual({ shard, outputs: bytes });
  expect(await store.fingerprints(lease)).toMatchObject({ fingerprints: bytes });
  const receipt = { salt: 'aa', log: opened.entry, verdicts: [signed] };
  expect(await store.receipt(lease)).toMatchObject(receipt);
  await store.append([{ type: 'verdict', signed: signedVerdict(2, index) }]);
  expect((await store.verdicts(0, 9)).map(({ number }) => number)).toEqual([1, 2]);
  await store.close();
});

test('jobs and packages from before kinds are of the kind graph after a migration, under the same id', async () => {
  const { record } = jobCreated(1);
  const { runtime: posted, ...draft } = record.draft;
  const { kind, ...flatDraft } = { ...posted, taps: ['a', 'b'] };
  const cut = { ...draft, ...flatDraft, coupled: true };
  const { runtime, ...rest } = { ...manifestOf(1), format: 'pocketgrid/package@1' as const };
  const { kind: _, ...graph } = runtime;
  const calibrated = { rule: 'thresholds@1', decoys: ['half-weights'], units: [0, 1] };
  const flat = { ...rest, ...graph, calibrated, runtime: kind };
  const facts = [
    ['job-created', { record: { ...record, draft: { ...draft, ...flatDraft } } }],
    ['job-recut', { record: { ...record, draft: cut } }],
    ['job-packaged', { job: jobId(1), manifest: flat }],
  ] as const;
  const rows = facts.map(([type, body], number): Row => {
    const input_digests = new Uint8Array(32);
    return ['fact', { number, type, place: 1, body: JSON.stringify(body), input_digests }];
  });
  const store = await openFileStore(await openOld('"kind"', rows));
  const found = await loadAll(store);
  expect(await store.jobs(9, 9)).toEqual([{ number: 1, id: jobId(1) }]);
  const refs = [record.inputs, record.inputDigests, draft.file, rest.knownAnswers[0]?.outputs];
  const named = refs.map(async (ref) => ref !== undefined && (await store.namesBlob(ref.root)));
  expect(await Promise.all(named)).toEqual([true, true, true, true]);
  await store.close();
  const records = found.flatMap((fact) => ('record' in fact ? [fact.record] : []));
  const taps = { ...posted, taps: ['a', 'b'] };
  expect(records.map((each) => each.draft.runtime)).toEqual([taps, { ...taps, coupled: true }]);
  for (const each of records) {
    expect(decodeWith(JobRecord, each, 'internal')).toMatchObject({ ok: true });
  }
  const [manifest] = found.flatMap((fact) => (fact.type === 'job-packaged' ? [fact.manifest] : []));
  const decoded = decodeWith(PackageManifest, manifest, 'internal');
  expect(decoded).toEqual({ ok: true, value: { ...rest, runtime: { ...runtime, calibrated } } });
  expect(decoded.ok && digestPackage(decoded.value)).toBe(digestRecord(flat));
});

test('work that was counted for each package is counted in its cost after a migration', async () => {
  const old = oldShard({ index: 3, job: 1 });
  const manifest = { ...manifestOf(1), format: 'pocketgrid/package@2', referenceUnitMs: 2.0005 };
  const facts = [
    ['job-packaged', { job: jobId(1), manifest }],
    ['accepted', { shard: { ...old, standing: 58 }, salt: 'aa', computeMs: 1 }],
  ] as const;
  const rows = facts.map(([type, body], at): Row => {
    const outputs = new Uint8Array(2);
    return ['fact', { number: at + 1, type, place: 0, body: JSON.stringify(body), outputs }];
  });
  const store = await openFileStore(await openOld("'$.shard.workBefore'", rows));
  const shards = (await loadAll(store)).flatMap((fact) =>
    fact.type === 'accepted' ? [fact.shard] : [],
  );
  await store.close();
  const counted = { workBefore: 58 * 2_001, unitCost: 2_001, counted: 'package' };
  expect(shards).toEqual([{ ...old, ...counted }]);
  expect(decodeWith(AcceptedShard, shards[0], 'internal')).toMatchObject({ ok: true });
  expect(unitCost({ referenceUnitMs: millis(2.0005) })).toBe(2_001);
});

test('facts of JSON rows answer every call as before after a migration, beside compact ones', async () => {
  const [old, late] = [{ index: 3 }, { index: 4, firstUnit: 2 }];
  const { inputDigests, ...created } = jobCreated(1);
  const outputs = outputsOf(old);
  const accepting = accepted(old);
  const signed = signedVerdict(1, old.index);
  const view = {
    ...{ number: 1, id: jobId(1), unitPrice: '5', escrowIndex: 1, endedAt: 9 },
    shards: 1,
  };
  const archived = { job: jobId(1), keptUntil: 7, earned: { view, runs: [] }, at: 5 };
  const banned = { device: keyOf(40), until: 9, at: 4 };
  const given: [type: string, fact: object, bytes?: object][] = [
    ['job-created', { record: created.record }, { input_digests: inputDigests, place: 1 }],
    ['committed', { commitment: committedShard(old) }],
    ['committed', { commitment: committedShard(late) }],
    ['accepted', { ...accepting, outputs: undefined, type: undefined }, { outputs }],
    ['verdict', { signed }, { place: 1 }],
    ['banned', banned],
    ['job-archived', archived],
  ];
  const rows = given.map(
    ([type, body, more], at): Row => [
      'fact',
      { number: at + 1, type, place: 0, body: JSON.stringify(body), ...more },
    ],
  );
  const { root } = jobCreated(1).record.inputs;
  const store = await openFileStore(
    await openOld('create table word', [
      ...rows,
      ['earning', { job: jobId(1), sequence: old.index, device: keyOf(40) }],
      ['blob_name', { root, job: jobId(1) }],
      ['blob_name', { root: keyOf(7), job: '' }],
    ]),
  );
  const shard = acceptedShard(old);
  const { lease } = shard;
  expect(await loadAll(store)).toEqual(
    given.map(([type, fact]) => {
      if (type === 'accepted') return { type, shard };
      return { type, ...fact, ...(type === 'job-created' ? { inputDigests } : {}) };
    }),
  );
  await store.append([accepted(late)]);
  const delivered = { shard, outputs };
  const next = acceptedShard(late);
  const both = [delivered, { shard: next, outputs: outputsOf(late) }];
  expect(await store.results(jobId(1), unitsIn(0, 8))).toEqual(both);
  expect(await store.delivered(lease)).toEqual(delivered);
  const receipts = await store.receipts(jobId(1), 0, 9);
  expect(receipts.map((each) => each.shard)).toEqual([shard, next]);
  expect(await store.receipt(lease)).toEqual(receipts[0]);
  expect(receipts[0]?.verdicts).toEqual([signed]);
  expect(await store.verdicts(0, 9)).toEqual([{ number: 1, signed }]);
  expect(await store.commitments(0, 9)).toEqual([committedShard(old), committedShard(late)]);
  expect((await store.shards(0, 9)).map((each) => each.shard)).toEqual([shard, next]);
  expect(await store.earningsOf({ device: keyOf(40) }, 0, 9)).toEqual([shard]);
  expect(await store.earningsOf({ job: jobId(1) }, 0, 9)).toEqual([shard]);
  expect(await store.endedJob(jobId(1))).toEqual(view);
  expect(await store.expired(instant(7), 9)).toEqual([jobId(1)]);
  expect(await Promise.all([root, keyOf(7)].map((each) => store.namesBlob(each as Root)))).toEqual([
    ...[true, true],
  ]);
  expect(await store.jobs(9, 9)).toEqual([{ number: 1, id: jobId(1) }]);
  await expect(store.append([accepted(old)])).rejects.toMatchObject({
    refusal: { code: 'storage-failed' },
  });
  await store.append([{ type: 'data-removed', job: jobId(1), at: instant(8) }]);
  expect(await store.results(jobId(1), unitsIn(0, 8))).toEqual([]);
  expect(await Promise.all([root, keyOf(7)].map((each) => store.namesBlob(each as Root)))).toEqual([
    ...[false, true],
  ]);
  await store.close();
});

test('bans, closings and leaf files have numbers after a migration', async () => {
  const at = instant(5);
  const file = { dataHash: keyOf(8), period: 1 };
  const given: [type: string, place: number, body: object][] = [
    ['banned', 1, { device: keyOf(40), until: 9, at }],
    ['leaf-file', 0, { file, root: keyOf(9) }],
    ['banned', 0, { device: keyOf(41), until: 9, at }],
    ['job-closing', 0, { job: jobId(1), at }],
    ['pardoned', 0, { device: keyOf(41), bannedAt: at, reason: 'a fan', at: 7 }],
  ];
  const words: string[] = [keyOf(40), keyOf(41), jobId(1)];
  const rows = given.map(([type, place, body], before): Row => {
    const named = Object.entries(body).filter(([name]) => name === 'device' || name === 'job');
    const keys = named.map(([name, text]) => [name, words.indexOf(text) + 1]);
    const rest = { number: before + 1, type, place, body: JSON.stringify(body) };
    return ['fact', { ...rest, ...Object.fromEntries(keys) }];
  });
  const named = words.map((text, before): Row => ['word', { number: before + 1, text }]);
  const store = await openFileStore(await openOld('index fact_device', [...named, ...rows]));
  const pardon = { pardonedAt: 7, pardonReason: 'a fan' };
  const bans = [
    { number: 1, device: keyOf(40), at },
    { number: 2, device: keyOf(41), at, ...pardon },
  ];
  expect(await store.bans(0, 9)).toEqual(bans);
  expect(await store.bansOf(keyOf(41))).toEqual(bans.slice(1));
  expect(await store.closings(0, 9)).toEqual([{ number: 1, job: jobId(1), at }]);
  expect(await store.leafFiles(9)).toEqual([file]);
  await store.append([{ type: 'banned', device: keyOf(40), until: instant(20), at: instant(8) }]);
  expect(await store.bans(2, 9)).toEqual([{ number: 3, device: keyOf(40), at: 8 }]);
  await store.close();
});
