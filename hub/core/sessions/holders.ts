import type { ContributorMessage } from '#protocol/messages/control.ts';
import type { Root } from '#protocol/values/ids.ts';
import type { Device } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import { send, type Turn } from '../turn.ts';

const HOLDINGS_MAX = 64;
const SOURCES_MAX = 8;
/** Of so many devices that say a holder failed, it is named no more: one alone may be at fault itself. */
const FAILURES_MAX = 3;

/** Notes that a device serves a blob to its peers, unless others had no right bytes of it from there. */
export function receiveHave(hub: Hub, device: Device, root: Root): void {
  const { holds, failedFor } = device;
  const hasFailed = (failedFor.get(root)?.size ?? 0) >= FAILURES_MAX;
  if (holds.size + failedFor.size >= HOLDINGS_MAX || holds.has(root) || hasFailed) return;
  const holders = hub.holders.get(root) ?? [];
  holds.set(root, holders.length);
  holders.push(device);
  hub.holders.set(root, holders);
}

/** Forgets what a device that has gone served. */
export function dropHoldings(hub: Hub, device: Device): void {
  for (const root of [...device.holds.keys()]) dropHolding(hub, device, root);
}

function dropHolding(hub: Hub, device: Device, root: Root): void {
  const place = device.holds.get(root);
  if (place === undefined) return;
  const holders = hub.holders.get(root) ?? [];
  const last = holders.pop();
  if (last !== undefined && last !== device) {
    holders[place] = last;
    last.holds.set(root, place);
  }
  if (holders.length === 0) hub.holders.delete(root);
  device.holds.delete(root);
}

type Seek = Extract<ContributorMessage, { type: 'seek' }>;

/**
 * Names devices that hold a blob, the asker and those that failed it left out; the seeder is always a
 * source besides. They begin at a random one: whoever says first that it holds a blob is not
 * everybody's source.
 */
export function receiveSeek(turn: Turn, device: Device, { root, failed = [] }: Seek): void {
  noteFailures(turn.hub, device, { root, failed });
  const holders = turn.hub.holders.get(root) ?? [];
  const first = Number.parseInt(turn.world.random().slice(0, 8), 16);
  const named: Device[] = [];
  const seen = Math.min(holders.length, SOURCES_MAX + 1 + failed.length);
  for (let step = 0; step < seen && named.length < SOURCES_MAX; step += 1) {
    const holder = holders[(first + step) % holders.length];
    if (holder === undefined || holder === device || failed.includes(holder.peer)) continue;
    named.push(holder);
  }
  device.sought = { root, holders: named };
  send(turn, device.socket, { type: 'sources', root, peers: named.map(({ peer }) => peer) });
}

/** Counts what an asker says of those that it was named: of others it can say nothing. */
function noteFailures(
  hub: Hub,
  { key, sought }: Device,
  { root, failed }: Required<Omit<Seek, 'type'>>,
) {
  if (sought?.root !== root) return;
  for (const holder of sought.holders) {
    if (!failed.includes(holder.peer) || !holder.holds.has(root)) continue;
    const by = holder.failedFor.get(root) ?? new Set();
    holder.failedFor.set(root, by.add(key));
    if (by.size >= FAILURES_MAX) dropHolding(hub, holder, root);
  }
}
