import { expect, it, test } from 'vitest';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { COMPARATOR_VERSION } from '#protocol/checks/comparison.ts';
import type { Nonce, PublicKey } from '#protocol/values/ids.ts';
import { accept } from '#protocol/values/refusal.ts';
import { drawUnits } from '../draws/draw.ts';
import {
  connect,
  executions,
  fakeReference,
  fakeShard,
  finishExecutions,
  honestShard,
  openFakeWorld,
  receive,
  sendCheck,
  sentJudged,
  sentTypes,
  sentVerdicts,
  step,
  UNIT_COST,
  wait,
} from '../fake-world.ts';

const newcomer = (at: number) => at.toString(16).padStart(64, '0') as PublicKey;
const HALF = { type: 'flat', rate: 0.5 } as const;

it('a verifier puts the commitment to the seed in the log before any verdict, and judges what it drew', () => {
  const script = openFakeWorld({ rate: 0.5 });
  connect(script);
  sendCheck(script, honestShard(0, 10));
  sendCheck(script, honestShard(1, 10));
  wait(script, 300);
  const [opened] = script.lines;
  expect(opened).toMatchObject({
    type: 'epoch',
    signed: { record: { type: 'opened', epoch: 1 } },
  });
  expect(sentTypes(script).slice(0, 3)).toEqual(['hello', 'epoch', 'verdict']);
  const seed = script.state.book?.epochs[0]?.seed ?? ('' as Nonce);
  const due = [0, 1].flatMap((sequence) =>
    drawUnits({ seed, policy: HALF }, honestShard(sequence, 10)),
  );
  expect(sentVerdicts(script).map(({ unit }) => unit)).toEqual(due);
  expect(sentVerdicts(script).every(({ kind, runs }) => kind === 'match' && runs === 1)).toBe(true);
  expect(sentJudged(script).at(-1)).toBe(1);
  expect(script.disk.judged).toBe(1);
});

it('a verifier confirms a mismatch in a fresh runtime and says how far it is', () => {
  const script = openFakeWorld({ claimed: (unit) => (unit === 1 ? 9 : unit) });
  connect(script);
  sendCheck(script, fakeShard(0, [0, 9, 2]));
  const executed = executions(script);
  expect(executed.map(({ unit, fresh }) => [unit, fresh])).toContainEqual([1, true]);
  const found = sentVerdicts(script).find(({ kind }) => kind === 'mismatch');
  expect(found).toMatchObject({
    unit: 1,
    lane: 'exact',
    runs: 2,
    reference: fakeReference(1).digest,
  });
  expect(found?.l2).toBeCloseTo(Math.sqrt(128 / 5), 5);
  expect(sentVerdicts(script).filter(({ kind }) => kind === 'match')).toHaveLength(2);
});

it('a verifier says nothing against a device when its own two runs differ', () => {
  const script = openFakeWorld({ truth: (unit, fresh) => (fresh ? 50 : unit) });
  connect(script);
  sendCheck(script, fakeShard(0, [9]));
  expect(sentVerdicts(script)).toMatchObject([{ kind: 'inconclusive', runs: 2 }]);
});

it('a verifier judges a GPU by tolerance: near is a match, far inconclusive, as a decoy a mismatch', () => {
  const near = openFakeWorld({ claimed: () => 1e-6 });
  connect(near);
  sendCheck(near, fakeShard(0, [1e-6], 'webgpu'));
  const comparator = COMPARATOR_VERSION;
  expect(sentVerdicts(near)).toMatchObject([
    { kind: 'match', lane: 'tolerance', runs: 1, comparator },
  ]);
  const far = openFakeWorld({ claimed: () => 0.01 });
  connect(far);
  sendCheck(far, fakeShard(0, [0.01], 'webgpu'));
  expect(sentVerdicts(far)).toMatchObject([{ kind: 'inconclusive', lane: 'tolerance', runs: 2 }]);
  const garbage = openFakeWorld({ claimed: () => 0.5 });
  connect(garbage);
  sendCheck(garbage, fakeShard(0, [0.5], 'webgpu'));
  expect(sentVerdicts(garbage)).toMatchObject([{ kind: 'mismatch', lane: 'tolerance', runs: 2 }]);
  const other = openFakeWorld({ claimed: () => 0 });
  connect(other);
  sendCheck(other, fakeShard(0, [0.5], 'webgpu'));
  expect(sentVerdicts(other)).toMatchObject([{ kind: 'inconclusive' }]);
});

