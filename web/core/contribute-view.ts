import { describeNext } from '#protocol/api/next-steps.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import type { DevicePhase, DeviceStatus } from '#protocol/messages/device.ts';
import { why } from '#protocol/values/reason.ts';
import {
  formatBytes,
  formatCount,
  formatMillis,
  formatMinute,
  formatNoun,
  formatRate,
  formatSentence,
  formatShare,
} from './format.ts';

/** Everything the contribute page is drawn from. */
export interface ContributeWorld {
  status: DeviceStatus;
  /** Start was tapped and Stop was not. */
  running: boolean;
  /** Stop was tapped and the worker is still giving back what it holds. */
  stopping: boolean;
  online: boolean;
  visible: boolean;
}

export type Tone = 'calm' | 'busy' | 'good' | 'warn' | 'bad';
export type StepState = 'done' | 'now' | 'next';

/** The contribute page in words and numbers. */
export interface ContributeView {
  /** `waiting` is told as `hub-down`: the worker waits to connect again. */
  phase: Exclude<DevicePhase, 'waiting'> | 'offline' | 'hidden' | 'hub-down' | 'stopping';
  tone: Tone;
  title: string;
  /** Never empty. */
  reason: string;
  /** What happens next, and when; empty while it is at work. */
  next: string;
  /** What the browser does not tell, and the person can. */
  ask?: 'charging' | 'wifi';
  /** What the picture of cells shows now. */
  caption: string;
  steps: { label: string; state: StepState }[];
  runtime?: { fraction: number; label: string };
  download?: { fraction: number; label: string; overPeers: number; sources: string };
  shard?: { fraction: number; label: string };
  figures: Figure[];
  announcement: string;
}

export interface Figure {
  id: 'accepted' | 'checked' | 'speed' | 'served';
  label: string;
  value: string;
  note: string;
}

/** The status of a device that has not been started. */
export const STATUS_OFF: DeviceStatus = {
  phase: 'off',
  reason: why('off', {}),
  since: 0 as DeviceStatus['since'],
  trials: [],
  unitsAccepted: 0,
  shardsAccepted: 0,
  unitsChecked: 0,
  unitsMismatched: 0,
  verdicts: [],
  served: 0 as DeviceStatus['served'],
};

/** Said before the first start. */
export const NOTHING_RUNS = 'Nothing runs until you tap Start.';

const TITLES: Record<ContributeView['phase'], { title: string; tone: Tone }> = {
  off: { title: 'Ready when you are', tone: 'calm' },
  connecting: { title: 'Connecting to the grid', tone: 'busy' },
  idle: { title: 'Waiting for work', tone: 'calm' },
  downloading: { title: 'Fetching the model', tone: 'busy' },
  admitting: { title: 'Testing this device', tone: 'busy' },
  working: { title: 'Computing', tone: 'good' },
  paused: { title: 'Paused', tone: 'warn' },
  restarting: { title: 'Starting again', tone: 'warn' },
  failed: { title: 'This device cannot go on', tone: 'bad' },
  refused: { title: 'The grid turned this device down', tone: 'bad' },
  offline: { title: 'You are offline', tone: 'warn' },
  hidden: { title: 'Paused while out of sight', tone: 'warn' },
  'hub-down': { title: 'The hub is not answering', tone: 'warn' },
  stopping: { title: 'Stopping', tone: 'calm' },
};

/** Titles of reasons that say more than their phase. */
const REASON_TITLES: Partial<
  Record<DeviceStatus['reason']['code'], { title: string; tone: Tone }>
