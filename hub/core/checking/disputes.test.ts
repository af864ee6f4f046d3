import { beforeEach, describe, expect, test } from 'vitest';
import type { SignedVerdict } from '#protocol/records/records.ts';
import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import { type Court, FOURTH, openCourt, SECOND, socketOf, THIRD } from '../fake-court.ts';
import { deliver, JOB, PHONE, VERIFIER } from '../fake-world.ts';
import { mayReadVerdict, shownVerdicts } from '../hub.ts';

const MINUTES = 60_000;
const GUESS = '03'.repeat(32) as Digest;
let court: Court;
const enrol = (key: PublicKey): void =>
  court.post({ type: 'command', request: 50, command: { type: 'enrol', key } });
/** Verdicts on disk that anybody may read, by whom. */
const shown = (): PublicKey[] => {
  const facts = court.facts.flatMap((fact) => (fact.type === 'verdict' ? [fact.signed] : []));
  const { through, withheld } = shownVerdicts(court.hub());
  expect(through + withheld).toBe(facts.length);
  return facts.slice(0, through).map(({ verdict }) => verdict.verifier);
};
/** Whom one verifier was told of. */
const toldOf = (key: PublicKey): PublicKey[] =>
  (court.sent.get(socketOf(key)) ?? []).flatMap((message) =>
    message.type === 'review' ? [message.signed.verdict.verifier] : [],
  );

test('a confirmed mismatch of the only verifier bans', () => {
  court = openCourt({ units: 50, enrolled: [VERIFIER] });
  court.judge(VERIFIER, 'mismatch');
  expect(court.isBanned()).toBe(true);
  expect(court.grid().disputes).toEqual([]);
  expect(shown()).toEqual([VERIFIER]);
});

describe('of three verifiers', () => {
  beforeEach(() => {
    court = openCourt();
  });

  test('one alone bans nobody: the others are asked, and the device waits', () => {
    court.judge(VERIFIER, 'mismatch');
    expect(court.isBanned()).toBe(false);
    expect([SECOND, THIRD, VERIFIER].map(court.asked)).toEqual([[[0]], [[0]], []]);
    court.say(2, { type: 'request' });
    expect(court.last(2, 'idle')?.reason.code).toBe('disputed');
    expect(court.grid().disputes).toEqual([
      { job: JOB, unit: 0, device: PHONE, spoken: [VERIFIER] },
    ]);
    expect(court.job()?.reason.values).toMatchObject({ spoken: 1, enrolled: 3 });
  });

  test('two that agree ban once the third has spoken', () => {
    court.judge(VERIFIER, 'mismatch');
    court.judge(SECOND, 'mismatch');
    expect(court.isBanned()).toBe(false);
    court.judge(THIRD, 'inconclusive');
    expect(court.isBanned()).toBe(true);
    expect(court.job()).toMatchObject({ accepted: 0 });
    expect(court.grid()).toMatchObject({ disputes: [], faults: [] });
  });

  test('one that frames a device has a fault, and the device works on', () => {
    court.judge(VERIFIER, 'mismatch');
    court.judge(SECOND, 'match');
    court.judge(THIRD, 'match');
    expect(court.isBanned()).toBe(false);
    expect(court.grid()).toMatchObject({
      disputes: [],
      faults: [{ verifier: VERIFIER, count: 1 }],
    });
    const before = court.last(2, 'lease')?.lease.id;
    court.say(2, { type: 'request' });
    expect(court.last(2, 'lease')?.lease.id).not.toBe(before);
  });

  test('one that spares a friend has a fault when the others check the same unit', () => {
    court.judge(VERIFIER, 'match');
    expect(shown()).toEqual([VERIFIER]);
    court.judge(SECOND, 'mismatch');
    court.judge(THIRD, 'mismatch');
    expect(court.isBanned()).toBe(true);
    expect(court.grid().faults).toEqual([{ verifier: VERIFIER, count: 1 }]);
  });

  test('a verdict that frames a device voids nothing when it comes after two matches', () => {
    court.judge(SECOND, 'match');
    court.judge(THIRD, 'match');
    court.judge(VERIFIER, 'mismatch');
    expect(court.facts.some(({ type }) => type === 'voided')).toBe(false);
    expect(court.grid().faults).toEqual([{ verifier: VERIFIER, count: 1 }]);
  });

  test('a dispute and its faults outlive a restart', () => {
    court.judge(VERIFIER, 'mismatch');
    const others = [SECOND, THIRD].map((key) => court.opinion(key, 'match'));
    court.restart();
    expect(court.grid().disputes).toMatchObject([{ unit: 0, device: PHONE, spoken: [VERIFIER] }]);
    for (const key of [VERIFIER, SECOND, THIRD]) court.enter(key);
    court.wait(1_000);
    expect(court.asked(SECOND)).toEqual([[0]]);
    for (const signed of others) court.tell(signed.verdict.verifier, signed);
    expect(court.grid().faults).toEqual([{ verifier: VERIFIER, count: 1 }]);
    court.restart();
    expect(court.grid()).toMatchObject({
      disputes: [],
      faults: [{ verifier: VERIFIER, count: 1 }],
    });
    court.wait(5 * MINUTES);
    expect(court.grid().faults).toEqual([{ verifier: VERIFIER, count: 1 }]);
  });
});

