import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { JobId } from '#protocol/values/ids.ts';
import { accept, refuse } from '#protocol/values/refusal.ts';
import type { Hub } from '../../core/hub.ts';
import { openLog } from '../process/log.ts';
import { type ClosingPorts, openClosingWatch } from './closing-watch.ts';

const JOBS = ['job_0000000000000001', 'job_0000000000000002'] as JobId[];
const GRACE_SECONDS = 20;
const NOW_SECS = 1_800_000_000;
const funding = { poster: 'poster' };

/** A hub with two funded jobs, and a chain that says of each escrow what the test wants. */
function fakePorts(escrowOf: (job: JobId) => ReturnType<typeof refuse> | object) {
  const closed: string[] = [];
  const hub = { money: { funded: new Map(JOBS.map((job) => [job, funding])) } };
  const ports = {
    hub: hub as unknown as Hub,
    settlement: {
      view: async () => accept({ graceSeconds: GRACE_SECONDS }),
      escrow: async ({ job }: { job: JobId }) => {
        const found = escrowOf(job);
        return 'refusal' in found ? found : accept({ escrow: found });
      },
    },
    loop: {
      command: async ({ job }: { job: JobId }) => {
        closed.push(job);
        hub.money.funded.delete(job);
      },
    },
    log: openLog('silent'),
  } as unknown as ClosingPorts;
  return { ports, closed };
}
const escrow = (change: object) => ({
  requested: 0n,
  refundFrom: BigInt(NOW_SECS + 86_400),
  ...change,
});

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_SECS * 1_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

it.each([
  ['its poster asked for the rest', escrow({ requested: 5n })],
  ['it is gone', refuse('job-unfunded', 'there is no such escrow')],
  ['it can soon be emptied', escrow({ refundFrom: BigInt(NOW_SECS + 2 * GRACE_SECONDS) })],
])('closes the money of a job once %s', async (_, found) => {
  const { ports, closed } = fakePorts((job) => (job === JOBS[0] ? found : escrow({})));
  const watch = openClosingWatch(ports);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(closed).toEqual([JOBS[0]]);
  watch.close();
});

it('closes nothing because a node that lags knows no escrow for a while', async () => {
  let looks = 0;
  const commitments = new Set<unknown>();
  const { ports, closed } = fakePorts(() => {
    looks += 1;
    // Two of three looks of each job.
    return looks % 6 < 4 ? refuse('job-unfunded', 'there is no such escrow') : escrow({});
  });
  const { escrow: ask } = ports.settlement;
  ports.settlement.escrow = (of) => {
    commitments.add(of.commitment);
    return ask(of);
  };
  const watch = openClosingWatch(ports);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toBeGreaterThan(50);
  expect(closed).toEqual([]);
  expect([...commitments]).toEqual(['finalized']);
  watch.close();
});

it('looks again and again, and draws nothing from a chain that is silent', async () => {
  let requested = 0n;
  let silent = true;
  const { ports, closed } = fakePorts(() =>
    silent ? refuse('chain-slow', 'no answer') : escrow({ requested }),
  );
  const watch = openClosingWatch(ports);
  await vi.advanceTimersByTimeAsync(10_000);
  silent = false;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(closed).toEqual([]);
  requested = 1n;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(closed).toEqual(JOBS);
  watch.close();
});
