import { describe, expect, test } from 'vitest';
import { digest } from '#protocol/bytes/digest.ts';
import type { Lease } from '#protocol/records/records.ts';
import { selectFacts } from '../hub/core/state/fact-lists.ts';
import {
  type BareHub,
  type Client,
  codeOf,
  commit,
  commitMessage,
  commitmentOf,
  deliver,
  heard,
  leaseOf,
  NO_LEASE,
  OTHER_SALT,
  openBareHub,
  revealHead,
  sayVerdict,
  verdictOn,
} from './fuzz/bare-hub.ts';

/** A liar with a lease, and an honest device beside it that has delivered one shard. */
interface Stage {
  grid: BareHub;
  liar: Client;
  lease: Lease;
  outputs: Uint8Array<ArrayBuffer>;
  honest: Client;
  honestLease: Lease;
}

function openStage(): Stage {
  const grid = openBareHub(3);
  const { client: honest, lease: honestLease } = grid.lend();
  const { client: liar, lease } = grid.lend();
  return { grid, liar, lease, outputs: grid.compute(lease), honest, honestLease };
}

const changed = (outputs: Uint8Array, at: number): Uint8Array<ArrayBuffer> => {
  const copy = new Uint8Array(outputs);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

/** What each attack does, and what the liar is told. */
const RESULTS: [attack: string, code: string, act: (stage: Stage) => void][] = [
  [
    'a shard one unit short',
    'result-shape',
    ({ liar, lease, outputs }) => {
      commit(liar, lease, outputs);
      liar.sayFrame(revealHead(lease.id), outputs.subarray(16));
    },
  ],
  [
    'a shard one byte long',
    'result-shape',
    ({ liar, lease, outputs }) => {
      commit(liar, lease, outputs);
      liar.sayFrame(revealHead(lease.id), Uint8Array.of(...outputs, 0));
    },
  ],
  [
    'nothing at all',
    'result-shape',
    ({ liar, lease, outputs }) => {
      commit(liar, lease, outputs);
      liar.sayFrame(revealHead(lease.id), new Uint8Array());
    },
  ],
  [
    'another dtype: f16 where f32 is due',
    'result-shape',
    ({ liar, lease, outputs }) => {
      const half = outputs.slice(outputs.length / 2);
      commit(liar, lease, half);
      liar.sayFrame(revealHead(lease.id), half);
    },
  ],
  [
    'outputs other than those committed to',
    'commitment-mismatch',
    ({ liar, lease, outputs }) => {
      commit(liar, lease, outputs);
      liar.sayFrame(revealHead(lease.id), changed(outputs, 0));
    },
  ],
  [
    'another salt',
    'commitment-mismatch',
    ({ liar, lease, outputs }) => {
      commit(liar, lease, outputs);
      liar.sayFrame(revealHead(lease.id, OTHER_SALT), outputs);
    },
  ],
  [
    'a reveal without a commitment',
    'commitment-missing',
    ({ liar, lease, outputs }) => liar.sayFrame(revealHead(lease.id), outputs),
  ],
  [
    'a second commitment, another one',
    'commitment-duplicate',
    ({ liar, lease, outputs }) => {
      commit(liar, lease, outputs);
      commit(liar, lease, changed(outputs, 5));
    },
  ],
  [
    'a reveal past the deadline',
    'lease-expired',
    ({ grid, liar, lease, outputs }) => {
      commit(liar, lease, outputs);
      grid.wait(lease.deadlineMs + 1);
      liar.heard.length = 0;
      liar.sayFrame(revealHead(lease.id), outputs);
    },
  ],
  [
    'a commitment past the deadline',
    'lease-expired',
    ({ grid, liar, lease, outputs }) => {
      grid.wait(lease.deadlineMs + 1);
      liar.heard.length = 0;
      commit(liar, lease, outputs);
    },
  ],
  [
    'a result for a lease never given',
    'lease-unknown',
    ({ liar, outputs }) => liar.sayFrame(revealHead(NO_LEASE), outputs),
  ],
  [
    'a commitment for a lease never given',
    'lease-unknown',
    ({ liar, lease, outputs }) => commit(liar, { ...lease, id: NO_LEASE }, outputs),
  ],
  [
    'a result for the lease of another',
    'lease-not-yours',
    ({ grid, liar, honest, honestLease }) => {
      const outputs = grid.compute(honestLease);
      commit(honest, honestLease, outputs);
      liar.sayFrame(revealHead(honestLease.id), outputs);
    },
  ],
  [
    'a commitment for the lease of another',
    'lease-not-yours',
    ({ grid, liar, honestLease }) => commit(liar, honestLease, grid.compute(honestLease)),
  ],
  [
    'a commitment signed by another key',
    'signature-wrong',
    ({ liar, lease, outputs, honest }) =>
      liar.say(commitMessage(honest.key, lease.id, commitmentOf(liar.key, lease, outputs))),
  ],
  [
    'a commitment that names another device',
    'commitment-mismatch',
    (stage) => {
      const { liar, lease, outputs, honest } = stage;
      liar.say(commitMessage(liar.key, lease.id, commitmentOf(honest.key, lease, outputs)));
      liar.sayFrame(revealHead(lease.id), outputs);
    },
  ],
  [
    'the commitment of another, copied',
    'commitment-mismatch',
    (stage) => {
      const { grid, liar, lease, honest, honestLease } = stage;
      const outputs = grid.compute(honestLease);
      const copied = commitmentOf(honest.key, honestLease, outputs);
      liar.say(commitMessage(liar.key, lease.id, copied));
      liar.sayFrame(revealHead(lease.id), outputs);
    },
  ],
  [
    'the commit message of another, copied whole',
    'lease-not-yours',
    (stage) => {
      const { grid, liar, honest, honestLease } = stage;
      const copied = commitmentOf(honest.key, honestLease, grid.compute(honestLease));
      liar.say(commitMessage(honest.key, honestLease.id, copied));
    },
  ],
  [
    'an earlier commitment, replayed',
    'commitment-mismatch',
    (stage) => {
      const { grid, liar, lease, outputs } = stage;
      deliver(liar, lease, outputs);
      liar.say({ type: 'request' });
      const next = leaseOf(liar);
      const replayed = commitmentOf(liar.key, lease, outputs);
      liar.say(commitMessage(liar.key, next.id, replayed));
      liar.sayFrame(revealHead(next.id), grid.compute(next));
    },
  ],
  [
    'an earlier signature, replayed',
    'signature-wrong',
    ({ liar, lease, outputs }) => {
      const first = commitMessage(liar.key, lease.id, commitmentOf(liar.key, lease, outputs));
      deliver(liar, lease, outputs);
      liar.say({ type: 'request' });
      liar.say({ ...first, lease: leaseOf(liar).id });
    },
  ],
];

/** Units of a stage's liar that were accepted. */
const acceptedBy = ({ grid, liar }: Stage): number =>
  selectFacts(grid.facts)('accepted')
    .filter(({ shard }) => shard.device === liar.key)
    .reduce((sum, { shard }) => sum + shard.unitCount, 0);

/** Each unit of the job is open, lent or accepted, and the honest device can go on. */
function expectUnharmed({ grid, honest, honestLease }: Stage): void {
  const { units, accepted, leased } = grid.view();
  const open = grid.hub().jobs.get(grid.job)?.open.count ?? 0;
  expect(open + leased + accepted).toBe(units);
  const running = grid.hub().leases.has(honestLease.id);
  if (!running) honest.say({ type: 'request' });
  const lease = running ? honestLease : leaseOf(honest);
  honest.heard.length = 0;
  deliver(honest, lease, grid.compute(lease));
  expect(heard(honest, 'accepted')).toMatchObject({ lease: lease.id, units: lease.unitCount });
}

describe('a false result', () => {
  test.each(RESULTS)('a hub that is sent %s answers %s', (attack, code, act) => {
    const stage = openStage();
    act(stage);
    expect(codeOf(stage.liar)).toBe(code);
    // What was delivered rightly before the lie stays.
    expect(acceptedBy(stage)).toBe(attack.startsWith('an earlier') ? stage.lease.unitCount : 0);
    expectUnharmed(stage);
  });

  test('a result said twice is counted once, and told unit-already-accepted', () => {
    const stage = openStage();
    const { grid, liar, lease, outputs } = stage;
    deliver(liar, lease, outputs);
    liar.sayFrame(revealHead(lease.id), outputs);
    expect(codeOf(liar)).toBe('unit-already-accepted');
    commit(liar, lease, outputs);
    expect(codeOf(liar)).toBe('unit-already-accepted');
    expect(grid.view().accepted).toBe(lease.unitCount);
    expectUnharmed(stage);
  });

  test('NaN where the reference has none is accepted unchecked, and a mismatch beyond measure', () => {
    const stage = openStage();
    const { grid, liar, lease } = stage;
    const outputs = new Uint8Array(new Float32Array(lease.unitCount * 4).fill(Number.NaN).buffer);
    deliver(liar, lease, outputs);
    const shard = heard(grid.verifier, 'check')?.shard;
    if (shard === undefined) throw new Error('nothing to check');
    const match = verdictOn(grid.verifier.key, shard, outputs);
    const reference = digest(grid.compute({ firstUnit: lease.firstUnit, unitCount: 1 }));
    sayVerdict(grid.verifier, {
      ...match,
      kind: 'mismatch',
      reference,
      l2: 1e9,
      max: 1e9,
      runs: 2,
    });
    expect(codeOf(liar)).toBe('device-banned');
    expect(grid.view()).toMatchObject({ accepted: 0, mismatched: 1, requeued: lease.unitCount });
    grid.wait(1_000);
    const again = grid.connect(liar.key, 'contributor');
    expect(codeOf(again)).toBe('device-banned');
    again.sayFrame(revealHead(lease.id), outputs);
    expect(grid.view().accepted).toBe(0);
    expectUnharmed(stage);
  });
});
