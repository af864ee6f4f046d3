import {
  type ClientMessage,
  ContributorMessage,
  TEXT_BYTES_MAX,
  VerifierMessage,
} from '#protocol/messages/control.ts';
import { decodeFrame } from '#protocol/messages/message-frame.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { type Result, refusal, refuse } from '#protocol/values/refusal.ts';
import type { HubEvent, SocketId } from '../../core/state/events.ts';

const VERIFIER_TYPES = new Set<string>(
  VerifierMessage.options.map(({ entries }) => entries.type.literal),
);

/** A text message of a control socket as an event. */
export function decodeText(socket: SocketId, bytes: Buffer): HubEvent {
  if (bytes.length > TEXT_BYTES_MAX) {
    const reason = refusal(
      'message-too-long',
      `a text message holds at most ${TEXT_BYTES_MAX} bytes; split it`,
    );
    return { type: 'malformed', socket, refusal: reason };
  }
  const message = decodeClientMessage(bytes.toString('utf8'));
  if (!message.ok) return { type: 'malformed', socket, refusal: message.refusal };
  return { type: 'received', socket, message: message.value };
}

/** A binary message of a control socket as an event. */
export function decodeBinary(socket: SocketId, bytes: Buffer): HubEvent {
  // A plain view: `slice` of a Buffer does not copy, and the core must not know of Buffers.
  const frame = decodeFrame(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  if (!frame.ok) return { type: 'malformed', socket, refusal: frame.refusal };
  return { type: 'framed', socket, ...frame.value };
}

/** Picks the schema by the tag first, so that a refusal names the field and not the whole union. */
function decodeClientMessage(text: string): Result<ClientMessage> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(
      'message-malformed',
      'expected JSON text; check for a missing quote, bracket or a cut-off end',
    );
  }
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : '';
  return typeof type === 'string' && VERIFIER_TYPES.has(type)
    ? decodeWith(VerifierMessage, value)
    : decodeWith(ContributorMessage, value);
}
