import {
  CONTROL_PATH,
  type ContributorMessage,
  FRAME_BYTES_MAX,
  type FrameHead,
  HubMessage,
} from '#protocol/messages/control.ts';
import { encodeFrame } from '#protocol/messages/message-frame.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { ContributorEvent, SocketId } from '../core/events.ts';

const BUFFERED_BYTES_MAX = 2 * FRAME_BYTES_MAX;

export interface ControlLink {
  send(message: ContributorMessage): void;
  sendFrame(head: FrameHead, payload: Uint8Array): void;
  /** Lets what was sent go out, then closes; no event follows. */
  close(): void;
}

export function controlUrl(hub: URL): string {
  const url = new URL(CONTROL_PATH, hub);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** One control socket of the platform or of `ws`. Ends with one `closed` or `malformed`. */
export function openControlLink(
  socket: SocketId,
  wire: WebSocket,
  post: (event: ContributorEvent) => void,
): ControlLink {
  let ended = false;
  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    post({ type: 'closed', socket, reason });
  };
  /** The core gives up a socket that sends nonsense: it must not stay open at the hub. */
  const fail = (reason: Refusal): void => {
    ended = true;
    wire.close();
    post({ type: 'malformed', socket, refusal: reason });
  };
  wire.binaryType = 'arraybuffer';
  wire.onopen = () => post({ type: 'opened', socket });
  wire.onerror = () => end('the hub cannot be reached');
  wire.onclose = () => end('the hub closed the connection');
  wire.onmessage = (event: MessageEvent) => {
    if (ended) return;
    if (typeof event.data !== 'string') {
      return fail(refusal('message-malformed', 'a hub sends text only; reload the page or update'));
    }
    const decoded = decodeJson(HubMessage, event.data);
    if (decoded.ok) post({ type: 'received', socket, message: decoded.value });
    else fail(decoded.refusal);
  };
  const put = (data: string | Uint8Array<ArrayBuffer>): void => {
    if (wire.readyState !== 1) return;
    if (wire.bufferedAmount > BUFFERED_BYTES_MAX) return wire.close();
    wire.send(data);
  };
  return {
    send: (message) => put(JSON.stringify(message)),
    sendFrame: (head, payload) => put(encodeFrame(head, payload)),
    close() {
      ended = true;
      wire.close();
    },
  };
}
