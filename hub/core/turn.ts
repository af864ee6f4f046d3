import type { HubMessage } from '#protocol/messages/control.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { Reason } from '#protocol/values/reason.ts';
import type { Refusal, RefusalCode } from '#protocol/values/refusal.ts';
import type { Device } from './state/device.ts';
import type { HubEffect, SocketId, World } from './state/events.ts';
import type { Fact } from './state/facts.ts';
import type { Hub, Reply } from './state/hub.ts';
import type { Job } from './state/job.ts';
import { addWrite } from './state/underway.ts';

/** One turn of the core: the state, the world and the effects gathered so far. */
export interface Turn {
  hub: Hub;
  world: World;
  effects: HubEffect[];
}

/** Sends a message on a socket. */
export function send(turn: Turn, socket: SocketId, message: HubMessage): void {
  const session = turn.hub.sessions.get(socket);
  if (session === undefined) return;
  if (session.stage !== 'greeted') session.sentAt = turn.world.now;
  turn.effects.push({ type: 'send', socket, message });
}

/** Sends a message to a device, if it is online. */
export function sendDevice(turn: Turn, device: PublicKey, message: HubMessage): void {
  const found = turn.hub.devices.get(device);
  if (found !== undefined) send(turn, found.socket, message);
}

/** Turns one message down; the session goes on. */
export function decline(
  turn: Turn,
  socket: SocketId,
  reason: { code: RefusalCode; message: string; lease?: HubMessageLease },
): void {
  send(turn, socket, { type: 'declined', ...reason });
}
type HubMessageLease = Extract<HubMessage, { type: 'accepted' }>['lease'];

/** Says why and ends the session. */
export function refuseSession(
  turn: Turn,
  socket: SocketId,
  reason: { code: RefusalCode; message: string },
): void {
  send(turn, socket, { type: 'refused', code: reason.code, message: reason.message });
  turn.effects.push({ type: 'close', socket });
}

/**
 * Has facts written down, in the order of the calls. They change the state when they are on disk;
 * what follows from them is done then, and whoever asked is answered after that.
 */
export function store(turn: Turn, facts: readonly Fact[], reply?: Reply): void {
  const { hub, effects } = turn;
  const token = hub.nextToken++;
  addWrite(hub.underway, token, facts);
  if (reply !== undefined) hub.replies.set(token, reply);
  effects.push({ type: 'store', token, facts });
}

/** Tells a device, once per change, why it gets no work. */
export function setIdle(turn: Turn, device: Device, reason: Reason): void {
  if (JSON.stringify(device.idle) === JSON.stringify(reason)) return;
  device.idle = reason;
  send(turn, device.socket, { type: 'idle', reason });
}

/** Tells whoever watches a job that its view is another. */
export const changed = (turn: Turn, job: Job): void => {
  turn.effects.push({ type: 'changed', job: job.record.id });
};

/** The fact that moves a job to another state. */
export const jobMoved = (
  { world }: Turn,
  { record }: Job,
  to: { state: Job['state']; reason: Reason; refusal?: Refusal },
): Fact => ({ type: 'job-moved', job: record.id, ...to, at: world.now });