> = {
  'no-jobs': { title: 'No work right now', tone: 'calm' },
  'no-units-open': { title: 'No work right now', tone: 'calm' },
  'awaiting-work': { title: 'Getting work', tone: 'busy' },
  'job-in-check': { title: 'Work is on its way', tone: 'busy' },
  'needs-verifier': { title: 'Work waits for a verifier', tone: 'calm' },
  'at-capacity': { title: 'Waiting for a check', tone: 'calm' },
  unjudged: { title: 'Waiting for a check', tone: 'calm' },
  disputed: { title: 'Waiting for a second check', tone: 'calm' },
  'newcomers-full': { title: 'Waiting for its turn', tone: 'calm' },
  'kept-ready': { title: 'Ready for the next question', tone: 'good' },
  'memory-trial': { title: 'Testing its memory', tone: 'busy' },
  'fetching-runtime': { title: 'Getting ready', tone: 'busy' },
  'download-again': { title: 'The download broke off', tone: 'warn' },
  'device-unfit': { title: 'This model does not run here', tone: 'warn' },
  'admission-slow': { title: 'The download took too long', tone: 'warn' },
  'capability-memory': { title: 'This model needs more memory', tone: 'warn' },
  'capability-provider': { title: 'This browser cannot compute', tone: 'bad' },
  'capability-feature': { title: 'This model does not run here', tone: 'warn' },
  'providers-suspended': { title: 'This model does not run right here', tone: 'warn' },
  'device-slow': { title: 'Faster devices finish this', tone: 'calm' },
  'hub-degraded': { title: 'The hub has trouble', tone: 'warn' },
  'time-up': { title: 'Done for now', tone: 'good' },
  updating: { title: 'Updating', tone: 'busy' },
  'page-outdated': { title: 'A newer version is out', tone: 'busy' },
};

const STEPS: readonly { label: string; phases: readonly DevicePhase[] }[] = [
  { label: 'Connect', phases: ['connecting', 'waiting'] },
  { label: 'Fetch', phases: ['downloading'] },
  { label: 'Test', phases: ['admitting'] },
  { label: 'Compute', phases: ['working', 'idle'] },
];

/** Words and numbers for what the device is doing and why. */
export function viewContribute(world: ContributeWorld, locale?: string): ContributeView {
  const { status } = world;
  const phase = namePhase(world);
  const { title, tone } =
    elsewhere(phase, status) ?? titleOf(phase, status.reason.code) ?? TITLES[phase];
  const reason = formatSentence(explain(phase, status));
  return {
    phase,
    tone,
    title,
    reason,
    next: sayNext(phase, status, locale),
    ...askOf(status),
    caption: describePicture(phase, status, locale),
    steps: viewSteps(world),
    figures: viewFigures(status, locale),
    announcement: `${title}. ${reason}`,
    ...viewProgress(status, locale),
  };
}

/** A device has one session: a second tab of this browser takes over from the first. */
function elsewhere(phase: ContributeView['phase'], { refusal }: DeviceStatus) {
  const isElsewhere = phase === 'refused' && refusal?.code === 'already-connected';
  return isElsewhere ? ({ title: 'At work in another tab', tone: 'warn' } as const) : undefined;
}

/** Why a device stopped by itself. */
const ENDS: readonly DeviceStatus['reason']['code'][] = ['time-up', 'updating'];

/** Only where the device's own word counts: a page knows better that it is hidden or offline. */
const titleOf = (phase: ContributeView['phase'], code: DeviceStatus['reason']['code']) =>
  ['idle', 'downloading'].includes(phase) || ENDS.includes(code) ? REASON_TITLES[code] : undefined;

function sayNext(phase: ContributeView['phase'], status: DeviceStatus, locale?: string): string {
  if (phase !== 'idle' && phase !== 'paused' && phase !== 'hub-down') return '';
  const { reason, nextAt } = status;
  const when =
    nextAt === undefined || reason.code === 'reconnecting'
      ? ''
      : ` At ${formatMinute(nextAt, locale)}.`;
  return `${describeNext(reason)}${when}`;
}

function askOf({ reason }: DeviceStatus): Pick<ContributeView, 'ask'> {
  if (reason.code === 'charge-unknown') return { ask: 'charging' };
  return reason.code === 'line-unknown' ? { ask: 'wifi' } : {};
}

function namePhase({ status, running, stopping, online, visible }: ContributeWorld) {
  if (stopping) return 'stopping';
  if (status.phase === 'refused' || status.phase === 'failed') return status.phase;
  if (!running) return 'off';
  if (!visible) return 'hidden';
  // A browser may call itself offline on a network of its own, where the hub still answers.
  if (status.phase === 'waiting') return online ? 'hub-down' : 'offline';
  return status.phase === 'off' ? 'connecting' : status.phase;
}

