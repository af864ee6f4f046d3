import type { DeviceMessage } from '#protocol/messages/device.ts';
import { instant } from '#protocol/units.ts';
import { type DisputeWorld, NO_DISPUTE } from '../core/dispute-view.ts';
import { askContributorWorker } from './contributor-worker.ts';

/** How often an open dispute is looked at. */
const LOOK_MS = 10_000;

export interface Dispute {
  /** Looks up what the hub has on this device, and goes on looking while a dispute is open. */
  look(key: string): void;
  /** Has other verifiers asked: a worker signs it, for only a worker opens the device's key. */
  ask(): void;
}

export function openDispute(options: {
  hub: string;
  onChange(world: DisputeWorld): void;
}): Dispute {
  let world = NO_DISPUTE;
  let timer = 0;
  let device = '';
  const change = (next: DisputeWorld): void => {
    world = next;
    options.onChange(world);
    clearTimeout(timer);
    if (world.found?.state === 'open') timer = setTimeout(() => void look(), LOOK_MS);
  };
  const look = async (): Promise<void> => {
    const { fetchDispute } = await import('./hub-api.ts');
    const asked = device;
    const answer = await fetchDispute(asked);
    if (asked !== device || world.asking) return;
    if (answer.ok) change({ ...world, found: answer.value });
    else change(world);
  };
  const end = (result: Extract<DeviceMessage, { type: 'disputed' }>['result']): void => {
    const { refusal: _, ...rest } = world;
    if (result.ok) change({ asking: false, found: result.value });
    else change({ ...rest, asking: false, refusal: result.refusal });
  };
  return {
    look(key) {
      device = key;
      void look();
    },
    async ask() {
      if (world.asking) return;
      const { refusal: _, ...rest } = world;
      change({ ...rest, asking: true });
      const asked = { type: 'dispute' as const, hub: options.hub, at: instant(Date.now()) };
      end(
        await askContributorWorker(asked, (said) =>
          said.type === 'disputed' ? said.result : undefined,
        ),
      );
    },
  };
}
