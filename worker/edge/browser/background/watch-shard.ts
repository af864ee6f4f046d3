import type { DeviceStatus } from '#protocol/messages/device.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { DeviceLoop } from '../../loop.ts';

/** A browser gives a service worker no more than minutes, and the person of a phone not that. */
const SHARD_MS_MAX = 20_000;
/** A hub that has work for a device says so at once. */
const IDLE_MS_MAX = 5_000;
/** How soon it makes way for a page that starts. */
const LOOK_MS = 100;
/** What was said last is on its way for so long. */
const FLUSH_MS = 500;

/** Watches over a device that computes one shard and leaves. */
export interface ShardWatch {
  /** Takes what the device says of itself. */
  tell(status: DeviceStatus): void;
  /** Starts the device; answers, when it has been closed, what came of it. */
  start(device: DeviceLoop): Promise<Reason>;
}

/**
 * Has a device take one shard and stop: when the shard counts, when there is none, when it is late, or when
 * a page waits to work. A device that is stopped gives back what it holds.
 */
export function watchShard(isAwaited: () => Promise<boolean>): ShardWatch {
  let device: DeviceLoop | undefined;
  let settle: (reason: Reason) => void = () => undefined;
  let isFinishing = false;
  let isOver = false;
  let idleSince = Date.now();
  const stopAt = Date.now() + SHARD_MS_MAX;
  const end = (reason: Reason): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    device?.post({ type: 'stop' });
    setTimeout(() => {
      device?.close();
      settle(reason);
    }, FLUSH_MS);
  };
  const look = async (): Promise<void> => {
    if (Date.now() >= stopAt) end(why('background-late', { seconds: SHARD_MS_MAX / 1_000 }));
    else if (await isAwaited()) end(why('tab-at-work', {}));
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  return {
    tell({ phase, reason, shard, unitsAccepted }) {
      if (isOver || device === undefined) return;
      if (shard !== undefined || phase === 'connecting') idleSince = Date.now();
      if (shard !== undefined && !isFinishing) {
        isFinishing = true;
        device.post({ type: 'finish', reason: why('stopped', {}) });
      }
      if (phase === 'off' && unitsAccepted > 0) {
        end(why('background-done', { units: unitsAccepted }));
      } else if (phase === 'waiting') {
        const text = reason.code === 'reconnecting' ? reason.values.text : 'the line broke';
        end(why('hub-away', { text }));
      } else if (['off', 'refused', 'paused'].includes(phase)) end(reason);
      else if (Date.now() - idleSince >= IDLE_MS_MAX) end(reason);
    },
    start(opened) {
      device = opened;
      opened.post({ type: 'start' });
      return new Promise((resolve) => {
        settle = resolve;
      });
    },
  };
}
