import { describe, expect, test } from 'vitest';
import type { DevicePhase, DeviceStatus } from '#protocol/messages/device.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { type ContributeWorld, STATUS_OFF, viewContribute } from './contribute-view.ts';

const PHASES: DevicePhase[] = [
  'off',
  'connecting',
  'waiting',
  'idle',
  'downloading',
  'admitting',
  'working',
  'paused',
  'restarting',
  'failed',
  'refused',
];

const world = (
  status: Partial<DeviceStatus>,
  rest: Partial<ContributeWorld> = {},
): ContributeWorld => ({
  status: { ...STATUS_OFF, ...status },
  running: true,
  stopping: false,
  online: true,
  visible: true,
  ...rest,
});

describe('what the device does and why', () => {
  test.each(['time-up', 'updating', 'tab-at-work'] as const)(
    'a device that ended by %s before its first unit is told so, not welcomed',
    (code) => {
      const reason = code === 'time-up' ? why(code, { minutes: 15 }) : why(code, {});
      const view = viewContribute(world({ phase: 'off', reason }, { running: false }));
      expect(view.isFresh).toBe(false);
      expect(view.reason).not.toContain('Nothing runs');
    },
  );

  test('a device that was not started is welcomed', () => {
    expect(viewContribute(world({}, { running: false })).isFresh).toBe(true);
  });

  test.each(PHASES)('%s has a title, a reason and an announcement', (phase) => {
    for (const running of [true, false]) {
      const view = viewContribute(world({ phase, reason: why('awaiting-work', {}) }, { running }));
      expect(view.title).not.toBe('');
      expect(view.reason).not.toBe('');
      expect(view.announcement).toContain(view.title);
      expect(view.caption).not.toBe('');
    }
  });

  test('no speed is shown before it is measured', () => {
    const speed = (status: Partial<DeviceStatus>) =>
      viewContribute(world({ phase: 'working', ...status })).figures.find(
        ({ id }) => id === 'speed',
      )?.value;
    expect(speed({ unitsAccepted: 64, shardsAccepted: 1 })).toBe('–');
    expect(speed({ unitsPerSecond: 12.345 })).toBe('12');
  });

  test('the program that runs models has a bar of its own', () => {
    const received = 1_400_000 as DeviceStatus['served'];
    const runtime = { received, total: 2_800_000 as DeviceStatus['served'] };
    const reason = why('fetching-runtime', {});
    const view = viewContribute(world({ phase: 'downloading', reason, runtime }));
    expect(view).toMatchObject({
      title: 'Getting ready',
      runtime: { fraction: 0.5, label: '1.4 MB of 2.8 MB' },
    });
  });

  test('a worker that failed is not told as a refusal of the grid', () => {
    const reason = why('worker-failed', { text: 'The worker stopped. Tap Start to try again.' });
    const view = viewContribute(world({ phase: 'failed', reason }, { running: false }));
    expect(view.title).not.toContain('grid');
    expect(view.reason).toBe('The worker stopped. Tap Start to try again.');
    const again = why('restarting', { text: 'the worker fell silent', seconds: 2 });
    expect(viewContribute(world({ phase: 'restarting', reason: again })).reason).toContain(
      'in 2 s',
    );
  });

  test('before the first start nothing runs and it says so', () => {
    const view = viewContribute(world({}, { running: false }));
    expect(view.phase).toBe('off');
    expect(view.reason).toMatch(/nothing runs/i);
  });

  test.each([
    ['offline', world({ phase: 'waiting', reason: why('awaiting-work', {}) }, { online: false })],
    ['working', world({ phase: 'working', reason: why('awaiting-work', {}) }, { online: false })],
    ['hidden', world({ phase: 'working', reason: why('awaiting-work', {}) }, { visible: false })],
    ['stopping', world({ phase: 'working', reason: why('awaiting-work', {}) }, { stopping: true })],
    ['connecting', world({ phase: 'off' })],
    [
      'hub-down',
      world({ phase: 'waiting', reason: why('reconnecting', { text: 'no answer', seconds: 4 }) }),
    ],
    ['refused', world({ phase: 'refused', reason: why('awaiting-work', {}) }, { running: false })],
  ] as const)('%s is told apart', (phase, given) => {
    expect(viewContribute(given).phase).toBe(phase);
  });

  test('a second tab is no fault of the device', () => {
    const refusal = { code: 'already-connected', message: 'Close one of them.' } as const;
    const view = viewContribute(
      world({ phase: 'refused', reason: why('refused', { text: refusal.message }), refusal }),
    );
    expect(view.title).toMatch(/another tab/);
    expect(view.tone).toBe('warn');
  });

  test('steps before the present one are done', () => {
    const { steps } = viewContribute(
      world({ phase: 'admitting', reason: why('awaiting-work', {}) }),
    );
    expect(steps.map(({ state }) => state)).toEqual(['done', 'done', 'now', 'next']);
  });

  test('waiting for a first job claims no test that did not happen', () => {
    const states = (given: Partial<DeviceStatus>) =>
      viewContribute(
        world({ phase: 'idle', reason: why('awaiting-work', {}), ...given }),
      ).steps.map(({ state }) => state);
    expect(states({})).toEqual(['done', 'next', 'next', 'next']);
    expect(states({ provider: 'wasm' })).toEqual(['done', 'done', 'done', 'now']);
  });

  test('download and shard are shares of a whole; bytes are split by their source', () => {
    const view = viewContribute(
      world({
        phase: 'downloading',
        reason: why('awaiting-work', {}),
        download: { received: 30, total: 40, overPeers: 20, overHttps: 10 } as NonNullable<
          DeviceStatus['download']
        >,
        shard: { job: 'job_00000000000000aa' as JobId, unitsDone: 3, units: 12 },
      }),
    );
    expect(view.download?.fraction).toBe(0.75);
    expect(view.download?.overPeers).toBeCloseTo(2 / 3);
    expect(view.shard?.label).toBe('3 of 12 units, 25%');
  });

  test('nothing to download and no shard show no bar', () => {
    const view = viewContribute(world({ phase: 'idle', reason: why('no-jobs', {}) }));
    expect(view.download).toBeUndefined();
    expect(view.shard).toBeUndefined();
  });
});
