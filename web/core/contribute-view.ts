import type { MessageDescriptor } from '@lingui/core';
import { msg, plural, t } from '@lingui/core/macro';
import type { DevicePhase, DeviceStatus } from '#protocol/messages/device.ts';
import { why } from '#protocol/values/reason.ts';
import {
  formatBytes,
  formatCount,
  formatMillis,
  formatMinute,
  formatRate,
  formatSentence,
  formatShare,
} from './format.ts';
import { say, sayNext, sayReason } from './language.ts';

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
  /** Nothing was done yet, and there is nothing to say of it. */
  isFresh: boolean;
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
export const sayNothingRuns = (): string => t`Nothing runs until you tap Start.`;

interface Title {
  title: MessageDescriptor;
  tone: Tone;
}

const TITLES: Record<ContributeView['phase'], Title> = {
  off: { title: msg`Ready when you are`, tone: 'calm' },
  connecting: { title: msg`Connecting to the grid`, tone: 'busy' },
  idle: { title: msg`Waiting for work`, tone: 'calm' },
  downloading: { title: msg`Fetching the model`, tone: 'busy' },
  admitting: { title: msg`Testing this device`, tone: 'busy' },
  working: { title: msg`Computing`, tone: 'good' },
  paused: { title: msg`Paused`, tone: 'warn' },
  restarting: { title: msg`Starting again`, tone: 'warn' },
  failed: { title: msg`This device cannot go on`, tone: 'bad' },
  refused: { title: msg`The grid turned this device down`, tone: 'bad' },
  offline: { title: msg`You are offline`, tone: 'warn' },
  hidden: { title: msg`Paused while out of sight`, tone: 'warn' },
  'hub-down': { title: msg`The hub is not answering`, tone: 'warn' },
  stopping: { title: msg`Stopping`, tone: 'calm' },
};

/** Titles of reasons that say more than their phase. */
const REASON_TITLES: Partial<Record<DeviceStatus['reason']['code'], Title>> = {
  'no-jobs': { title: msg`No work right now`, tone: 'calm' },
  'no-units-open': { title: msg`No work right now`, tone: 'calm' },
  'awaiting-work': { title: msg`Getting work`, tone: 'busy' },
  'job-in-check': { title: msg`Work is on its way`, tone: 'busy' },
  'needs-verifier': { title: msg`Work waits for a verifier`, tone: 'calm' },
  'at-capacity': { title: msg`Waiting for a check`, tone: 'calm' },
  unjudged: { title: msg`Waiting for a check`, tone: 'calm' },
  disputed: { title: msg`Waiting for a second check`, tone: 'calm' },
  'newcomers-full': { title: msg`Waiting for its turn`, tone: 'calm' },
  'kept-ready': { title: msg`Ready for the next question`, tone: 'good' },
  'memory-trial': { title: msg`Testing its memory`, tone: 'busy' },
  'fetching-runtime': { title: msg`Getting ready`, tone: 'busy' },
  'download-again': { title: msg`The download broke off`, tone: 'warn' },
  'device-unfit': { title: msg`This model does not run here`, tone: 'warn' },
  'admission-slow': { title: msg`The download took too long`, tone: 'warn' },
  'capability-memory': { title: msg`This model needs more memory`, tone: 'warn' },
  'capability-provider': { title: msg`This browser cannot compute`, tone: 'bad' },
  'capability-feature': { title: msg`This model does not run here`, tone: 'warn' },
  'providers-suspended': { title: msg`This model does not run right here`, tone: 'warn' },
  'device-slow': { title: msg`Faster devices finish this`, tone: 'calm' },
  'hub-degraded': { title: msg`The hub has trouble`, tone: 'warn' },
  'tab-at-work': { title: msg`At work in another tab`, tone: 'calm' },
  'time-up': { title: msg`Done for now`, tone: 'good' },
  updating: { title: msg`Updating`, tone: 'busy' },
  'page-outdated': { title: msg`A newer version is out`, tone: 'busy' },
};

const STEPS: readonly { label: MessageDescriptor; phases: readonly DevicePhase[] }[] = [
  { label: msg`Connect`, phases: ['connecting', 'waiting'] },
  { label: msg`Fetch`, phases: ['downloading'] },
  { label: msg`Test`, phases: ['admitting'] },
  { label: msg`Compute`, phases: ['working', 'idle'] },
];

/** Words and numbers for what the device is doing and why. */
export function viewContribute(world: ContributeWorld): ContributeView {
  const { status } = world;
  const phase = namePhase(world);
  const named = elsewhere(phase, status) ?? titleOf(phase, status.reason.code) ?? TITLES[phase];
  const title = say(named.title);
  const reason = formatSentence(explain(phase, status));
  return {
    phase,
    tone: named.tone,
    isFresh: phase === 'off' && status.unitsAccepted === 0 && !isTitled(status),
    title,
    reason,
    next: nextWords(phase, status),
    ...askOf(status),
    caption: describePicture(phase, status),
    steps: viewSteps(world),
    figures: viewFigures(status),
    announcement: `${title}. ${reason}`,
    ...viewProgress(status),
  };
}

/** A device has one session: a second tab of this browser takes over from the first. */
function elsewhere(phase: ContributeView['phase'], { refusal }: DeviceStatus): Title | undefined {
  const isElsewhere = phase === 'refused' && refusal?.code === 'already-connected';
  return isElsewhere ? { title: msg`At work in another tab`, tone: 'warn' } : undefined;
}

