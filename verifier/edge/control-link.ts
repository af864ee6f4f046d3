import { WebSocket } from 'ws';
import {
  CONTROL_PATH,
  FRAME_BYTES_MAX,
  HELLO_DEADLINE_MS,
  HubMessage,
} from '#protocol/messages/control.ts';
import { encodeFrame } from '#protocol/messages/message-frame.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { refusal } from '#protocol/values/refusal.ts';
import type { LinkId, VerifierEffect, VerifierEvent } from '../core/state/events.ts';

/** Bytes the hub has not taken yet; a link that holds more has gone. */
const BUFFERED_BYTES_MAX = 2 * FRAME_BYTES_MAX;
const NORMAL_CLOSURE = 1000;

type Outgoing = Extract<VerifierEffect, { type: 'send' | 'send-frame' }>;

export interface ControlLink {
  send(effect: Outgoing): void;
  /** Lets what was sent go out, then closes; no event follows. */
  close(): void;
}

/** One control socket to the hub. Ends with one `disconnected`, unless we closed it. */
export function openControlLink(
  link: LinkId,
  target: { hub: URL; insecure: boolean },
  post: (event: VerifierEvent) => void,
): ControlLink {
  const url = new URL(CONTROL_PATH, target.hub);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, {
    handshakeTimeout: HELLO_DEADLINE_MS,
    maxPayload: FRAME_BYTES_MAX,
    perMessageDeflate: false,
    rejectUnauthorized: !target.insecure,
  });
  let ended = false;
  const end = (reason: string) => {
    if (ended) return;
    ended = true;
    post({ type: 'disconnected', link, reason });
  };
  socket.on('open', () => post({ type: 'connected', link }));
  socket.on('error', (error) =>
    end(`the hub at ${target.hub.origin} cannot be reached: ${reasonOf(error)}`),
  );
  socket.on('close', (code) => end(`the hub closed the connection (code ${code})`));
  socket.on('message', (data, isBinary) => {
    if (ended) return;
    if (isBinary) {
      const what = 'a hub sends text only; update the verifier or the hub';
      return post({ type: 'malformed', link, refusal: refusal('message-malformed', what) });
    }
    const decoded = decodeJson(HubMessage, data.toString());
    if (decoded.ok) post({ type: 'received', link, message: decoded.value });
    else post({ type: 'malformed', link, refusal: decoded.refusal });
  });
  return {
    send(effect) {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (socket.bufferedAmount > BUFFERED_BYTES_MAX) return socket.terminate();
      if (effect.type === 'send') socket.send(JSON.stringify(effect.message));
      else socket.send(encodeFrame(effect.head, effect.payload));
    },
    close() {
      ended = true;
      socket.close(NORMAL_CLOSURE);
      setTimeout(() => socket.terminate(), 2_000).unref();
    },
  };
}

/** A refused connection on several addresses comes as an AggregateError with an empty message. */
function reasonOf(error: Error): string {
  const first = error instanceof AggregateError ? error.errors[0] : undefined;
  return error.message || (first instanceof Error ? first.message : error.name);
}
