import { expect, test } from 'vitest';
import { PROTOCOL_VERSION } from '#protocol/messages/control.ts';
import { openBench } from './fake-world.ts';

const challenge = {
  type: 'challenge' as const,
  versions: [PROTOCOL_VERSION],
  nonce: 'ab'.repeat(32) as never,
  hub: 'cd'.repeat(32) as never,
  puzzle: { bits: 9 },
};

test('a device solves the puzzle of a challenge before its hello, and has a minute for it', () => {
  const bench = openBench();
  bench.post({ type: 'start' });
  bench.hear(challenge);
  const [solve] = bench.all('solve');
  expect(solve?.puzzle).toEqual({ bits: 9, nonce: challenge.nonce });
  expect(bench.said()).toEqual([]);
  bench.wait(40_000);
  expect(bench.all('connect')).toHaveLength(1);
  bench.post({ type: 'solved', socket: solve?.socket ?? 0, answer: 77 });
  expect(bench.all('send').at(-1)?.message).toMatchObject({ type: 'hello', answer: 77 });
});

test('a device that finds no answer in time connects again, and an old answer is nobody’s', () => {
  const bench = openBench();
  bench.post({ type: 'start' });
  bench.hear(challenge);
  const [solve] = bench.all('solve');
  bench.wait(61_000);
  bench.wait(2_000);
  expect(bench.all('connect').length).toBeGreaterThan(1);
  bench.hear(challenge);
  bench.post({ type: 'solved', socket: solve?.socket ?? 0, answer: 77 });
  expect(bench.said()).toEqual([]);
});
