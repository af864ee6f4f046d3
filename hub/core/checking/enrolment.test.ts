import { beforeEach, expect, test } from 'vitest';
import type { PublicKey } from '#protocol/values/ids.ts';
import { type Court, openCourt, SECOND, socketOf, THIRD } from '../fake-court.ts';
import { VERIFIER } from '../fake-world.ts';
import type { HubCommand } from '../state/events.ts';

let court: Court;
/** One shard is the whole job. */
beforeEach(() => {
  court = openCourt({ units: 10, enrolled: [VERIFIER, SECOND] });
});

function command(said: HubCommand) {
  court.post({ type: 'command', request: 9, command: said });
  return court.replies.at(-1)?.result;
}
const remove = (key: PublicKey) => command({ type: 'remove-verifier', key });

test('a job that waits for a verifier goes on when that one is removed', () => {
  court.judgeAll(VERIFIER);
  expect(court.job()?.state).toBe('finishing');
  expect(remove(SECOND)).toMatchObject({ ok: true });
  expect(court.job()?.state).toBe('done');
  expect(court.last(socketOf(SECOND), 'refused')?.code).toBe('verifier-unknown');
  expect(court.hub().verifiers.has(SECOND)).toBe(false);
});

test('a dispute that only a removed verifier has raised ends, and its device works on', () => {
  court.judge(SECOND, 'mismatch');
  expect(court.hub().disputes.size).toBe(1);
  remove(SECOND);
  expect(court.hub().disputes.size).toBe(0);
  expect(court.isBanned()).toBe(false);
  court.judgeAll(VERIFIER);
  expect(court.job()?.state).toBe('done');
});

test("a verifier's finding stands, and is enough once the others are removed", () => {
  court = openCourt({ units: 10 });
  court.judge(VERIFIER, 'mismatch');
  court.judge(SECOND, 'match');
  remove(SECOND);
  expect(court.isBanned()).toBe(false);
  remove(THIRD);
  expect(court.isBanned()).toBe(true);
});

test('a removed verifier stays removed over a restart, and is not enrolled again', () => {
  remove(SECOND);
  court.restart();
  expect([...court.hub().enrolled]).toEqual([VERIFIER]);
  court.enter(SECOND);
  expect(court.last(socketOf(SECOND), 'refused')?.code).toBe('verifier-unknown');
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
