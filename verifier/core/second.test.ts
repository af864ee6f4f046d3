import { expect, test } from 'vitest';
import type { Verdict } from '#protocol/records.ts';
import {
  answerSecond,
  connect,
  type FakeScript,
  fakeShard,
  honestShard,
  openFakeWorld,
  receive,
  sendCheck,
  sentTypes,
  sentVerdicts,
  step,
  wait,
} from './fake-world.ts';

/** A GPU claims 0.01 where 0 is right: beyond tolerance, and nearer than any decoy. */
const FAR = 0.01;
function judge(script: FakeScript): Verdict[] {
  const world = openFakeWorld({ claimed: () => FAR, ...script });
  connect(world);
  sendCheck(world, fakeShard(0, [FAR], 'webgpu'));
  wait(world, 500);
  return sentVerdicts(world);
}

test.each([
  ['is right', { made: 0, kind: 'device-unfit', isRight: true, agrees: false }],
  ['is far off in the same way', { made: FAR, kind: 'inconclusive', isRight: false, agrees: true }],
  ['is far off otherwise', { made: -FAR, kind: 'device-unfit', isRight: false, agrees: false }],
])('a second device of the class %s', (_, { made, kind, ...said }) => {
  const verdicts = judge({ second: () => made });
  expect(verdicts).toMatchObject([{ kind, lane: 'tolerance', runs: 2, second: said }]);
});

test('where there is no second device the first one is unfit', () => {
  const [verdict, ...more] = judge({});
  expect(more).toEqual([]);
  expect(verdict).toMatchObject({ kind: 'device-unfit', lane: 'tolerance', runs: 2 });
  expect(verdict?.second).toBeUndefined();
});

test('nobody is asked about what is as far off as a decoy, nor on the exact lane', () => {
  for (const provider of ['webgpu', 'wasm'] as const) {
    const world = openFakeWorld({ claimed: () => 0.5, second: () => 0.5 });
    connect(world);
    sendCheck(world, fakeShard(0, [0.5], provider));
    expect(sentVerdicts(world)).toMatchObject([{ kind: 'mismatch' }]);
    expect(sentTypes(world)).not.toContain('second');
  }
});

test('it is asked again on a new link, holds up nothing else, and is waited for three minutes', () => {
  for (const answers of [true, false]) {
    const world = openFakeWorld({ claimed: () => FAR, second: () => FAR });
    connect(world);
    sendCheck(world, honestShard(0, 1));
    world.deaf = true;
    sendCheck(world, { ...fakeShard(1, [FAR], 'webgpu'), firstUnit: 0 });
    expect(sentTypes(world).filter((type) => type === 'second')).toHaveLength(1);
    sendCheck(world, honestShard(2, 1));
    wait(world, 200);
    expect(sentVerdicts(world).map(({ unit }) => unit)).toEqual([0, 20]);
    step(world, { type: 'disconnected', link: world.link, reason: 'gone' });
    wait(world, 2_000);
    connect(world);
    expect(sentTypes(world).filter((type) => type === 'second')).toHaveLength(2);
    if (answers) answerSecond(world, { lease: fakeShard(1, []).lease, unit: 0 });
    for (let beat = 0; beat < 200 && !answers; beat += 1) {
      receive(world, { type: 'beat' });
      wait(world, 1_000);
    }
    wait(world, 200);
    const last = sentVerdicts(world).findLast(({ lane }) => lane === 'tolerance');
    expect(last?.kind).toBe(answers ? 'inconclusive' : 'device-unfit');
  }
});
