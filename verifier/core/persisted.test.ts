import { expect, it } from 'vitest';
import { digest, hexToBytes } from '#protocol/bytes/digest.ts';
import type { Nonce } from '#protocol/values/ids.ts';
import { accept } from '#protocol/values/refusal.ts';
import { drawUnits } from './draws/draw.ts';
import {
  connect,
  executions,
  fakeReference,
  honestShard,
  linesOf,
  openFakeWorld,
  receive,
  sendCheck,
  sentEpochs,
  sentJudged,
  sentVerdicts,
  step,
  wait,
} from './fake-world.ts';

const HALF = { type: 'flat', rate: 0.5 } as const;

it('a verifier answers a hub that forgot, without running anything again', () => {
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

it('a verifier draws the same units with the same seed after a restart, and only what is left of them', () => {
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

it('a verdict is forgotten once the hub has surely had it', () => {
  const script = openFakeWorld();
  connect(script);
  sendCheck(script, honestShard(0, 3));
  wait(script, 3_000);
  receive(script, { type: 'beat' });
  wait(script, 3_000);
  expect(script.state.book).toMatchObject({ settled: 0, verdicts: [] });
});

it('a verifier with a full disk tells nothing, and all of it later', () => {
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

it('a verifier reveals a seed after its last verdict, and draws on with another', () => {
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
