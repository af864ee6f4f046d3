import { expect, it } from 'vitest';
import {
  connect,
  finishExecutions,
  honestShard,
  openFakeWorld,
  sendCheck,
  sendExitCheck,
  sentExitChecked,
  sentVerdicts,
  wait,
} from '../fake-world.ts';

it('an exit check judges what was not drawn before, says so, and moves no mark back', () => {
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

it('an exit check asked for twice is done once, and answered again after it is over', () => {
  const script = openFakeWorld({ rate: 0 });
  connect(script);
  sendCheck(script, honestShard(0, 3));
  wait(script, 300);
  script.idle = true;
  sendExitCheck(script, honestShard(0, 3));
  sendExitCheck(script, honestShard(0, 3));
  expect(script.state.queue).toHaveLength(1);
  expect(sentExitChecked(script)).toEqual([]);
  finishExecutions(script);
  wait(script, 300);
  expect(sentExitChecked(script)).toEqual([0]);
  sendExitCheck(script, honestShard(0, 3));
  expect(sentExitChecked(script)).toEqual([0, 0]);
  expect(sentVerdicts(script)).toHaveLength(3);
});

it('an exit check after the seed is revealed is drawn under the open epoch', () => {
  const script = openFakeWorld({ rate: 0.5, epochMs: 2_000 });
  connect(script);
  sendCheck(script, honestShard(0, 3));
  wait(script, 5_000);
  sendExitCheck(script, honestShard(0, 3));
  wait(script, 300);
  expect(sentExitChecked(script)).toEqual([0]);
  expect(sentVerdicts(script).at(-1)?.epoch).toBe(2);
});
