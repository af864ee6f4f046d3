import type { DeviceMessage, DeviceStatus } from '#protocol/messages/device.ts';
import { instant } from '#protocol/units.ts';
import { STATUS_OFF } from '../core/contribute-view.ts';
import type { Settings } from '../core/settings.ts';
import { type ContributorWorker, openContributorWorker } from './contributor-worker.ts';
import type { Peers } from './peers.ts';
import { openWakeLock } from './wake-lock.ts';

/** How long the worker has to hand back its leases after Stop. */
const STOP_MS = 3_000;
/** Held, shared, while this tab may hold a lease; an update of the app waits for it (`app-update.ts`). */
export const WORK_LOCK = 'pocketgrid-work';

export interface ContributionState {
  status: DeviceStatus;
  running: boolean;
  stopping: boolean;
}

/** This device at work: the contributor worker, and what only a window can give it. */
export interface Contribution {
  start(settings: Settings): void;
  /** Asks the worker to hand back what it holds, then ends it. */
  stop(): void;
}

/** Opened once per page. Nothing is loaded or sent before `start`. */
export function openContribution(options: {
  hub: string;
  onChange(state: ContributionState): void;
}): Contribution {
  let state: ContributionState = { status: STATUS_OFF, running: false, stopping: false };
  let worker: ContributorWorker | undefined;
  let peers: Promise<Peers | undefined> | undefined;
  let stopTimer = 0;
  let releaseWork: (() => void) | undefined;
  let askedToPersist = false;
  const wakeLock = openWakeLock();

  function change(next: Partial<ContributionState>): void {
    state = { ...state, ...next };
    options.onChange(state);
  }

  function end(status: DeviceStatus): void {
    clearTimeout(stopTimer);
    leave();
    worker?.close();
    worker = undefined;
    wakeLock.want(false);
    releaseWork?.();
    releaseWork = undefined;
    change({ status, running: false, stopping: false });
  }

  function receive(message: DeviceMessage): void {
    switch (message.type) {
      case 'status':
        return receiveStatus(message.status);
      case 'join':
        leave();
        peers = join(message);
        return;
      case 'connect':
        return void connect(message.peer);
      case 'leave':
        return leave();
    }
  }

  function leave(): void {
    void peers?.then((joined) => joined?.close());
    peers = undefined;
  }

  function receiveStatus(status: DeviceStatus): void {
    if (state.stopping && status.phase === 'off') return end(status);
    change({ status });
    if (status.unitsAccepted === 0 || askedToPersist) return;
    // Only now is there something worth keeping, and browsers grant this to pages that are used.
    askedToPersist = true;
    void navigator.storage?.persist?.().catch(() => false);
  }

  async function connect(peer: string): Promise<void> {
    const asked = worker;
    const joined = await peers;
    if (joined !== undefined) return joined.connect(peer);
    const message = 'This page is not joined to the peers; HTTPS is used instead.';
    asked?.post({ type: 'channel-failed', peer, refusal: { code: 'webrtc-failed', message } });
  }

  async function join(message: DeviceMessage & { type: 'join' }): Promise<Peers | undefined> {
    const joining = worker;
    try {
      const { openPeers } = await import('./peers.ts');
      if (worker !== joining || joining === undefined) return undefined;
      return openPeers({
        hub: options.hub,
        id: message.peer,
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

  const tellVisible = () =>
    worker?.post({ type: 'visible', visible: document.visibilityState === 'visible' });
  document.addEventListener('visibilitychange', tellVisible);
  // A page that goes away says so, so that its shard is someone else's at once.
  addEventListener('pagehide', () => worker?.post({ type: 'visible', visible: false }));
  addEventListener('pageshow', tellVisible);

  return {
    start(settings) {
      if (state.running) return;
      change({ running: true, stopping: false, status: fresh(state.status) });
      releaseWork = holdWorkLock();
      wakeLock.want(true);
      worker = openContributorWorker({
        onMessage: receive,
        onFailed: (reason) => end(workerFailed(state.status, reason)),
      });
      worker.post({ type: 'start', hub: options.hub, ...settings });
      tellVisible();
    },
    stop() {
      if (!state.running || state.stopping) return;
      change({ stopping: true });
      worker?.post({ type: 'stop' });
      stopTimer = setTimeout(() => end({ ...state.status, phase: 'off' }), STOP_MS);
    },
  };
}

/** A new start keeps no refusal and no progress of the last one. */
function fresh({ trials, key }: DeviceStatus): DeviceStatus {
  return {
    ...STATUS_OFF,
    since: instant(Date.now()),
    reason: 'Starting the worker on this device.',
    trials,
    ...(key && { key }),
  };
}

function workerFailed(status: DeviceStatus, reason: string): DeviceStatus {
  const message = `The worker on this device stopped: ${reason}. Reload the page, then tap Start.`;
  return { ...status, phase: 'refused', reason: message, refusal: { code: 'internal', message } };
}

/** Holds the lock until the returned function is called. */
function holdWorkLock(): () => void {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  void navigator.locks?.request(WORK_LOCK, { mode: 'shared' }, () => held);
  return release;
}