function explain(phase: ContributeView['phase'], status: DeviceStatus): string {
  switch (phase) {
    case 'offline':
      return 'Nothing is lost. Work goes on by itself when the connection is back.';
    case 'hidden':
      return 'Phones suspend pages that cannot be seen, so the work was handed back. Keep this page in view.';
    case 'stopping':
      return 'Handing back unfinished work, so that another device can take it.';
    case 'off':
      if (ENDS.includes(status.reason.code)) return describeReason(status.reason);
      return status.unitsAccepted > 0
        ? `Stopped. Thank you: ${formatNoun(status.unitsAccepted, 'unit')} of yours count.`
        : NOTHING_RUNS;
    default:
      return describeReason(status.phase === 'off' ? why('starting', {}) : status.reason);
  }
}

function describePicture(phase: ContributeView['phase'], { shard }: DeviceStatus, locale?: string) {
  if (phase === 'working' && shard !== undefined) {
    return `${formatCount(shard.unitsDone, locale)} of ${formatNoun(shard.units, 'unit', locale)} done in this shard.`;
  }
  return ['off', 'refused', 'failed', 'idle'].includes(phase)
    ? 'What a model sees: a digit in 8 × 8 pixels. The sample job has 1,797.'
    : 'The cells fill as this device computes a shard.';
}

function viewSteps({ status, running }: ContributeWorld): ContributeView['steps'] {
  const at = STEPS.findIndex(({ phases }) => phases.includes(status.phase));
  const tested = status.provider !== undefined || status.phase === 'working';
  return STEPS.map(({ label }, index) => {
    if (!running || at === -1) return { label, state: 'next' };
    // Waiting for a first job: only the connection stands.
    if (at === STEPS.length - 1 && !tested) return { label, state: index === 0 ? 'done' : 'next' };
    return { label, state: index < at ? 'done' : index === at ? 'now' : 'next' };
  });
}

function viewFigures(status: DeviceStatus, locale?: string): Figure[] {
  const { unitsChecked, unitsMismatched } = status;
  return [
    {
      id: 'accepted',
      label: 'units accepted',
      value: formatCount(status.unitsAccepted, locale),
      note: `in ${formatNoun(status.shardsAccepted, 'shard', locale)}`,
    },
    {
      id: 'checked',
      label: 'units checked',
      value: formatCount(unitsChecked, locale),
      note:
        unitsChecked === 0
          ? 'a few are drawn at random'
          : unitsMismatched === 0
            ? 'all of them right'
            : `${formatCount(unitsMismatched, locale)} did not match`,
    },
    {
      id: 'speed',
      label: 'units a second',
      value: status.unitsPerSecond === undefined ? '–' : formatRate(status.unitsPerSecond, locale),
      note:
        status.unitMs === undefined
          ? 'measured as it works'
          : `${formatMillis(status.unitMs, locale)} each`,
    },
    {
      id: 'served',
      label: 'passed on to peers',
      value: formatBytes(status.served, locale),
      note: 'model pieces this device shared',
    },
  ];
}

function viewProgress(
  { runtime, download, shard }: DeviceStatus,
  locale?: string,
): Pick<ContributeView, 'runtime' | 'download' | 'shard'> {
  const view: Pick<ContributeView, 'runtime' | 'download' | 'shard'> = {};
  if (runtime !== undefined && runtime.total > 0) {
    const { received, total } = runtime;
    view.runtime = {
      fraction: Math.min(1, received / total),
      label: `${formatBytes(received, locale)} of ${formatBytes(total, locale)}`,
    };
  }
  if (download !== undefined && download.total > 0) {
    const { received, total, overPeers, overHttps } = download;
    view.download = {
      fraction: Math.min(1, received / total),
      label: `${formatBytes(received, locale)} of ${formatBytes(total, locale)}`,
      overPeers: overPeers + overHttps === 0 ? 0 : overPeers / (overPeers + overHttps),
      sources: `${formatBytes(overPeers, locale)} from peers, ${formatBytes(overHttps, locale)} over HTTPS`,
    };
  }
  if (shard !== undefined && shard.units > 0) {
    const fraction = Math.min(1, shard.unitsDone / shard.units);
    view.shard = {
      fraction,
      label: `${formatCount(shard.unitsDone, locale)} of ${formatNoun(shard.units, 'unit', locale)}, ${formatShare(fraction, 0, locale)}`,
    };
  }
  return view;
}
