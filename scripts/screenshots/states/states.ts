import type { PauseCode } from '#protocol/api/next-steps.ts';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import { type Reason, type ReasonOf, why } from '#protocol/values/reason.ts';
import type { Bytes, Instant, Millis } from '#protocol/values/units.ts';

/** A state of the contributor's panel: what its worker says, and what happens on the page. */
export interface State {
  name: string;
  status: Partial<DeviceStatus>;
  page?: 'fresh' | 'offline' | 'hidden' | 'stopping' | 'install' | 'update';
  /** All of the page is shown, not only what the panel says. */
  isWhole?: true;
}

const MODEL = 'MiniLM';
const bytes = (count: number) => count as Bytes;
const ms = (count: number) => count as Millis;

/** Every reason not to compute, with values as a device has them; the compiler misses none. */
const PAUSES: { [Code in PauseCode]: ReasonOf<Code>['values'] } = {
  'no-jobs': {},
  'no-units-open': { job: 'Reviews' },
  'all-blocked': {},
  'job-in-check': {},
  'needs-verifier': {},
  'awaiting-work': {},
  'at-capacity': { shards: 2 },
  unjudged: { shards: 1 },
  disputed: {},
  'newcomers-full': { unitsEach: 600, ahead: 3 },
  'commitments-unrevealed': { commitments: 3, minutes: 10 },
  'hub-degraded': { text: 'the disk takes no writes' },
  'device-slow': { job: 'Reviews', seconds: 20 },
  'kept-ready': { job: 'Questions' },
  'memory-trial': { model: MODEL, needMiB: 420 },
  'device-unfit': {
    model: MODEL,
    trials: [
      { provider: 'webgpu', outcome: 'failed' },
      { provider: 'wasm', outcome: 'wrong' },
    ],
  },
  'admission-slow': { model: MODEL, minutes: 30 },
  'capability-memory': { model: MODEL, needMiB: 900, hasMiB: 250 },
  'capability-provider': {},
  'capability-feature': { model: MODEL },
  'exact-only': { model: MODEL },
  'memory-unwanted': { job: 'Reviews', needMiB: 900, hasMiB: 250 },
  'provider-unwanted': { job: 'Reviews', providers: 'WebGPU' },
  'providers-suspended': { model: MODEL },
  reconnecting: { text: 'the hub cannot be reached', seconds: 10 },
  'download-again': { text: 'the line broke' },
  updating: {},
  'page-outdated': {},
  hidden: {},
  unplugged: {},
  'charge-low': { level: 34, least: 40 },
  'charge-unknown': {},
  'line-unknown': {},
  cellular: {},
  'saves-data': {},
  'data-spent': { mebibytes: 200 },
  'hours-off': {},
  'in-use': {},
  'system-busy': {},
  warm: { percent: 31 },
  'tab-at-work': {},
  'time-up': { minutes: 30 },
};

/** Where a device waits by what its person wants; it is idle for all else. */
const PAUSED: readonly PauseCode[] = [
  ...(['hidden', 'unplugged', 'charge-low', 'charge-unknown', 'line-unknown', 'cellular'] as const),
  ...(['saves-data', 'data-spent', 'hours-off', 'in-use', 'system-busy', 'warm'] as const),
  'tab-at-work',
];
const PHASES: Partial<Record<PauseCode, DeviceStatus['phase']>> = {
  reconnecting: 'waiting',
  'download-again': 'downloading',
  'time-up': 'off',
  updating: 'off',
};
const NEXT_AT: readonly PauseCode[] = ['data-spent', 'hours-off', 'in-use', 'warm'];
/** Six in the evening in Berlin, on some day. */
const SOON = 1_767_286_800_000 as Instant;

const pauses = (): State[] =>
  (Object.entries(PAUSES) as [PauseCode, never][]).map(([code, values]) => ({
    name: code,
    status: {
      phase: PHASES[code] ?? (PAUSED.includes(code) ? 'paused' : 'idle'),
      reason: why(code, values),
      ...(NEXT_AT.includes(code) && { nextAt: SOON }),
    },
  }));

const at = (phase: DeviceStatus['phase'], reason: Reason, more: Partial<DeviceStatus> = {}) => ({
  name: reason.code,
  status: { phase, reason, model: MODEL, ...more },
});

const half = { received: bytes(11_000_000), total: bytes(22_900_000) };
const WORK: Partial<DeviceStatus> = {
  provider: 'wasm',
  threads: 4,
  unitMs: ms(38),
  unitsAccepted: 1_204,
  shardsAccepted: 31,
  unitsChecked: 60,
  unitsPerSecond: 21.4,
  served: bytes(3_200_000),
  shard: { job: `job_${'0'.repeat(16)}` as never, unitsDone: 41, units: 96 },
  trials: [
    {
      ...{ provider: 'webgpu', dtype: 'f32', threads: 1, outcome: 'skipped' },
      reason: why('provider-broke', { provider: 'webgpu', text: 'the device is lost' }),
    },
    {
      ...{ provider: 'webnn-npu', dtype: 'f32', threads: 1, outcome: 'failed' },
      reason: why('trial-failed', { text: 'the runtime could not load the model' }),
    },
    {
      ...{ provider: 'wasm', dtype: 'f32', threads: 4, outcome: 'fit', unitMs: ms(38) },
      reason: why('right', {}),
    },
  ],
};
const computing = at('working', why('computing', { model: MODEL, provider: 'wasm' }), WORK);

/** Every state of the panel, in the order in which a device meets them. */
export const STATES: readonly State[] = [
  { name: 'fresh', status: {}, page: 'fresh', isWhole: true },
  at('connecting', why('greeting', {})),
  at('downloading', why('fetching-runtime', {}), { runtime: half }),
  {
    ...at('downloading', why('fetching-model', { model: MODEL }), {
      download: { ...half, overPeers: bytes(8_000_000), overHttps: bytes(3_000_000) },
    }),
    isWhole: true,
  },
  at('admitting', why('testing', { model: MODEL, provider: 'webgpu' })),
  at('working', why('fetching-inputs', { model: MODEL })),
  at('working', why('loading', { model: MODEL, provider: 'wasm' })),
  { ...computing, isWhole: true },
  { ...computing, name: 'install', page: 'install', isWhole: true },
  { ...computing, name: 'update', page: 'update', isWhole: true },
  at('working', why('resting', { duty: 40 })),
  at('working', why('handing-in', {})),
  ...pauses(),
  { ...computing, name: 'offline', page: 'offline', status: { phase: 'waiting' } },
  { ...computing, name: 'out of sight', page: 'hidden' },
  { ...computing, name: 'stopping', page: 'stopping' },
  at('restarting', why('restarting', { text: 'the worker stopped', seconds: 4 })),
  at('failed', why('worker-failed', { text: 'The worker on this device stopped. Tap Start.' })),
  {
    ...at('refused', why('refused', { text: 'a check found one of its units wrong' }), {
      refusal: { code: 'device-banned', message: 'a check found one of its units wrong' },
    }),
    isWhole: true,
  },
];
