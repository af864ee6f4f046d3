import { expect, it } from 'vitest';
import {
  connect,
  executions,
  finishExecutions,
  honestShard,
  linesOf,
  logEpoch,
  openFakeWorld,
  receive,
  sendCheck,
  sendExitCheck,
  sentEpochs,
  sentVerdicts,
  wait,
} from '../fake-world.ts';

it('an epoch draws nothing before the hub has its record, and says it again until then', () => {
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

it('an epoch is published with the same seed after a restart, and draws then', () => {
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

it('an epoch keeps its seed until the hub has it, over a restart: what is revealed is said once in the log', () => {
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

it('an epoch waits with its seed for exit checks and disputes under way, or they would be judged too late', () => {
  const script = openFakeWorld({ rate: 0, epochMs: 2_000 });
  connect(script);
  sendCheck(script, honestShard(0, 3));
  script.idle = true;
  sendExitCheck(script, honestShard(0, 3));
  wait(script, 4_000);
  expect(linesOf(script)).toEqual(['opened']);
  finishExecutions(script);
  wait(script, 300);
  expect(linesOf(script)).toEqual(['opened', 'verdict', 'verdict', 'verdict', 'revealed']);
});

it('an epoch of a full disk is revealed when there is room again', () => {
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