describe('what is said of a unit in dispute', () => {
  beforeEach(() => {
    court = openCourt();
  });

  test('is on disk at once, and shown to nobody before all have spoken', () => {
    court.judge(VERIFIER, 'mismatch');
    court.judge(SECOND, 'match');
    const said = court.facts.flatMap((fact) => (fact.type === 'verdict' ? [fact.signed] : []));
    expect(said).toHaveLength(2);
    expect(said.map((signed) => mayReadVerdict(court.hub(), signed))).toEqual([false, false]);
    expect([shown(), toldOf(THIRD)]).toEqual([[], []]);
    expect(court.job()).toMatchObject({ checked: 0, mismatched: 0 });
    expect(court.last(2, 'judgement')).toBeUndefined();
    court.judge(THIRD, 'match');
    expect(shown()).toEqual([VERIFIER, SECOND, THIRD]);
    expect(said.map((signed) => mayReadVerdict(court.hub(), signed))).toEqual([true, true]);
    expect(court.job()).toMatchObject({ checked: 3, mismatched: 1 });
    expect(court.last(2, 'judgement')).toMatchObject({ unit: 0 });
  });

  test('holds up what came after it in the log, and nobody misses any of it', () => {
    court.judge(VERIFIER, 'mismatch');
    const other = (key: PublicKey): SignedVerdict => court.opinion(key, 'match', { unit: 1 });
    court.tell(SECOND, other(SECOND));
    expect([shown(), toldOf(THIRD)]).toEqual([[], []]);
    expect(mayReadVerdict(court.hub(), other(SECOND))).toBe(true);
    court.judge(SECOND, 'match');
    court.judge(THIRD, 'match');
    expect(shown()).toEqual([VERIFIER, SECOND, SECOND, THIRD]);
    // On unit 0 it has spoken itself.
    expect(toldOf(THIRD)).toEqual([SECOND]);
  });

  test('is withheld after a restart as before it', () => {
    court.judge(SECOND, 'match');
    court.judge(VERIFIER, 'mismatch');
    const third = court.opinion(THIRD, 'match');
    court.restart();
    expect(shown()).toEqual([SECOND]);
    expect(court.job()).toMatchObject({ checked: 1, mismatched: 0 });
    court.enter(THIRD);
    court.tell(THIRD, third);
    expect(shown()).toEqual([SECOND, VERIFIER, THIRD]);
    expect(court.job()).toMatchObject({ checked: 3, mismatched: 1 });
  });

  test('is shown when what follows from it is on disk', () => {
    court.judge(VERIFIER, 'mismatch');
    court.judge(SECOND, 'mismatch');
    const before = court.facts.length;
    court.judge(THIRD, 'match');
    const types = court.facts.slice(before).map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining(['verdict', 'verifier-fault', 'banned', 'voided']),
    );
    expect(shown()).toHaveLength(3);
  });
});

