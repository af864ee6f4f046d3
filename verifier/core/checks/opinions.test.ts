import { describe, expect, it } from 'vitest';
import { accept } from '#protocol/values/refusal.ts';
import {
  askOpinion,
  connect,
  executions,
  type FakeWorld,
  fakeReference,
  fakeShard,
  honestShard,
  linesOf,
  openFakeWorld,
  receive,
  sendCheck,
  sentVerdicts,
  step,
  wait,
} from '../fake-world.ts';

/** The epoch draws, and re-executions wait until the test answers them. */
function open(): FakeWorld {
  const world = openFakeWorld({ claimed: (unit) => (unit === 11 ? 99 : unit) });
  connect(world);
  sendCheck(world, honestShard(0, 1));
  return world;
}
/** Unit 11 is wrong. */
const wrongShard = fakeShard(1, [10, 99, 12]);
const unitsOf = (world: FakeWorld) => sentVerdicts(world).map(({ unit }) => unit);
/** Answers what is at work, and goes on at once. */
function goOn(world: FakeWorld): void {
  world.idle = false;
  for (const [task, { check }] of [...world.state.tasks]) {
    step(world, { type: 'executed', task, result: accept(fakeReference(check.unit)) });
  }
  wait(world, 1_000);
}

describe('a unit that the hub asks an opinion on', () => {
  it('goes before what has waited longer, drawn before or not', () => {
    const world = open();
    world.idle = true;
    sendCheck(world, honestShard(1, 10));
    askOpinion(world, honestShard(2, 10), [25]);
    askOpinion(world, honestShard(1, 10), [17]);
    const urgent = world.state.queue.flatMap(({ urgent, units }) => (urgent ? units : []));
    expect(urgent.map(({ unit }) => unit)).toEqual([17, 25]);
    const begun = executions(world).length;
    goOn(world);
    const next = executions(world).slice(begun, begun + 2);
    expect(next.map(({ unit }) => unit).sort()).toEqual([17, 25]);
    expect(unitsOf(world)).toHaveLength(12);
  });

  it('is told once more when it was judged before, and judged no second time', () => {
    const world = open();
    sendCheck(world, honestShard(1, 3));
    const lines = linesOf(world).length;
    askOpinion(world, honestShard(1, 3), [11]);
    wait(world, 1_000);
    expect(unitsOf(world).filter((unit) => unit === 11)).toHaveLength(2);
    expect(linesOf(world)).toHaveLength(lines);
  });

  it('is judged though its shard is void meanwhile', () => {
    const world = open();
    world.idle = true;
    sendCheck(world, wrongShard);
    askOpinion(world, wrongShard, [11]);
    receive(world, { type: 'voided', sequence: 1 });
    goOn(world);
    // Unit 10 was at work already.
    expect(unitsOf(world)).toEqual([0, 10, 11]);
    expect(sentVerdicts(world).at(-1)).toMatchObject({ kind: 'mismatch', runs: 2 });
  });
});
