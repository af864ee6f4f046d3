import type { Root } from '#protocol/values/ids.ts';
import type { Device } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import { send, type Turn } from '../turn.ts';

const HOLDINGS_MAX = 64;
const SOURCES_MAX = 8;

/** Notes that a device serves a blob to its peers. */
export function receiveHave(hub: Hub, device: Device, root: Root): void {
  if (device.holds.size >= HOLDINGS_MAX || device.holds.has(root)) return;
  const holders = hub.holders.get(root) ?? [];
  device.holds.set(root, holders.length);
  holders.push(device);
  hub.holders.set(root, holders);
}

/** Forgets what a device that has gone served. */
export function dropHoldings(hub: Hub, device: Device): void {
  for (const [root, place] of device.holds) {
    const holders = hub.holders.get(root) ?? [];
    const last = holders.pop();
    if (last !== undefined && last !== device) {
      holders[place] = last;
      last.holds.set(root, place);
    }
    if (holders.length === 0) hub.holders.delete(root);
  }
  device.holds.clear();
}

/**
 * Names devices that hold a blob, the asker left out; the seeder is always a source besides. They
 * begin at a random one: whoever says first that it holds a blob is not everybody's source.
 */
export function receiveSeek(turn: Turn, device: Device, root: Root): void {
  const holders = turn.hub.holders.get(root) ?? [];
  const first = Number.parseInt(turn.world.random().slice(0, 8), 16);
  const peers = [];
  const seen = Math.min(holders.length, SOURCES_MAX + 1);
  for (let step = 0; step < seen && peers.length < SOURCES_MAX; step += 1) {
    const holder = holders[(first + step) % holders.length];
    if (holder !== undefined && holder !== device) peers.push(holder.peer);
  }
  send(turn, device.socket, { type: 'sources', root, peers });
}
