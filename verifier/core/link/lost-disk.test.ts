import { beforeEach, describe, expect, it } from 'vitest';
import type { VerifierBook } from '#protocol/messages/control.ts';
import type { PublicKey, Signature } from '#protocol/values/ids.ts';
import { accept, refuse } from '#protocol/values/refusal.ts';
import {
  connect,
  type FakeWorld,
  honestShard,
  linesOf,
  openFakeWorld,
  sendCheck,
  sentEpochs,
  sentVerdicts,
  step,
  wait,
} from '../fake-world.ts';
import type { LogLine } from '../state/events.ts';

/**
 * What a verifier had in its log before its disk was lost: two units of three, with the seed open.
 */
let before: readonly LogLine[];
beforeEach(() => {
  const world = openFakeWorld();
  connect(world);
  sendCheck(world, honestShard(0, 2));
  before = world.lines;
});

/** It is back with an empty disk; the hub knows of one epoch, and asks for the same shard again. */
function comeBack(known: VerifierBook = { lastEpoch: 1, open: [1], judged: -1 }): FakeWorld {
  const world = openFakeWorld();
  connect(world, known);
  sendCheck(world, honestShard(0, 3));
  return world;
}
const recalls = ({ effects }: FakeWorld) => effects.filter(({ type }) => type === 'recall').length;
const answer = (world: FakeWorld, lines: readonly LogLine[]): void =>
  step(world, { type: 'recalled', link: world.link, result: accept(lines) });
const unitsOf = (world: FakeWorld) => sentVerdicts(world).map(({ unit }) => unit);

describe('a verifier whose disk knows less than the hub', () => {
  it('judges nothing before it has read back what it said', () => {
    const world = comeBack();
    wait(world, 1_000);
    expect([recalls(world), unitsOf(world), linesOf(world)]).toEqual([1, [], []]);
  });

  it('then has it in its log, says which seed is lost, and judges the rest alone', () => {
    const world = comeBack();
    answer(world, before);
    wait(world, 1_000);
    expect(linesOf(world)).toEqual(['opened', 'verdict', 'verdict', 'lost', 'opened', 'verdict']);
    expect(world.lines.slice(0, 3)).toEqual(before);
    expect(unitsOf(world)).toEqual([2]);
    expect(sentEpochs(world).map(({ record }) => [record.type, record.epoch])).toEqual([
      ['lost', 1],
      ['opened', 2],
    ]);
  });

  it('tries again where the hub does not answer, and on a new link', () => {
    const world = comeBack();
    const result = refuse('download-failed', 'no network');
    step(world, { type: 'recalled', link: world.link, result });
    wait(world, 4_000);
    expect(recalls(world)).toBe(1);
    wait(world, 2_000);
    expect(recalls(world)).toBe(2);
    const old = world.link;
    step(world, { type: 'disconnected', link: old, reason: 'the link broke' });
    wait(world, 1_000);
    connect(world, { lastEpoch: 1, open: [1], judged: -1 });
    expect(recalls(world)).toBe(3);
    step(world, { type: 'recalled', link: old, result: accept(before) });
    expect(linesOf(world)).toEqual([]);
  });

  it('takes nothing into its log that it has not signed', () => {
    const world = comeBack();
    const forged = before.map((line) => {
      if (line.type === 'epoch') return line;
      const { verdict } = line.signed;
      return { ...line, signed: { verdict, signature: '0'.repeat(128) as Signature } };
    });
    const others = before.flatMap((line) => {
      if (line.type === 'epoch') return [];
      const verdict = { ...line.signed.verdict, verifier: 'bb'.repeat(32) as PublicKey };
      return [{ ...line, signed: { ...line.signed, verdict } }];
    });
    answer(world, [...forged, ...others]);
    wait(world, 1_000);
    expect(linesOf(world).slice(0, 3)).toEqual(['opened', 'lost', 'opened']);
    expect(unitsOf(world)).toEqual([0, 1, 2]);
  });

  it('reads nothing back where its disk has all of it', () => {
    const world = openFakeWorld();
    connect(world, { lastEpoch: 0, open: [], judged: -1 });
    sendCheck(world, honestShard(0, 2));
    expect([recalls(world), unitsOf(world)]).toEqual([0, [0, 1]]);
  });
});
