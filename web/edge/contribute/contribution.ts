import { t } from '@lingui/core/macro';
import { type DeviceSignals, SHORT_PAUSE_MS, SIGNALS_NONE } from '#protocol/messages/care.ts';
import type { DeviceMessage, DeviceStatus } from '#protocol/messages/device.ts';
import { why } from '#protocol/values/reason.ts';
import { instant } from '#protocol/values/units.ts';
import { wireBlocks } from '../../core/blocks.ts';
import { STATUS_OFF } from '../../core/contribute-view.ts';
import { LASTED_MS, restartAfter } from '../../core/restarts.ts';
import type { Settings } from '../../core/settings.ts';

import { readStored, writeStored } from '../local-store.ts';
import { type ContributorWorker, openContributorWorker } from './contributor-worker.ts';
import type { Peers } from './peers.ts';
import { type SilenceWatch, watchSilence } from './silence.ts';
import { type Turn, takeTurn } from './turn.ts';
import { openWakeLock, type WakeLock } from './wake-lock.ts';

/** How long the worker has to hand back its leases after Stop. */
const STOP_MS = 3_000;

/** What the page knows of its worker. */
export interface ContributionState {
  status: DeviceStatus;
  running: boolean;
  stopping: boolean;
}

/** This device at work: the contributor worker, and what only a window can give it. */
export interface Contribution {
  start(settings: Settings): void;
  /** What the person gives away from now on. */
  donate(jobs: Settings['donates']): void;
  /** What this device wants no work of from now on. */
  block(blocks: Settings['blocks']): void;
  /** What this device may do from now on. */
  care(policy: Settings['care']): void;
  /** What the device tells of itself now. */
  signal(signals: DeviceSignals): void;
  /** Takes nothing more, and ends when nothing is under way. */
  finish(): void;
  /** Waits no longer for a hub that was away. */
  tryNow(): void;
  /** Asks the worker to hand back what it holds, then ends it. */
  stop(): void;
}

/** The work of this page, and what is held while it lasts. */
interface Work {
  readonly hub: string;
  readonly isIos: boolean;
  readonly onChange: (state: ContributionState) => void;
  readonly wakeLock: WakeLock;
  state: ContributionState;
  worker: ContributorWorker | undefined;
  settings: Settings | undefined;
  watch: SilenceWatch | undefined;
  /** Workers that failed one after another, and when the one at hand was started. */
  failures: number;
  openedAt: number;
  restartTimer: number;
  peers: Promise<Peers | undefined> | undefined;
  stopTimer: number;
  turn: Turn | undefined;
  askedToPersist: boolean;
  signals: DeviceSignals;
}

/** Opened once per page. Nothing is loaded or sent before `start`. */
export function openContribution(options: {
  hub: string;
  isIos: boolean;
  onChange(state: ContributionState): void;
}): Contribution {
  const work: Work = {
    hub: options.hub,
    isIos: options.isIos,
    onChange: (state) => options.onChange(state),
    wakeLock: openWakeLock(),
    state: { status: STATUS_OFF, running: false, stopping: false },
    worker: undefined,
    settings: undefined,
    watch: undefined,
    failures: 0,
    openedAt: 0,
    restartTimer: 0,
    peers: undefined,
    stopTimer: 0,
    turn: undefined,
    askedToPersist: false,
    signals: SIGNALS_NONE,
  };
  document.addEventListener('visibilitychange', () => {
    noteLeft(work, document.visibilityState !== 'visible');
    tellVisible(work);
  });
  // A page that goes away says so, so that its shard is someone else's at once.
  addEventListener('pagehide', () => {
    noteLeft(work, true);
    work.worker?.post({ type: 'visible', visible: false });
  });
  addEventListener('pageshow', () => {
    noteLeft(work, false);
    tellVisible(work);
  });
  return {
    start: (settings) => start(work, settings),
    donate(donates) {
      if (work.settings !== undefined) work.settings = { ...work.settings, donates };
      work.worker?.post({ type: 'donate', jobs: donates });
    },
    block(blocks) {
      if (work.settings !== undefined) work.settings = { ...work.settings, blocks };
      work.worker?.post({ type: 'block', blocks: wireBlocks(blocks) });
    },
    care(policy) {
      if (work.settings !== undefined) work.settings = { ...work.settings, care: policy };
      work.worker?.post({ type: 'care', policy });
    },
    signal(signals) {
      work.signals = signals;
      work.worker?.post({ type: 'signals', signals });
    },
    finish: () => finish(work),
    tryNow: () => work.worker?.post({ type: 'try-now' }),
    stop: () => stop(work),
  };
}

