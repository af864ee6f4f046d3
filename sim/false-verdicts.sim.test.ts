import { describe, expect, test } from 'vitest';
import type { Verdict } from '#protocol/records/records.ts';
import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import { selectFacts } from '../hub/core/state/fact-lists.ts';
import {
  type BareHub,
  codeOf,
  deliver,
  heard,
  NO_LEASE,
  openBareHub,
  preparedHead,
  sayVerdict,
  verdictOn,
} from './fuzz/bare-hub.ts';

interface Judging {
  grid: BareHub;
  outputs: Uint8Array;
  verdict: Verdict;
  say(change: Partial<Verdict>, signer?: PublicKey): void;
}

/** An accepted shard, and the right verdict on its first unit. */
function openJudging(): Judging {
  const grid = openBareHub(4);
  const { client, lease } = grid.lend();
  const outputs = grid.compute(lease);
  deliver(client, lease, outputs);
  const shard = heard(grid.verifier, 'check')?.shard;
  if (shard === undefined) throw new Error('nothing to check');
  const verdict = verdictOn(grid.verifier.key, shard, outputs);
  const say = (change: Partial<Verdict>, signer?: PublicKey) =>
    sayVerdict(grid.verifier, { ...verdict, ...change }, signer);
  return { grid, outputs, verdict, say };
}

const OTHER = 'cd'.repeat(32) as PublicKey;
const WRONG = '01'.repeat(32) as Digest;
const NO_JOB = 'job_00000000000000ff' as Verdict['job'];
const VERDICTS: [lie: string, code: string, act: (judging: Judging) => void][] = [
  ['signed by another verifier', 'signature-wrong', ({ say }) => say({}, OTHER)],
  [
    'in the name of another verifier',
    'signature-wrong',
    ({ say }) => say({ verifier: OTHER }, OTHER),
  ],
  ['on a job nobody posted', 'job-unknown', ({ say }) => say({ job: NO_JOB })],
  ['on a lease that never was', 'lease-unknown', ({ say }) => say({ lease: NO_LEASE })],
  ['on a shard of another job', 'lease-unknown', ({ say, grid }) => say({ job: grid.unprepared })],
  [
    'on a lease that delivered nothing',
    'lease-unknown',
    ({ say, grid }) => say({ lease: grid.lend().lease.id }),
  ],
  [
    'against a device that did not compute it',
    'lease-not-yours',
    ({ say }) => say({ device: OTHER }),
  ],
  [
    'on a unit past its shard',
    'range-invalid',
    ({ say, verdict }) => say({ unit: verdict.unit + 999 }),
  ],
  [
    'on a digest that was not claimed',
    'result-digest',
    ({ say }) => say({ claimed: WRONG, kind: 'mismatch', runs: 2 }),
  ],
  ['a mismatch of equal digests', 'result-digest', ({ say }) => say({ kind: 'mismatch', runs: 2 })],
  ['an exact match of unequal digests', 'result-digest', ({ say }) => say({ reference: WRONG })],
  [
    'judged beyond what was sent',
    'message-out-of-order',
    ({ grid }) => grid.verifier.say({ type: 'judged', through: 77 }),
  ],
  [
    'prepared for a job that runs already',
    'message-out-of-order',
    ({ grid }) => grid.verifier.sayFrame(preparedHead(grid.job), new Uint8Array(16)),
  ],
  [
    'prepared by nobody who was asked',
    'message-out-of-order',
    ({ grid }) => grid.verifier.sayFrame(preparedHead(NO_JOB), new Uint8Array(16)),
  ],
  [
    'prepared without outputs',
    'result-shape',
    ({ grid }) =>
      grid.verifier.sayFrame({ ...preparedHead(grid.unprepared), outputs: [] }, new Uint8Array()),
  ],
  [
    'prepared with a name twice',
    'result-shape',
    ({ grid }) => {
      const head = preparedHead(grid.unprepared);
      const outputs = [...head.outputs, ...head.outputs];
      grid.verifier.sayFrame({ ...head, outputs }, new Uint8Array(32));
    },
  ],
  [
    'prepared from one unit five times',
    'result-shape',
    ({ grid }) =>
      grid.verifier.sayFrame(
        { ...preparedHead(grid.unprepared), units: [0, 0, 0, 0, 0] },
        new Uint8Array(80),
      ),
  ],
  [
    'prepared with more answers than a package holds',
    'result-shape',
    ({ grid }) =>
      grid.verifier.sayFrame(
        { ...preparedHead(grid.unprepared), units: [0, 1, 2, 3, 4] },
        new Uint8Array(80),
      ),
  ],
  [
    'prepared from a unit the job has not',
    'result-shape',
    ({ grid }) =>
      grid.verifier.sayFrame({ ...preparedHead(grid.unprepared), units: [8] }, new Uint8Array(16)),
  ],
  [
    'prepared one byte short',
    'result-shape',
    ({ grid }) => grid.verifier.sayFrame(preparedHead(grid.unprepared), new Uint8Array(15)),
  ],
];

describe('a false verdict', () => {
  test.each(VERDICTS)('a verifier that speaks %s is answered %s', (_, code, act) => {
    const judging = openJudging();
    const { grid } = judging;
    const before = { facts: grid.facts.length, kept: grid.kept, view: grid.view() };
    act(judging);
    expect(codeOf(grid.verifier)).toBe(code);
    const of = selectFacts(grid.facts);
    expect([of('verdict'), of('banned'), of('voided'), of('judged')]).toEqual([[], [], [], []]);
    expect([grid.kept, grid.view().checked]).toEqual([before.kept, before.view.checked]);
    judging.say({});
    expect(of('verdict')).toHaveLength(1);
  });

  test('a contributor that judges is told it is out of its role', () => {
    const { grid, verdict } = openJudging();
    const { client } = grid.lend();
    sayVerdict(client, { ...verdict, verifier: client.key });
    expect(codeOf(client)).toBe('message-out-of-order');
    expect(selectFacts(grid.facts)('verdict')).toEqual([]);
  });

  test('a verdict on a void shard counts, before a restart and after it', () => {
    const { grid, verdict, say } = openJudging();
    const bad = { kind: 'mismatch', reference: WRONG, runs: 2 } as const;
    say(bad);
    const of = selectFacts(grid.facts);
    expect([of('voided').length, grid.view().accepted]).toEqual([1, 0]);
    grid.restart();
    const verifier = grid.connect(grid.verifier.key, 'verifier');
    sayVerdict(verifier, { ...verdict, ...bad, unit: verdict.unit + 1 });
    sayVerdict(verifier, { ...verdict, ...bad });
    expect(codeOf(verifier)).toBeUndefined();
    expect([of('verdict').length, of('voided').length]).toEqual([2, 1]);
    expect(grid.view()).toMatchObject({ checked: 2, mismatched: 2, requeued: 2, accepted: 0 });
    sayVerdict(verifier, { ...verdict, lease: NO_LEASE });
    expect(codeOf(verifier)).toBe('lease-unknown');
  });
});
