import { describe, expect, it } from 'vitest';
import type { PublicKey, Signature } from '#protocol/values/ids.ts';
import { isReviewDrawn } from '../draws/draw.ts';
import {
  connect,
  executions,
  type FakeWorld,
  finishExecutions,
  honestShard,
  openFakeWorld,
  receive,
  reviewOf,
  sendCheck,
  sentEpochs,
  sentVerdicts,
  wait,
} from '../fake-world.ts';

const REVIEWS = 400;
const all = Array.from({ length: REVIEWS }, (_, at) => at + 1);
const seedOf = (world: FakeWorld) => world.state.book?.epochs[0]?.seed ?? ('' as never);
/** The numbers that the open epoch draws. */
const drawnBy = (world: FakeWorld) =>
  all.filter((number) => isReviewDrawn(seedOf(world), reviewOf(number).signed.signature));
const unitsOf = (world: FakeWorld) => sentVerdicts(world).map(({ unit }) => unit);

describe('verdicts of other verifiers', () => {
  it('are done again where the seed draws their signature, under a cause of their own', () => {
    const world = openFakeWorld();
    connect(world);
    for (const number of all) receive(world, reviewOf(number));
    const due = drawnBy(world);
    expect(due.length).toBeGreaterThan(1);
    expect(due.length).toBeLessThan(REVIEWS / 10);
    expect(unitsOf(world)).toEqual(due);
    expect(
      sentVerdicts(world).every(({ cause, kind }) => cause === 'review' && kind === 'match'),
    ).toBe(true);
  });

  it('that passed wrong work are contradicted', () => {
    const world = openFakeWorld({ claimed: (unit) => unit + 7 });
    connect(world);
    for (const number of all) receive(world, reviewOf(number, number + 7));
    expect(sentVerdicts(world).map(({ kind }) => kind)).toEqual(
      drawnBy(world).map(() => 'mismatch'),
    );
  });

  it('wait until the hub has the epoch that draws from them', () => {
    const world = openFakeWorld();
    world.deaf = true;
    connect(world);
    for (const number of all) receive(world, reviewOf(number));
    expect(sentEpochs(world)).toMatchObject([{ record: { type: 'opened', reviewFrom: 1 } }]);
    expect(executions(world)).toEqual([]);
  });

  it('of its own, badly signed or come before are passed over', () => {
    const world = openFakeWorld();
    connect(world);
    const [first, second] = [reviewOf(1), reviewOf(2)];
    const forged = { ...first.signed, signature: '0'.repeat(128) as Signature };
    receive(world, { ...first, signed: forged });
    const verdict = { ...second.signed.verdict, verifier: 'ee'.repeat(32) as PublicKey };
    receive(world, { ...second, signed: { ...second.signed, verdict } });
    expect(world.state.book?.reviewSeen).toBe(0);
    for (const number of [...all, ...all]) receive(world, reviewOf(number));
    expect(unitsOf(world)).toEqual(drawnBy(world));
  });

  it('on units that are judged already, or at work, are not done twice', () => {
    const world = openFakeWorld();
    connect(world);
    world.idle = true;
    receive(world, reviewOf(1));
    const due = drawnBy(world);
    const shards = [...new Set(due.map((number) => Math.floor(number / 10)))];
    for (const sequence of shards) sendCheck(world, honestShard(sequence, 10));
    for (const number of all) receive(world, reviewOf(number));
    const queued = world.state.queue.flatMap(({ units }) => units.map(({ unit }) => unit));
    expect(new Set(queued).size).toBe(queued.length);
    expect(queued).toEqual(expect.arrayContaining(due));
  });

  it('hold the seed back until they are judged, and bound the record of the epoch', () => {
    const world = openFakeWorld({ epochMs: 2_000 });
    connect(world);
    world.idle = true;
    for (const number of all) receive(world, reviewOf(number));
    const due = drawnBy(world);
    wait(world, 3_000);
    expect(sentEpochs(world)).toHaveLength(1);
    world.idle = false;
    finishExecutions(world);
    receive(world, { type: 'beat' });
    wait(world, 1_000);
    expect(unitsOf(world).sort((a, b) => a - b)).toEqual(due);
    expect(sentEpochs(world).at(-1)?.record).toMatchObject({
      type: 'revealed',
      reviewThrough: REVIEWS,
    });
    receive(world, reviewOf(REVIEWS + 1));
    expect(sentEpochs(world).at(-1)?.record).toMatchObject({
      type: 'opened',
      reviewFrom: REVIEWS + 1,
    });
  });

  it('are done once over a restart: what was judged is sent again, the rest is drawn as before', () => {
    const first = openFakeWorld();
    connect(first);
    for (const number of all.slice(0, 200)) receive(first, reviewOf(number));
    const due = drawnBy(first);
    const second = openFakeWorld({ saved: first.disk });
    connect(second);
    for (const number of all) receive(second, reviewOf(number));
    wait(second, 200);
    expect(unitsOf(second)).toEqual(due);
    expect(executions(second).map(({ unit }) => unit)).toEqual(
      due.filter((number) => number > 200),
    );
  });

  it('are settled some seconds later: the hub is told where to go on', () => {
    const past = { ...openFakeWorld().disk, judged: REVIEWS, settled: REVIEWS };
    const world = openFakeWorld({ saved: past });
    connect(world);
    for (const number of all) receive(world, reviewOf(number));
    expect(world.state.book?.verdicts).not.toEqual([]);
    for (let round = 0; round < 4; round += 1) {
      wait(world, 3_000);
      receive(world, { type: 'beat' });
    }
    expect(world.disk.reviewed).toBe(REVIEWS);
    expect(world.state.book?.verdicts).toEqual([]);
  });
});
