import type { PublicKey } from '#protocol/ids.ts';
import type { HubMessage, IdleCode } from '#protocol/messages/control.ts';
import type { RefusalCode } from '#protocol/refusal.ts';
import type { Instant } from '#protocol/units.ts';
import type { Fact, HubEffect, SocketId, World } from './events.ts';
import { isMoneyFact } from './money.ts';
import type { Device, Hub, Job, Pending } from './state.ts';

/** Why a device gets no work. */
export type Reason = { code: IdleCode; message: string };

/** One turn of the core: the state, the world and the effects gathered so far. */
export interface Turn {
  hub: Hub;
  world: World;
  effects: HubEffect[];
}

export function send(turn: Turn, socket: SocketId, message: HubMessage): void {
  const session = turn.hub.sessions.get(socket);
  if (session === undefined) return;
  if (session.stage !== 'greeted') session.sentAt = turn.world.now;
  turn.effects.push({ type: 'send', socket, message });
}

export function sendDevice(turn: Turn, device: PublicKey, message: HubMessage): void {
  const found = turn.hub.devices.get(device);
  if (found !== undefined) send(turn, found.socket, message);
}

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

export function store(turn: Turn, facts: Fact[], pending: Pending = { type: 'nothing' }): void {
  const token = turn.hub.nextToken++;
  turn.hub.pending.set(token, pending);
  const money = facts.filter(isMoneyFact);
  if (money.length > 0) turn.hub.money.writing.set(token, money);
  turn.effects.push({ type: 'store', token, facts });
}

/** Tells a device, once per change, why it gets no work. */
export function setIdle(turn: Turn, device: Device, { code, message }: Reason): void {
  if (device.idle?.code === code && device.idle.message === message) return;
  device.idle = { code, message };
  send(turn, device.socket, { type: 'idle', code, message });
}

export const changed = (turn: Turn, job: Job): void => {
  turn.effects.push({ type: 'changed', job: job.record.id });
};

/** Moves a job to another state, on disk and in its view. */
export function moveJob(
  turn: Turn,
  job: Job,
  to: { state: Job['state']; reason: string; refusal?: Job['refusal']; pending?: Pending },
): void {
  const at: Instant = turn.world.now;
  job.state = to.state;
  job.reason = to.reason;
  if (to.refusal !== undefined) job.refusal = to.refusal;
  if (to.state === 'running') job.startedAt ??= at;
  if (to.state === 'done' || to.state === 'cancelled' || to.state === 'refused') job.endedAt = at;
  store(
    turn,
    [
      {
        type: 'job-moved',
        job: job.record.id,
        state: to.state,
        reason: to.reason,
        at,
        ...(to.refusal === undefined ? {} : { refusal: to.refusal }),
      },
    ],
    to.pending,
  );
  changed(turn, job);
}
