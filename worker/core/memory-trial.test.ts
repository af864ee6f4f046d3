import { expect, test } from 'vitest';
import { why } from '#protocol/values/reason.ts';
import { bytes, instant } from '#protocol/values/units.ts';
import type { DeviceMemory } from './events.ts';
import { openBench } from './fake-world.ts';

const MIB = 2 ** 20;
const NEED_MIB = 1_100;
const NEEDED = bytes(NEED_MIB * MIB);
const tooSmall = (needMiB = NEED_MIB) =>
  why('capability-memory', { model: 'big', needMiB, hasMiB: 953 });
const NONE = { code: 'device-memory', message: 'the runtime could not take the memory' } as const;

/** A device that is idle, and is told that a model needs more than it offers. */
function openIdle(memory: Partial<DeviceMemory> = {}) {
  const bench = openBench({ memory: { deaths: [], admissions: [], ...memory } });
  bench.post({ type: 'start' });
  bench.welcome();
  const tell = (needMiB?: number) => bench.hear({ type: 'idle', reason: tooSmall(needMiB) });
  tell();
  const proofs = () => bench.all('prove');
  return { ...bench, tell, proofs, worker: () => proofs().at(-1)?.worker ?? 0 };
}
const hello = (bench: ReturnType<typeof openBench>) =>
  bench.all('send').flatMap(({ message }) => (message.type === 'hello' ? [message] : []));

test('a device that lacks proof of memory tries it, tells the hub, and says so at each hello', () => {
  const bench = openIdle();
  expect(bench.proofs()).toMatchObject([{ bytes: NEEDED }]);
  expect(bench.memory().heap).toMatchObject({ underway: { bytes: NEEDED } });
  expect(bench.status()?.reason.code).toBe('memory-trial');
  bench.post({ type: 'proven', worker: bench.worker() });
  expect(bench.all('terminate')).toHaveLength(1);
  expect(bench.all('send').at(-1)?.message).toEqual({ type: 'memory', bytes: NEEDED });
  expect(bench.memory().heap).toEqual({ proven: NEEDED });

  const next = openIdle(bench.memory());
  expect(hello(next)[0]?.capabilities?.memoryBytes).toBe(NEEDED);
});

test('a trial that fails, takes too long or ends the tab is not made again in a week', () => {
  const failed = openIdle();
  failed.post({ type: 'worker-failed', worker: failed.worker(), refusal: NONE });
  const slow = openIdle();
  slow.wait(60_000);
  const died = openIdle(openIdle().memory());
  for (const [at, bench] of [failed, slow, died].entries()) {
    const before = bench.proofs().length;
    expect(before).toBe(at === 2 ? 0 : 1);
    bench.tell();
    bench.tell(NEED_MIB + 1);
    expect(bench.proofs()).toHaveLength(before);
    expect(bench.status()?.reason.code).toBe('capability-memory');
    expect(bench.said()).not.toContain('memory');
    bench.tell(NEED_MIB - 50);
    expect(bench.proofs()).toHaveLength(before + 1);
  }
  const [week, now] = [7 * 86_400_000, 1_000_000];
  const old = openIdle({ heap: { failed: { bytes: NEEDED, at: instant(now - week) } } });
  expect(old.proofs()).toHaveLength(1);
});

test('a hidden page ends a trial without a finding', () => {
  const bench = openIdle();
  bench.post({ type: 'visible', visible: false });
  expect(bench.all('terminate')).toHaveLength(1);
  expect(bench.memory().heap).toEqual({});
  bench.post({ type: 'visible', visible: true });
  bench.tell();
  expect(bench.proofs()).toHaveLength(2);
});

test('a device tries nothing for a model over the bound, nor while it is hidden', () => {
  const over = Math.floor(1.25e9 / MIB) + 1;
  const bench = openBench();
  bench.post({ type: 'start' });
  bench.welcome();
  bench.hear({ type: 'idle', reason: tooSmall(over) });
  bench.post({ type: 'visible', visible: false });
  bench.hear({ type: 'idle', reason: tooSmall() });
  expect(bench.all('prove')).toEqual([]);
});