function start(work: Work, settings: Settings): void {
  if (work.state.running) return;
  change(work, { running: true, stopping: false, status: fresh(work.state.status) });
  work.wakeLock.want(true);
  work.settings = settings;
  work.failures = 0;
  awaitTurn(work, settings);
}

/** Computes when it is the turn of this page, and makes way for one that is looked at. */
function awaitTurn(work: Work, settings: Settings): void {
  work.turn?.giveBack();
  const wait = () => {
    work.wakeLock.want(false);
    change(work, { status: told(work, 'paused', why('tab-at-work', {})) });
  };
  work.turn = takeTurn({
    onTurn: () => openWorker(work, work.settings ?? settings),
    onWait: wait,
    onYield() {
      closeWorker(work);
      wait();
      awaitTurn(work, settings);
    },
  });
}

function openWorker(work: Work, settings: Settings): void {
  work.openedAt = Date.now();
  work.worker = openContributorWorker({
    onMessage(message) {
      work.watch?.heard();
      receive(work, message);
    },
    onFailed: (reason) => restart(work, reason),
  });
  work.watch = watchSilence((seconds) =>
    restart(work, t`it gave no sign of life for ${seconds} s`),
  );
  // iPhones in Lockdown Mode and some policies take it away.
  const webrtc = settings.webrtc && typeof RTCPeerConnection === 'function';
  const leftAt = Number(readStored('left') ?? 0);
  noteLeft(work, false);
  const { hub, isIos, signals } = work;
  work.worker.post({
    ...{ type: 'start', hub, isIos, ...settings, webrtc, signals },
    blocks: wireBlocks(settings.blocks),
    ...(leftAt > 0 && { leftAt: instant(leftAt) }),
  });
  tellVisible(work);
}

/** Kept at once and for the next page: by then the worker may have been ended in the middle of a step. */
function noteLeft(work: Work, hasLeft: boolean): void {
  if (work.worker !== undefined) writeStored('left', hasLeft ? `${Date.now()}` : null);
}

/** Opens another worker after a while; after a few that failed, the person is told. */
function restart(work: Work, reason: string): void {
  closeWorker(work);
  if (work.state.stopping) return end(work, { ...work.state.status, phase: 'off' });
  work.failures = Date.now() - work.openedAt > LASTED_MS ? 1 : work.failures + 1;
  const seconds = restartAfter(work.failures);
  const { settings } = work;
  const text = t`The worker on this device stopped: ${reason}`;
  if (seconds === undefined || settings === undefined) {
    const sentence = t`${text}. Tap Start to try again, or reload the page.`;
    return end(work, told(work, 'failed', why('worker-failed', { text: sentence })));
  }
  change(work, { status: told(work, 'restarting', why('restarting', { text, seconds })) });
  work.restartTimer = setTimeout(() => openWorker(work, settings), seconds * 1_000);
}

const told = (
  { state: { status } }: Work,
  phase: DeviceStatus['phase'],
  reason: DeviceStatus['reason'],
): DeviceStatus => ({ ...status, phase, reason, since: instant(Date.now()) });

function closeWorker(work: Work): void {
  clearTimeout(work.restartTimer);
  leave(work);
  work.watch?.close();
  work.worker?.close();
  work.worker = undefined;
}

function finish(work: Work): void {
  if (!work.state.running || work.state.stopping) return;
  // A worker that has gone holds nothing.
  if (work.worker === undefined) end(work, told(work, 'off', why('updating', {})));
  else work.worker.post({ type: 'finish' });
}