/** What says more than that a device stopped or pauses. */
const TITLED: readonly DeviceStatus['reason']['code'][] = ['time-up', 'updating', 'tab-at-work'];

const isTitled = ({ reason }: DeviceStatus): boolean => TITLED.includes(reason.code);

/** Only where the device's own word counts: a page knows better that it is hidden or offline. */
const titleOf = (phase: ContributeView['phase'], code: DeviceStatus['reason']['code']) =>
  ['idle', 'downloading'].includes(phase) || TITLED.includes(code)
    ? REASON_TITLES[code]
    : undefined;

function nextWords(phase: ContributeView['phase'], status: DeviceStatus): string {
  if (phase !== 'idle' && phase !== 'paused' && phase !== 'hub-down') return '';
  const { reason, nextAt } = status;
  const when =
    nextAt === undefined || reason.code === 'reconnecting'
      ? ''
      : ` ${t`At ${formatMinute(nextAt)}.`}`;
  return `${sayNext(reason)}${when}`;
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
      return t`Nothing is lost. Work goes on by itself when the connection is back.`;
    case 'hidden':
      return t`Phones suspend pages that cannot be seen, so the work was handed back. Keep this page in view.`;
    case 'stopping':
      return t`Handing back unfinished work, so that another device can take it.`;
    case 'off':
      if (isTitled(status)) return sayReason(status.reason);
      return status.unitsAccepted > 0
        ? t`Stopped. Thank you: ${plural(status.unitsAccepted, { one: '# unit', other: '# units' })} of yours count.`
        : sayNothingRuns();
    default:
      return sayReason(status.phase === 'off' ? why('starting', {}) : status.reason);
  }
}

function describePicture(phase: ContributeView['phase'], { shard }: DeviceStatus) {
  if (phase === 'working' && shard !== undefined) {
    return t`${formatCount(shard.unitsDone)} of ${plural(shard.units, { one: '# unit', other: '# units' })} done in this shard.`;
  }
  return ['off', 'refused', 'failed', 'idle'].includes(phase)
    ? t`What a model sees: a digit in 8 × 8 pixels. The sample job has 1,797.`
    : t`The cells fill as this device computes a shard.`;
}

function viewSteps({ status, running }: ContributeWorld): ContributeView['steps'] {
  const at = STEPS.findIndex(({ phases }) => phases.includes(status.phase));
  const tested = status.provider !== undefined || status.phase === 'working';
  return STEPS.map(({ label: sentence }, index) => {
    const label = say(sentence);
    if (!running || at === -1) return { label, state: 'next' };
    // Waiting for a first job: only the connection stands.
    if (at === STEPS.length - 1 && !tested) return { label, state: index === 0 ? 'done' : 'next' };
    return { label, state: index < at ? 'done' : index === at ? 'now' : 'next' };
  });
}

function viewFigures(status: DeviceStatus): Figure[] {
  const { unitsChecked, unitsMismatched } = status;
  return [
    {
      id: 'accepted',
      label: t`units accepted`,
      value: formatCount(status.unitsAccepted),
      note: t`in ${plural(status.shardsAccepted, { one: '# shard', other: '# shards' })}`,
    },
    {
      id: 'checked',
      label: t`units checked`,
      value: formatCount(unitsChecked),
      note:
        unitsChecked === 0
          ? t`a few are drawn at random`
          : unitsMismatched === 0
            ? t`all of them right`
            : t`${formatCount(unitsMismatched)} did not match`,
    },
    {
      id: 'speed',
      label: t`units a second`,
      value: status.unitsPerSecond === undefined ? '–' : formatRate(status.unitsPerSecond),
      note:
        status.unitMs === undefined
          ? t`measured as it works`
          : t`one takes ${formatMillis(status.unitMs)}, without what it waits for`,
    },
    {
      id: 'served',
      label: t`given to other devices`,
      value: formatBytes(status.served),
      note: t`model pieces this device shared`,
    },
  ];
}

function viewProgress({
  runtime,
  download,
  shard,
}: DeviceStatus): Pick<ContributeView, 'runtime' | 'download' | 'shard'> {
  const view: Pick<ContributeView, 'runtime' | 'download' | 'shard'> = {};
  if (runtime !== undefined && runtime.total > 0) {
    const { received, total } = runtime;
    view.runtime = {
      fraction: Math.min(1, received / total),
      label: t`${formatBytes(received)} of ${formatBytes(total)}`,
    };
  }
  if (download !== undefined && download.total > 0) {
    const { received, total, overPeers, overHttps } = download;
    view.download = {
      fraction: Math.min(1, received / total),
      label: t`${formatBytes(received)} of ${formatBytes(total)}`,
      overPeers: overPeers + overHttps === 0 ? 0 : overPeers / (overPeers + overHttps),
      sources: t`${formatBytes(overPeers)} from other devices, ${formatBytes(overHttps)} from the grid’s server`,
    };
  }
  if (shard !== undefined && shard.units > 0) {
    const fraction = Math.min(1, shard.unitsDone / shard.units);
    view.shard = {
      fraction,
      label: t`${formatCount(shard.unitsDone)} of ${plural(shard.units, { one: '# unit', other: '# units' })}, ${formatShare(fraction, 0)}`,
    };
  }
  return view;
}
