import { expect, test } from 'vitest';
import type { Root } from '#protocol/values/ids.ts';
import { bytes, lamports } from '#protocol/values/units.ts';
import { type Court, openCourt, SECOND } from '../fake-court.ts';
import { FUNDING, JOB, PHONE, VERIFIER } from '../fake-world.ts';
import { listEarning, listEnded, listFunded } from '../hub.ts';
import { archivedEarnings, publicMoney } from '../hub-bench.ts';

const FREE = lamports(0n);
const ALL = { from: 0, limit: 1_000 };
const AN_HOUR = 3_600_000;

/** A job of 50 units for volunteers that is done, with a verdict on its first unit. */
function openDone(): Court {
  const enrolled = [VERIFIER, SECOND];
  const court = openCourt({ units: 50, unitPrice: FREE, enrolled });
  court.tell(VERIFIER, court.opinion(VERIFIER, 'match'));
  for (const key of [VERIFIER, SECOND]) court.judgeAll(key);
  expect(court.job()?.state).toBe('done');
  return court;
}

const isInMemory = (court: Court): boolean => court.hub().jobs.has(JOB);

test('a job that is done leaves the state ten minutes later, and is shown as it was', () => {
  const court = openDone();
  court.wait(599_000);
  const view = court.job();
  expect(isInMemory(court)).toBe(true);
  court.wait(2_000);
  expect(isInMemory(court)).toBe(false);
  expect(court.job()).toEqual(view);
});

test('an archived job leaves nothing in memory, live and after a restart', () => {
  const court = openDone();
  court.wait(AN_HOUR);
  const left = () => {
    const { jobs, shards, unjudged, opinions, resolved, inFlight } = court.hub();
    return [jobs, shards, unjudged, opinions, resolved, inFlight].map(({ size }) => size);
  };
  expect(left()).toEqual([0, 0, 0, 0, 0, 0]);
  court.restart();
  expect(left()).toEqual([0, 0, 0, 0, 0, 0]);
  expect(court.hub().acceptedUnits).toBe(50);
});

test('a job stays while its archiving is not on disk', () => {
  const court = openDone();
  court.fillDisk(true);
  court.wait(AN_HOUR);
  expect(isInMemory(court)).toBe(true);
  court.fillDisk(false);
  expect(isInMemory(court)).toBe(false);
});

test('a verdict on an archived job is declined', () => {
  const court = openDone();
  const late = court.opinion(SECOND, 'mismatch');
  court.wait(AN_HOUR);
  court.enter(SECOND);
  court.tell(SECOND, late);
  expect(court.last(11, 'declined')).toMatchObject({ code: 'job-unknown' });
});

test('a cancelled job stays until verifiers have judged what was accepted of it', () => {
  const court = openCourt({ unitPrice: FREE, enrolled: [VERIFIER] });
  court.post({ type: 'command', request: 9, command: { type: 'cancel', job: JOB } });
  court.stay(AN_HOUR);
  expect([court.job()?.state, isInMemory(court)]).toEqual(['cancelled', true]);
  court.judgeAll(VERIFIER);
  court.stay(1_000);
  expect([court.job()?.state, isInMemory(court)]).toEqual(['cancelled', false]);
});

test('an archived job with money is told of by its fact, and its money can be closed', () => {
  const court = openCourt({ units: 50, enrolled: [VERIFIER] });
  court.judgeAll(VERIFIER);
  const [view] = listEnded(court.hub(), ALL);
  const shards = listEarning(court.hub(), JOB, ALL);
  expect([view?.shards, shards?.length]).toEqual([1, 1]);
  court.wait(AN_HOUR);
  const { money } = court.hub();
  expect([money.endedOf.size, money.earned.size, money.endedCount]).toEqual([0, 0, 1]);
  expect(court.facts.at(-1)).toMatchObject({
    type: 'job-archived',
    earned: { view, runs: [{ first: 0, end: 50 }] },
  });
  expect(archivedEarnings(court.facts)).toEqual({ jobs: [view], shards });
  expect(listFunded(court.hub())).toEqual([{ job: JOB, poster: FUNDING.poster }]);
  const close = () => {
    court.post({ type: 'command', request: 9, command: { type: 'close', job: JOB } });
    return court.replies.at(-1)?.result;
  };
  expect([close(), close()]).toEqual([
    { ok: true, value: null },
    { ok: true, value: null },
  ]);
  expect([listFunded(court.hub()), publicMoney(court.facts).closings.length]).toEqual([[], 1]);
  court.restart();
  expect([listFunded(court.hub()), publicMoney(court.facts).closings.length]).toEqual([[], 1]);
});

test('outputs of a job are moved when it is archived, and not before', () => {
  const court = openDone();
  const segment = { root: 'ab'.repeat(32) as Root, length: bytes(9), first: 1, end: 2, shards: 1 };
  const keep = (more: object) => {
    court.post({
      ...{ type: 'command', request: 9 },
      command: { type: 'keep-outputs', job: JOB, ...more },
    });
    return court.replies.at(-1)?.result;
  };
  expect(keep({ segment })).toMatchObject({ ok: false, refusal: { code: 'job-state' } });
  court.wait(AN_HOUR);
  const said = court.facts.length;
  expect([keep({ segment }), keep({})]).toEqual([
    { ok: true, value: null },
    { ok: true, value: null },
  ]);
  expect(court.facts.slice(said)).toMatchObject([
    { type: 'outputs-kept', job: JOB, segment },
    { type: 'outputs-kept', job: JOB },
  ]);
});

test('a device keeps its place and its standing when its jobs are archived', () => {
  const court = openDone();
  const before = structuredClone(court.hub().deviceRecords.get(PHONE));
  court.wait(AN_HOUR);
  expect(before).toMatchObject({ shards: 1, places: { 0: 0 } });
  expect(court.hub().deviceRecords.get(PHONE)).toEqual({ ...before, shards: 0 });
});
