import { describe, expect, it, test } from 'vitest';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { digest, hexToBytes } from '#protocol/bytes/digest.ts';
import { COMPARATOR_VERSION } from '#protocol/checks/comparison.ts';
import type { Nonce, PublicKey } from '#protocol/values/ids.ts';
import { accept } from '#protocol/values/refusal.ts';
import { drawUnits } from './draws/draw.ts';
import {
  connect,
  executions,
  fakeReference,
  fakeShard,
  honestShard,
  linesOf,
  logEpoch,
  openFakeWorld,
  receive,
  sendCheck,
  sendExitCheck,
  sentEpochs,
  sentExitChecked,
  sentJudged,
  sentTypes,
  sentVerdicts,
  step,
  wait,
} from './fake-world.ts';

const newcomer = (at: number) => at.toString(16).padStart(64, '0') as PublicKey;
const HALF = { type: 'flat', rate: 0.5 } as const;

describe('checking', () => {
  it('puts the commitment to the seed in the log before any verdict, and judges what it drew', () => {
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
    expect(sentVerdicts(script).every(({ kind, runs }) => kind === 'match' && runs === 1)).toBe(
      true,
    );
    expect(sentJudged(script).at(-1)).toBe(1);
    expect(script.disk.judged).toBe(1);
  });

  it('confirms a mismatch in a fresh runtime and says how far it is', () => {
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

  it('says nothing against a device when its own two runs differ', () => {
    const script = openFakeWorld({ truth: (unit, fresh) => (fresh ? 50 : unit) });
    connect(script);
    sendCheck(script, fakeShard(0, [9]));
    expect(sentVerdicts(script)).toMatchObject([{ kind: 'inconclusive', runs: 2 }]);
  });

  it('judges a GPU by tolerance: near is a match, far inconclusive, as a decoy a mismatch', () => {
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

  it('gives up on a unit after four tries, and on nothing while the hub is away', () => {
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

  it('drops a shard it holds already, and leaves on one it cannot read', () => {
    const script = openFakeWorld();
    script.idle = true;
    connect(script);
    sendCheck(script, honestShard(0, 3));
    sendCheck(script, honestShard(0, 3));
    expect(script.state.queue).toHaveLength(1);
    sendCheck(script, { ...honestShard(1, 3), digests: encodeBase64(new Uint8Array(32)) });
    expect(script.state.phase.name).toBe('waiting');
  });

  it('turns away what its queue cannot hold and asks for it again', () => {
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
});

describe('what is on disk', () => {
  it('answers a hub that forgot, without running anything again', () => {
    const first = openFakeWorld();
    connect(first);
    sendCheck(first, honestShard(0, 3));
    wait(first, 200);
    expect(first.disk).toMatchObject({ judged: 0, settled: -1 });
    const second = openFakeWorld({ saved: first.disk });
    connect(second);
    expect(sentVerdicts(second).map(({ unit }) => unit)).toEqual([0, 1, 2]);
    expect(sentJudged(second)).toEqual([]);
    sendCheck(second, honestShard(0, 3));
    wait(second, 200);
    expect(sentJudged(second)).toEqual([0]);
    expect(second.effects.some(({ type }) => type === 'execute')).toBe(false);
  });

  it('draws the same units with the same seed after a restart, and only what is left of them', () => {
    const first = openFakeWorld({ rate: 0.5 });
    first.idle = true;
    connect(first);
    sendCheck(first, honestShard(0, 10));
    const [started] = executions(first);
    if (started === undefined) throw new Error('nothing was drawn');
    const { task, unit } = started;
    step(first, { type: 'executed', task, result: accept(fakeReference(unit)) });
    const drawn = drawUnits(
      { seed: first.state.book?.epochs[0]?.seed ?? ('' as Nonce), policy: HALF },
      honestShard(0, 10),
    );
    const second = openFakeWorld({ rate: 0.5, saved: first.disk });
    connect(second);
    sendCheck(second, honestShard(0, 10));
    wait(second, 200);
    const executed = executions(second);
    expect([unit, ...executed.map((effect) => effect.unit)]).toEqual(drawn);
    expect(sentJudged(second).at(-1)).toBe(0);
  });

  it('is forgotten once the hub has surely had it', () => {
    const script = openFakeWorld();
    connect(script);
    sendCheck(script, honestShard(0, 3));
    wait(script, 3_000);
    receive(script, { type: 'beat' });
    wait(script, 3_000);
    expect(script.state.book).toMatchObject({ settled: 0, verdicts: [] });
  });

  it('comes first: on a full disk nothing is told, and all of it later', () => {
    const script = openFakeWorld();
    connect(script);
    sendCheck(script, honestShard(0, 1));
    script.diskFull = true;
    sendCheck(script, honestShard(1, 2));
    wait(script, 1_000);
    expect(sentVerdicts(script)).toHaveLength(1);
    script.diskFull = false;
    wait(script, 6_000);
    expect(sentVerdicts(script)).toHaveLength(3);
    expect(sentJudged(script).at(-1)).toBe(1);
  });

  it('reveals a seed after its last verdict, and draws on with another', () => {
    const script = openFakeWorld({ epochMs: 2_000 });
    connect(script);
    sendCheck(script, honestShard(0, 1));
    wait(script, 2_500);
    sendCheck(script, honestShard(1, 1));
    expect(linesOf(script)).toEqual(['opened', 'verdict', 'revealed', 'opened', 'verdict']);
    const [opened, revealed] = sentEpochs(script).map(({ record }) => record);
    if (opened?.type !== 'opened' || revealed?.type !== 'revealed') throw new Error();
    expect(opened).toMatchObject({ epoch: 1, from: 0 });
    expect(revealed).toMatchObject({ epoch: 1, through: 0 });
    expect(digest(hexToBytes(revealed.seed))).toBe(opened.commitment);
    expect(script.disk.epochs.map(({ number }) => number)).toEqual([2]);
  });
});

describe('an epoch', () => {
  it('draws nothing before the hub has its record, and says it again until then', () => {
    const script = openFakeWorld();
    script.deaf = true;
    connect(script);
    sendCheck(script, honestShard(0, 3));
    wait(script, 4_000);
    expect(executions(script)).toEqual([]);
    expect(sentEpochs(script)).toHaveLength(1);
    receive(script, { type: 'beat' });
    wait(script, 2_000);
    const [first, second] = sentEpochs(script);
    expect(second).toEqual(first);
    if (first !== undefined) logEpoch(script, first);
    expect(sentVerdicts(script)).toHaveLength(3);
  });

  it('is published with the same seed after a restart, and draws then', () => {
    const first = openFakeWorld();
    first.deaf = true;
    connect(first);
    sendCheck(first, honestShard(0, 3));
    const second = openFakeWorld({ saved: first.disk });
    connect(second);
    expect(sentEpochs(second)).toEqual(sentEpochs(first));
    sendCheck(second, honestShard(0, 3));
    wait(second, 200);
    expect(sentVerdicts(second).map(({ epoch }) => epoch)).toEqual([1, 1, 1]);
  });

  it('keeps its seed until the hub has it, over a restart: what is revealed is said once in the log', () => {
    const first = openFakeWorld({ epochMs: 2_000 });
    connect(first);
    sendCheck(first, honestShard(0, 1));
    first.deaf = true;
    wait(first, 2_500);
    expect(linesOf(first)).toEqual(['opened', 'verdict', 'revealed']);
    expect(first.disk.epochs).toMatchObject([{ number: 1, through: 0 }]);
    const second = openFakeWorld({ saved: first.disk });
    connect(second);
    expect(sentEpochs(second)).toEqual(sentEpochs(first).slice(-1));
    expect(second.disk.epochs).toEqual([]);
    expect(second.lines).toEqual([]);
  });

  it('waits with its seed for exit checks and disputes under way, or they would be judged too late', () => {
    const script = openFakeWorld({ rate: 0, epochMs: 2_000 });
    connect(script);
    sendCheck(script, honestShard(0, 3));
    script.idle = true;
    sendExitCheck(script, honestShard(0, 3));
    wait(script, 4_000);
    expect(linesOf(script)).toEqual(['opened']);
    script.idle = false;
    for (const { task, unit } of executions(script)) {
      step(script, { type: 'executed', task, result: accept(fakeReference(unit)) });
    }
    wait(script, 300);
    expect(linesOf(script)).toEqual(['opened', 'verdict', 'verdict', 'verdict', 'revealed']);
  });

  it('of a full disk is revealed when there is room again', () => {
    const script = openFakeWorld({ epochMs: 2_000 });
    connect(script);
    sendCheck(script, honestShard(0, 1));
    wait(script, 1_000);
    script.diskFull = true;
    wait(script, 2_000);
    expect(linesOf(script)).toEqual(['opened', 'verdict']);
    script.diskFull = false;
    wait(script, 6_000);
    expect(linesOf(script)).toEqual(['opened', 'verdict', 'revealed']);
    expect(script.disk.epochs).toEqual([]);
  });
});

describe('the session', () => {
  it('backs off longer each time, says so, and starts over after a steady session', () => {
    const script = openFakeWorld();
    step(script, { type: 'tick' });
    for (let round = 0; round < 8; round += 1) {
      step(script, { type: 'disconnected', link: script.link, reason: 'refused' });
      wait(script, 31_000);
    }
    const said = script.effects.filter((effect) => effect.type === 'say');
    expect(said).not.toHaveLength(0);
    expect(said.every(({ text }) => /trying again in [\d.]+ s/.test(text))).toBe(true);
    expect(script.state.failures).toBeGreaterThan(5);
  });

  it('ends a session that is silent for three beats', () => {
    const script = openFakeWorld();
    connect(script);
    wait(script, 16_000);
    expect(script.effects.some(({ type }) => type === 'disconnect')).toBe(true);
    expect(sentTypes(script).filter((type) => type === 'beat').length).toBeGreaterThanOrEqual(2);
  });

  it('says goodbye and stops when the disk has everything', () => {
    const script = openFakeWorld();
    connect(script);
    step(script, { type: 'stopping' });
    expect(sentTypes(script).at(-1)).toBe('bye');
    expect(script.effects.at(-1)).toEqual({ type: 'stopped' });
  });
});

test('a flood of newcomers does not hold up the work of a device that is trusted', () => {
  const script = openFakeWorld();
  script.idle = true;
  connect(script);
  for (let sequence = 0; sequence < 20; sequence += 1) {
    sendCheck(script, { ...honestShard(sequence, 5), device: newcomer(sequence), standing: 0 });
  }
  sendCheck(script, { ...honestShard(20, 5), standing: 5_000 });
  for (let done = 0; done < 12; done += 1) {
    const { task, unit } = executions(script)[done] ?? { task: -1, unit: -1 };
    step(script, { type: 'executed', task, result: accept(fakeReference(unit)) });
  }
  const started = executions(script).map(({ unit }) => unit);
  expect(started.filter((unit) => unit >= 200)).toEqual([200, 201, 202, 203, 204]);
  // The others go on in the order of their coming.
  expect(started.filter((unit) => unit < 200).slice(0, 6)).toEqual([0, 1, 2, 3, 4, 10]);
});

describe('a shard that is void', () => {
  it('is judged no further, and holds no mark back', () => {
    const script = openFakeWorld();
    script.idle = true;
    connect(script);
    sendCheck(script, honestShard(0, 10));
    sendCheck(script, honestShard(1, 2));
    expect(script.state.queue).toHaveLength(2);
    receive(script, { type: 'voided', sequence: 0 });
    expect(script.state.queue).toHaveLength(1);
    script.idle = false;
    for (const { task, unit } of executions(script)) {
      step(script, { type: 'executed', task, result: accept(fakeReference(unit)) });
    }
    wait(script, 500);
    expect(sentJudged(script).at(-1)).toBe(1);
    expect(sentVerdicts(script).length).toBeLessThan(6);
  });
});

describe('an exit check', () => {
  it('judges what was not drawn before, says so, and moves no mark back', () => {
    const script = openFakeWorld({ rate: 0.5 });
    connect(script);
    sendCheck(script, honestShard(0, 10));
    wait(script, 300);
    const before = sentVerdicts(script).length;
    sendExitCheck(script, honestShard(0, 10));
    wait(script, 300);
    const all = sentVerdicts(script).map(({ unit }) => unit);
    expect(before).toBeLessThan(10);
    expect([...all].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(sentExitChecked(script)).toEqual([0]);
    expect(script.disk.judged).toBe(0);
  });

  it('asked for twice is done once, and answered again after it is over', () => {
    const script = openFakeWorld({ rate: 0 });
    connect(script);
    sendCheck(script, honestShard(0, 3));
    wait(script, 300);
    script.idle = true;
    sendExitCheck(script, honestShard(0, 3));
    sendExitCheck(script, honestShard(0, 3));
    expect(script.state.queue).toHaveLength(1);
    expect(sentExitChecked(script)).toEqual([]);
    script.idle = false;
    for (const { task, unit } of executions(script)) {
      step(script, { type: 'executed', task, result: accept(fakeReference(unit)) });
    }
    wait(script, 300);
    expect(sentExitChecked(script)).toEqual([0]);
    sendExitCheck(script, honestShard(0, 3));
    expect(sentExitChecked(script)).toEqual([0, 0]);
    expect(sentVerdicts(script)).toHaveLength(3);
  });

  it('after the seed is revealed is drawn under the open epoch', () => {
    const script = openFakeWorld({ rate: 0.5, epochMs: 2_000 });
    connect(script);
    sendCheck(script, honestShard(0, 3));
    wait(script, 5_000);
    sendExitCheck(script, honestShard(0, 3));
    wait(script, 300);
    expect(sentExitChecked(script)).toEqual([0]);
    expect(sentVerdicts(script).at(-1)?.epoch).toBe(2);
  });
});