function stop(work: Work): void {
  if (!work.state.running || work.state.stopping) return;
  if (work.worker === undefined) return end(work, { ...work.state.status, phase: 'off' });
  change(work, { stopping: true });
  work.worker?.post({ type: 'stop' });
  work.stopTimer = setTimeout(() => end(work, { ...work.state.status, phase: 'off' }), STOP_MS);
}

function end(work: Work, status: DeviceStatus): void {
  clearTimeout(work.stopTimer);
  closeWorker(work);
  work.wakeLock.want(false);
  work.turn?.giveBack();
  work.turn = undefined;
  change(work, { status, running: false, stopping: false });
}

function change(work: Work, next: Partial<ContributionState>): void {
  work.state = { ...work.state, ...next };
  work.onChange(work.state);
}

function tellVisible({ worker }: Work): void {
  worker?.post({ type: 'visible', visible: document.visibilityState === 'visible' });
}

function receive(work: Work, message: DeviceMessage): void {
  switch (message.type) {
    case 'status':
      return receiveStatus(work, message.status);
    case 'join':
      leave(work);
      work.peers = join(work, message);
      return;
    case 'connect':
      return void connect(work, message.peer);
    case 'leave':
      return leave(work);
    case 'alive':
    case 'storage-freed':
    case 'evidence':
    case 'payout-signed':
    case 'profile-signed':
    case 'history':
    case 'noted':
    case 'forgotten':
      return;
  }
}

function receiveStatus(work: Work, status: DeviceStatus): void {
  const isOver = work.state.stopping || ['time-up', 'updating'].includes(status.reason.code);
  if (isOver && status.phase === 'off') return end(work, status);
  // Nothing follows: the person reads why, and Start is there again.
  if (status.phase === 'refused' || status.phase === 'failed') return end(work, status);
  change(work, { status });
  work.wakeLock.want(status.phase !== 'paused' || isShort(status));
  if (status.unitsAccepted === 0 || work.askedToPersist) return;
  // Only now is there something worth keeping, and browsers grant this to pages that are used.
  work.askedToPersist = true;
  void navigator.storage?.persist?.().catch(() => false);
}

/** A pause that lasts lets the screen go off: a phone that waits for its charger is to save power. */
const isShort = ({ nextAt }: DeviceStatus): boolean =>
  nextAt !== undefined && nextAt - Date.now() < SHORT_PAUSE_MS;

async function join(
  work: Work,
  message: DeviceMessage & { type: 'join' },
): Promise<Peers | undefined> {
  const joining = work.worker;
  try {
    const { openPeers } = await import('./peers.ts');
    if (work.worker !== joining || joining === undefined) return undefined;
    return openPeers({
      hub: work.hub,
      id: message.peer,
      token: message.token,
      path: message.path,
      iceServers: message.iceServers,
      onChannel: (peer, channel) =>
        joining.post({ type: 'channel', peer, channel }, [channel as unknown as Transferable]),
      onFailed: (peer, refusal) => joining.post({ type: 'channel-failed', peer, refusal }),
    });
  } catch (cause) {
    // Without WebRTC, or without the library, every byte comes over HTTPS.
    console.error('peers are not available', cause);
    return undefined;
  }
}

async function connect(work: Work, peer: string): Promise<void> {
  const asked = work.worker;
  const joined = await work.peers;
  if (joined !== undefined) return joined.connect(peer);
  const message = t`This page is not joined to the peers; HTTPS is used instead.`;
  asked?.post({ type: 'channel-failed', peer, refusal: { code: 'webrtc-failed', message } });
}

function leave(work: Work): void {
  void work.peers?.then((joined) => joined?.close());
  work.peers = undefined;
}

/** A new start keeps no refusal and no progress of the last one. */
function fresh({ trials, key }: DeviceStatus): DeviceStatus {
  return {
    ...STATUS_OFF,
    since: instant(Date.now()),
    reason: why('starting', {}),
    trials,
    ...(key && { key }),
  };
}
