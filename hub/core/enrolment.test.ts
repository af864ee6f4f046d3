import { beforeEach, expect, test } from 'vitest';
import type { PublicKey } from '#protocol/ids.ts';
import type { HubCommand } from './events.ts';
import {
  type Bench,
  deliver,
  joinWorker,
  openBench,
  PHONE,
  speak,
  startJob,
  VERIFIER,
  verdictOn,
} from './fake-world.ts';

const SECOND = '5e'.repeat(32) as PublicKey;
const SECOND_SOCKET = 7;

let bench: Bench;
beforeEach(() => {
  bench = openBench({ needsVerifier: true, verifiers: [VERIFIER, SECOND] });
});

function command(said: HubCommand) {
  bench.post({ type: 'command', request: 9, command: said });
  return bench.replies.at(-1)?.result;
}
const remove = (key: PublicKey) => command({ type: 'remove-verifier', key });
const judge = (socket: number): void => {
  const through = bench.last(1, 'check')?.shard.sequence ?? -1;
  bench.say(socket, { type: 'judged', through });
};

/** One shard computes the whole job; the first verifier has judged it, the second has not. */
function work(): void {
  startJob(bench, 50);
  bench.join(SECOND_SOCKET, SECOND, 'verifier');
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
}

test('a job that waits for a verifier goes on when that one is removed', () => {
  work();
  judge(1);
  expect(bench.job()?.state).toBe('finishing');
  expect(remove(SECOND)).toMatchObject({ ok: true });
  expect(bench.job()?.state).toBe('done');
  expect(bench.last(SECOND_SOCKET, 'refused')?.code).toBe('verifier-unknown');
  expect(bench.hub().verifiers.has(SECOND)).toBe(false);
});

test('a dispute that only it has raised ends, and its device works on', () => {
  work();
  speak(bench, SECOND_SOCKET, verdictOn(bench, 'mismatch', SECOND));
  expect(bench.hub().disputes.size).toBe(1);
  remove(SECOND);
  expect(bench.hub().disputes.size).toBe(0);
  expect(bench.hub().barred.size).toBe(0);
  judge(1);
  expect(bench.job()?.state).toBe('done');
});

test('what another one found stands, and is enough when that one is left alone', () => {
  work();
  speak(bench, 1, verdictOn(bench, 'mismatch'));
  expect(bench.hub().barred.size).toBe(0);
  speak(bench, SECOND_SOCKET, verdictOn(bench, 'match', SECOND));
  remove(SECOND);
  expect(bench.hub().barred.has(PHONE)).toBe(true);
});

test('it stays removed over a restart, and is not enrolled again', () => {
  work();
  remove(SECOND);
  bench.restart();
  expect([...bench.hub().enrolled]).toEqual([VERIFIER]);
  bench.join(SECOND_SOCKET, SECOND, 'verifier');
  expect(bench.last(SECOND_SOCKET, 'refused')?.code).toBe('verifier-unknown');
  expect(command({ type: 'enrol', key: SECOND })).toMatchObject({
    ok: false,
    refusal: { code: 'request-invalid' },
  });
});

test('a verifier that nobody knows is not removed', () => {
  expect(remove('ee'.repeat(32) as PublicKey)).toMatchObject({
    ok: false,
    refusal: { code: 'verifier-unknown' },
  });
});
