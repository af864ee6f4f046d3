import { expect, test } from 'vitest';
import { PUZZLE_BITS_MAX, solvePuzzle } from '#protocol/bytes/puzzle.ts';
import { PROTOCOL_VERSION, PUZZLE_DEADLINE_MS } from '#protocol/messages/control.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { HUB, openBench, PHONE, SIGNED } from '../fake-world.ts';

/** So many strangers connect and go, all at once. */
function openFlooded(strangers: number) {
  const bench = openBench();
  for (let socket = 1; socket <= strangers; socket += 1) {
    bench.post({ type: 'connected', socket });
    bench.post({ type: 'disconnected', socket });
  }
  let socket = strangers;
  const greet = () => {
    socket += 1;
    bench.post({ type: 'connected', socket });
    const challenge = bench.last(socket, 'challenge');
    if (challenge === undefined) throw new Error('no challenge came');
    return { socket, ...challenge };
  };
  const hello = (
    to: ReturnType<typeof greet>,
    more: { answer?: number; role?: 'contributor' | 'verifier' } = {},
  ) => {
    const { answer, role = 'contributor' } = more;
    const key = role === 'verifier' ? VERIFIER : PHONE;
    const claim = { version: PROTOCOL_VERSION, role, key, hub: HUB, nonce: to.nonce };
    const said = { type: 'hello' as const, claim, signature: SIGNED };
    bench.say(to.socket, answer === undefined ? said : { ...said, answer });
    return bench.last(to.socket, 'refused')?.code ?? bench.last(to.socket, 'welcome')?.type;
  };
  return { bench, greet, hello };
}

const VERIFIER = 'c1'.repeat(32) as PublicKey;

test('a hello costs nothing while few come', () => {
  const { greet, hello } = openFlooded(4_000);
  const challenge = greet();
  expect(challenge).not.toHaveProperty('puzzle');
  expect(hello(challenge)).toBe('welcome');
});

test('a hello costs more the more come, up to a bound', () => {
  const bitsAfter = (strangers: number) => openFlooded(strangers).greet().puzzle?.bits;
  expect([6_000, 8_000, 30_000].map(bitsAfter)).toEqual([9, 11, PUZZLE_BITS_MAX]);
});

test('a hello with the answer is welcomed, and no other, but for an enrolled verifier', () => {
  const { greet, hello, bench } = openFlooded(6_000);
  bench.hub().enrolled.add(VERIFIER);
  expect(hello(greet())).toBe('puzzle-unsolved');
  expect(hello(greet(), { role: 'verifier' })).toBe('welcome');
  const challenge = greet();
  const { nonce, puzzle } = challenge;
  if (puzzle === undefined) throw new Error('no puzzle came');
  const answer = solvePuzzle({ ...puzzle, nonce }, { first: 0, tries: 1e6 }) ?? 0;
  expect(hello(greet(), { answer })).toBe('puzzle-unsolved');
  expect(hello(challenge, { answer })).toBe('welcome');
});

test('a puzzle has its time, and none is set when the many have been welcomed', () => {
  const { greet, bench } = openFlooded(6_000);
  const { socket } = greet();
  bench.wait(PUZZLE_DEADLINE_MS - 1_000);
  expect(bench.last(socket, 'refused')).toBeUndefined();
  expect(greet()).not.toHaveProperty('puzzle');
  bench.wait(2_000);
  expect(bench.last(socket, 'refused')?.code).toBe('hello-late');
});