describe('a verifier that would copy', () => {
  beforeEach(() => {
    court = openCourt();
  });

  test('has nothing to read while its word counts, and what it says later does not count', () => {
    court.judge(VERIFIER, 'mismatch');
    court.judge(SECOND, 'match');
    court.stay(179_000);
    expect([shown(), toldOf(THIRD)]).toEqual([[], []]);
    court.stay(2_000);
    expect(shown()).toEqual([VERIFIER, SECOND]);
    court.judge(THIRD, 'mismatch');
    expect(court.isBanned()).toBe(false);
    expect(court.grid()).toMatchObject({ disputes: [], faults: [] });
    expect(shown()).toEqual([VERIFIER, SECOND, THIRD]);
  });

  test('and guesses the kind alone is found by the reference it cannot know', () => {
    court.judge(VERIFIER, 'mismatch');
    court.judge(SECOND, 'mismatch');
    court.tell(THIRD, court.opinion(THIRD, 'mismatch', { reference: GUESS }));
    expect(court.isBanned()).toBe(true);
    expect(court.grid().faults).toEqual([{ verifier: THIRD, count: 1 }]);
    court.restart();
    expect(court.grid().faults).toEqual([{ verifier: THIRD, count: 1 }]);
  });
});

describe('a dispute ends without agreement:', () => {
  test.each([
    { what: 'two guesses do not agree', third: 'mismatch', reference: GUESS },
    { what: 'nobody else can say anything', third: 'inconclusive' },
  ] as const)('where $what, the unit is lent again and nobody is at fault', (said) => {
    const { third, ...changes } = { reference: GUESS, ...said };
    court = openCourt();
    court.judge(VERIFIER, 'mismatch');
    court.judge(SECOND, third === 'mismatch' ? 'match' : third);
    court.tell(THIRD, court.opinion(THIRD, third, { reference: changes.reference }));
    expect(court.isBanned()).toBe(false);
    expect(court.grid()).toMatchObject({ disputes: [], faults: [] });
    expect(court.job()).toMatchObject({ accepted: 0, state: 'running' });
    court.say(2, { type: 'request' });
    expect(court.last(2, 'lease')?.lease).toMatchObject({ firstUnit: 0 });
  });

  test('a verifier that never answers is waited for three minutes, however often it returns', () => {
    court = openCourt();
    court.judge(VERIFIER, 'mismatch');
    court.judge(SECOND, 'match');
    for (let tries = 0; tries < 17; tries += 1) {
      court.leave(THIRD);
      court.enter(THIRD);
      court.stay(10_000);
    }
    expect(court.grid().disputes).toHaveLength(1);
    court.stay(20_000);
    expect(court.grid().disputes).toEqual([]);
    expect(court.job()).toMatchObject({ accepted: 0 });
  });

  test('one that is away is waited for half a minute where the others agree', () => {
    court = openCourt();
    court.leave(THIRD);
    court.judge(VERIFIER, 'mismatch');
    court.judge(SECOND, 'mismatch');
    court.stay(20_000);
    expect(court.isBanned()).toBe(false);
    court.stay(20_000);
    expect(court.isBanned()).toBe(true);
  });

  test('a verifier that is alone online bans nobody in the end', () => {
    court = openCourt({ online: [VERIFIER] });
    court.judge(VERIFIER, 'mismatch');
    court.stay(170_000);
    expect(court.grid().disputes).toHaveLength(1);
    court.stay(20_000);
    expect(court.grid().disputes).toEqual([]);
    expect(court.isBanned()).toBe(false);
    expect(shown()).toEqual([VERIFIER]);
  });

  test('the time begins anew after a restart, and the dispute ends all the same', () => {
    court = openCourt();
    court.judge(VERIFIER, 'mismatch');
    court.stay(170_000);
    court.restart();
    court.stay(170_000);
    expect(court.grid().disputes).toHaveLength(1);
    court.stay(20_000);
    expect(court.grid().disputes).toEqual([]);
  });

  test('a unit on which two verifiers never agree is computed three times, and stands', () => {
    court = openCourt({ units: 1, enrolled: [VERIFIER, SECOND] });
    for (let tie = 0; tie < 3; tie += 1) {
      expect(court.job()).toMatchObject({ accepted: 1, state: 'finishing' });
      court.judge(VERIFIER, 'mismatch');
      court.judge(SECOND, 'match');
      expect(court.grid()).toMatchObject({ disputes: [], faults: [] });
      if (tie === 2) break;
      expect(court.job()).toMatchObject({ accepted: 0, state: 'running' });
      court.say(2, { type: 'request' });
      deliver(court.bench, 2, PHONE);
    }
    expect(court.job()).toMatchObject({ accepted: 1, requeued: 2 });
    for (const key of [VERIFIER, SECOND]) court.judgeAll(key);
    expect(court.job()?.state).toBe('done');
    expect(court.isBanned()).toBe(false);
    court.restart();
    for (const key of [VERIFIER, SECOND]) court.enter(key);
    court.wait(1_000);
    expect(court.grid()).toMatchObject({ disputes: [], faults: [] });
    expect(court.job()).toMatchObject({ accepted: 1, state: 'done' });
  });
});