it('a verifier gives up on a unit after four tries, and on nothing while the hub is away', () => {
  const script = openFakeWorld({ truth: () => undefined });
  connect(script);
  sendCheck(script, honestShard(0, 1));
  step(script, { type: 'disconnected', link: script.link, reason: 'gone' });
  expect(sentVerdicts(script)).toEqual([]);
  connect(script);
  wait(script, 2_000);
  expect(sentVerdicts(script)).toEqual([]);
  connect(script);
  for (let round = 0; round < 60; round += 1) {
    receive(script, { type: 'beat' });
    wait(script, 1_000);
  }
  expect(sentVerdicts(script)).toMatchObject([{ kind: 'inconclusive', runs: 0 }]);
});

it('a verifier drops a shard it holds already, and leaves on one it cannot read', () => {
  const script = openFakeWorld();
  script.idle = true;
  connect(script);
  sendCheck(script, honestShard(0, 3));
  sendCheck(script, honestShard(0, 3));
  expect(script.state.queue).toHaveLength(1);
  sendCheck(script, { ...honestShard(1, 3), digests: encodeBase64(new Uint8Array(32)) });
  expect(script.state.phase.name).toBe('waiting');
});

it('a verifier turns away what its queue cannot hold and asks for it again', () => {
  const script = openFakeWorld({ queueUnitsMax: 4 });
  script.idle = true;
  connect(script);
  for (let sequence = 0; sequence < 5; sequence += 1) sendCheck(script, honestShard(sequence, 3));
  expect(script.state.queue).toHaveLength(2);
  script.idle = false;
  const started = executions(script);
  for (const { task, unit } of started) {
    step(script, { type: 'executed', task, result: accept(fakeReference(unit)) });
  }
  expect(script.disk.judged).toBeLessThan(2);
  wait(script, 100);
  connect(script);
  for (let sequence = 2; sequence < 5; sequence += 1) sendCheck(script, honestShard(sequence, 3));
  wait(script, 1_000);
  const judgedUnits = sentVerdicts(script).map(({ unit }) => unit);
  expect(new Set(judgedUnits).size).toBe(15);
});

test('a flood of newcomers does not hold up the work of a device that is trusted', () => {
  const script = openFakeWorld();
  script.idle = true;
  connect(script);
  for (let sequence = 0; sequence < 20; sequence += 1) {
    sendCheck(script, { ...honestShard(sequence, 5), device: newcomer(sequence), workBefore: 0 });
  }
  sendCheck(script, { ...honestShard(20, 5), workBefore: 5_000 * UNIT_COST });
  for (let done = 0; done < 12; done += 1) {
    const { task, unit } = executions(script)[done] ?? { task: -1, unit: -1 };
    step(script, { type: 'executed', task, result: accept(fakeReference(unit)) });
  }
  const started = executions(script).map(({ unit }) => unit);
  expect(started.filter((unit) => unit >= 200)).toEqual([200, 201, 202, 203, 204]);
  // The others go on in the order of their coming.
  expect(started.filter((unit) => unit < 200).slice(0, 6)).toEqual([0, 1, 2, 3, 4, 10]);
});

it('a shard that is void is judged no further, and holds no mark back', () => {
  const script = openFakeWorld();
  script.idle = true;
  connect(script);
  sendCheck(script, honestShard(0, 10));
  sendCheck(script, honestShard(1, 2));
  expect(script.state.queue).toHaveLength(2);
  receive(script, { type: 'voided', sequence: 0 });
  expect(script.state.queue).toHaveLength(1);
  finishExecutions(script);
  wait(script, 500);
  expect(sentJudged(script).at(-1)).toBe(1);
  expect(sentVerdicts(script).length).toBeLessThan(6);
});
