import { describe, expect, it } from 'vitest';
import { digestSeal } from '#protocol/digest.ts';
import type { AcceptedShard, Seal } from '#protocol/records.ts';
import { refusal } from '#protocol/refusal.ts';
import {
  askSealed,
  connect,
  type FakeWorld,
  fakeShard,
  honestShard,
  linesOf,
  openFakeWorld,
  receive,
  sendCheck,
  sentJudged,
  sentSeals,
  sentVerdicts,
  step,
  unseal,
  wait,
} from './fake-world.ts';

/** The epoch draws, and the hub asks for nothing that was sealed until the test does. */
function open(): FakeWorld {
  const world = openFakeWorld({ claimed: (unit) => (unit === 11 ? 99 : unit) });
  connect(world);
  sendCheck(world, honestShard(0, 1));
  world.deaf = true;
  return world;
}
/** Unit 11 is wrong. */
const wrongShard: AcceptedShard = fakeShard(1, [10, 99, 12]);
const last = (world: FakeWorld): Seal => {
  const seal = sentSeals(world).at(-1);
  if (seal === undefined) throw new Error('nothing was sealed');
  return seal;
};
const LOST = refusal('download-failed', 'no network');
const unitsOf = (world: FakeWorld) => sentVerdicts(world).map(({ unit }) => unit);
const verdictsIn = (world: FakeWorld) => linesOf(world).filter((line) => line === 'verdict');

describe('a unit that is found wrong', () => {
  it('is sealed: neither the hub nor the log has it before the hub asks for it', () => {
    const world = open();
    sendCheck(world, wrongShard);
    wait(world, 1_000);
    expect(last(world)).toMatchObject({ lease: wrongShard.lease, unit: 11 });
    expect([unitsOf(world), verdictsIn(world)]).toMatchObject([[0, 10, 12], { length: 3 }]);
    // Its shard is not judged through, and the seed that drew it stays secret.
    expect(sentJudged(world).at(-1)).toBe(0);
    unseal(world, last(world));
    wait(world, 1_000);
    expect([unitsOf(world), verdictsIn(world)]).toMatchObject([[0, 10, 12, 11], { length: 4 }]);
    expect(sentJudged(world).at(-1)).toBe(1);
    const opened = world.disk.verdicts.at(-1)?.signed;
    expect(opened && digestSeal(opened)).toBe(last(world).seal);
  });

  it('stays sealed when its shard is void meanwhile', () => {
    const world = open();
    sendCheck(world, wrongShard);
    receive(world, { type: 'voided', sequence: 1 });
    unseal(world, last(world));
    expect(unitsOf(world)).toContain(11);
  });

  it('is sealed again on a new link, and now and then, with the same digest', () => {
    const world = open();
    sendCheck(world, wrongShard);
    const first = last(world);
    wait(world, 5_500);
    expect(sentSeals(world)).toEqual([first, first]);
    step(world, { type: 'disconnected', link: world.link, reason: 'the link broke' });
    wait(world, 1_000);
    connect(world);
    expect(sentSeals(world)).toEqual([first, first, first]);
  });
});

describe('a unit that the hub asks several about', () => {
  it('is sealed whatever is found of it, and goes before what has waited longer', () => {
    const world = open();
    world.idle = true;
    sendCheck(world, honestShard(1, 10));
    askSealed(world, honestShard(2, 10), [25]);
    askSealed(world, honestShard(1, 10), [17]);
    const queue = world.state.queue.flatMap(({ seal, units }) => (seal ? units : []));
    expect(queue.map(({ unit }) => unit)).toEqual([17, 25]);
    world.idle = false;
    for (const task of world.state.tasks.keys()) {
      step(world, { type: 'executed', task, result: { ok: false, refusal: LOST } });
    }
    wait(world, 3_000);
    expect(sentSeals(world).map(({ unit }) => unit)).toEqual(expect.arrayContaining([17, 25]));
    expect(unitsOf(world)).not.toContain(17);
    for (const seal of sentSeals(world)) unseal(world, seal);
    expect(unitsOf(world)).toEqual(expect.arrayContaining([17, 25]));
  });

  it('and that it had judged already is sealed as it stands in the log, once', () => {
    const world = open();
    sendCheck(world, honestShard(1, 3));
    expect(verdictsIn(world)).toHaveLength(4);
    askSealed(world, honestShard(1, 3), [11]);
    expect(last(world)).toMatchObject({ unit: 11 });
    expect(unitsOf(world).filter((unit) => unit === 11)).toHaveLength(1);
    unseal(world, last(world));
    expect(unitsOf(world).filter((unit) => unit === 11)).toHaveLength(2);
    expect(verdictsIn(world)).toHaveLength(4);
    expect(world.state.queue).toEqual([]);
  });
});

it('a verifier that dies over a sealed unit judges it again', () => {
  const world = open();
  sendCheck(world, wrongShard);
  const before = last(world);
  const again = openFakeWorld({ saved: world.disk, claimed: () => 99 });
  again.now = world.now + 60_000;
  connect(again);
  again.deaf = true;
  sendCheck(again, wrongShard);
  wait(again, 1_000);
  expect(last(again)).toMatchObject({ unit: 11 });
  expect(last(again).seal).not.toBe(before.seal);
  expect(Math.max(...sentJudged(again))).toBe(0);
});