test('a device that was pardoned is not banned for the same unit after a restart', () => {
  court = openCourt({ units: 10 });
  for (const key of [VERIFIER, SECOND, THIRD]) court.judgeAll(key);
  expect(court.job()?.state).toBe('done');
  for (const key of [VERIFIER, SECOND, THIRD]) court.judge(key, 'mismatch');
  expect(court.isBanned()).toBe(true);
  const command = { type: 'pardon', device: PHONE, reason: 'a bad driver' } as const;
  court.post({ type: 'command', request: 51, command });
  expect(court.isBanned()).toBe(false);
  court.restart();
  court.stay(4 * MINUTES);
  expect([court.isBanned(), court.grid().disputes]).toEqual([false, []]);
  expect(shown()).toHaveLength(3);
});

test('one of four that frames a device has one fault for it, whoever speaks last', () => {
  court = openCourt({ enrolled: [VERIFIER, SECOND, THIRD, FOURTH] });
  court.judge(VERIFIER, 'mismatch');
  for (const key of [SECOND, THIRD, FOURTH]) court.judge(key, 'match');
  expect(court.isBanned()).toBe(false);
  expect(court.grid()).toMatchObject({ disputes: [], faults: [{ verifier: VERIFIER, count: 1 }] });
});

test('a verifier that is enrolled during a dispute is asked as well', () => {
  court = openCourt({ enrolled: [VERIFIER, SECOND] });
  court.judge(VERIFIER, 'mismatch');
  enrol(THIRD);
  court.enter(THIRD);
  court.wait(1_000);
  expect(court.asked(THIRD)).toEqual([[0]]);
  court.judge(SECOND, 'match');
  expect(court.grid().disputes).toHaveLength(1);
  court.judge(THIRD, 'match');
  expect(court.grid()).toMatchObject({ disputes: [], faults: [{ verifier: VERIFIER, count: 1 }] });
});

test('a unit whose shard is void meanwhile is ruled on all the same', () => {
  court = openCourt();
  court.judge(VERIFIER, 'mismatch');
  court.tell(SECOND, court.opinion(SECOND, 'device-unfit', { unit: 1 }));
  expect(court.facts.some(({ type }) => type === 'voided')).toBe(true);
  court.leave(THIRD);
  court.enter(THIRD);
  court.wait(1_000);
  expect(court.asked(THIRD)).toEqual([[0], [0]]);
  court.judge(SECOND, 'mismatch');
  court.judge(THIRD, 'mismatch');
  expect(court.isBanned()).toBe(true);
});

describe('verifiers that share the checks', () => {
  const checks = { type: 'trust', trustUnits: 100, floorPpm: 20_000, sharers: 3 } as const;

  test.each([
    { enrolled: [VERIFIER], needed: 1 },
    { enrolled: [VERIFIER, SECOND], needed: 2 },
    { enrolled: [VERIFIER, SECOND, THIRD], needed: 3 },
  ])('a job waits for the marks of $needed: all that share, or all that are enrolled', (world) => {
    const { enrolled, needed } = world;
    court = openCourt({ units: 50, enrolled, checks });
    for (const [at, key] of enrolled.entries()) {
      expect(court.job()?.state).toBe('finishing');
      court.judgeAll(key);
      expect(court.job()?.state).toBe(at + 1 === needed ? 'done' : 'finishing');
    }
  });
});
