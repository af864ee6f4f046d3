import { ClientMessage } from '#protocol/messages/control.ts';
import { decodeFrame } from '#protocol/messages/message-frame.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { HubEvent } from '../../hub/core/state/events.ts';

/** What travels on a control socket to the hub, really encoded: text, or a binary frame. */
export type Packet = string | Uint8Array;

/** What the core of a hub hears when a packet comes in on a socket. */
export function readPacket(socket: number, packet: Packet): HubEvent {
  if (typeof packet === 'string') {
    const message = decodeJson(ClientMessage, packet);
    if (!message.ok) return { type: 'malformed', socket, refusal: message.refusal };
    return { type: 'received', socket, message: message.value };
  }
  const frame = decodeFrame(packet);
  if (!frame.ok) return { type: 'malformed', socket, refusal: frame.refusal };
  return { type: 'framed', socket, ...frame.value };
}
