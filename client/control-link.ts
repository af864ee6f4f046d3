import {
  type ClientMessage,
  CONTROL_PATH,
  FRAME_BYTES_MAX,
  type FrameHead,
  HubMessage,
} from '#protocol/messages/control.ts';
import { encodeFrame } from '#protocol/messages/message-frame.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';

/** Bytes the hub has not taken yet; a link that holds more has gone. */
const BUFFERED_BYTES_MAX = 2 * FRAME_BYTES_MAX;
const OPEN = 1;
const NORMAL_CLOSURE = 1000;

/** What comes of a control socket. The last is one `closed` or `malformed`. */
export type LinkEvent =
  | { type: 'opened' }
  | { type: 'received'; message: HubMessage }
  | { type: 'malformed'; refusal: Refusal }
  | { type: 'closed'; reason: string };

/** One control socket to a hub. */
export interface ControlLink {
  send(message: ClientMessage): void;
  sendFrame(head: FrameHead, payload: Uint8Array): void;
  /** Lets what was sent go out, then closes; no event follows. */
  close(): void;
}

/** The address of a hub's control socket. */
export function controlUrl(hub: URL): string {
  const url = new URL(CONTROL_PATH, hub);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

export interface LinkOptions {
  /** Ends a socket at once whose hub takes nothing more. */
  drop?: () => void;
  /** Says after each message why its sender is not the hub it should be; the link ends then. */
  distrust?: ((message: HubMessage) => string | undefined) | undefined;
}

/** Speaks the control protocol over a socket of the platform or of `ws`. */
export function openControlLink(
  wire: WebSocket,
  post: (event: LinkEvent) => void,
  { drop = () => wire.close(), distrust }: LinkOptions = {},
): ControlLink {
  let ended = false;
  const end = (event: LinkEvent): void => {
    if (ended) return;
    ended = true;
    post(event);
  };
  /** The core gives up a socket that sends nonsense: it must not stay open at the hub. */
  const fail = (reason: Refusal): void => {
    end({ type: 'malformed', refusal: reason });
    wire.close();
  };
  wire.binaryType = 'arraybuffer';
  wire.onopen = () => post({ type: 'opened' });
  wire.onerror = () => end({ type: 'closed', reason: 'the hub cannot be reached' });
  wire.onclose = ({ code }) =>
    end({ type: 'closed', reason: `the hub closed the connection (code ${code})` });
  wire.onmessage = ({ data }: MessageEvent) => {
    if (ended) return;
    if (typeof data !== 'string') {
      const what = 'a hub sends text only; update this program or page, or the hub';
      return fail(refusal('message-malformed', what));
    }
    const decoded = decodeJson(HubMessage, data);
    if (!decoded.ok) return fail(decoded.refusal);
    const reason = distrust?.(decoded.value);
    if (reason === undefined) return post({ type: 'received', message: decoded.value });
    end({ type: 'closed', reason });
    wire.close();
  };
  const put = (data: string | Uint8Array<ArrayBuffer>): void => {
    if (wire.readyState !== OPEN) return;
    if (wire.bufferedAmount > BUFFERED_BYTES_MAX) return drop();
    wire.send(data);
  };
  return {
    send: (message) => put(JSON.stringify(message)),
    sendFrame: (head, payload) => put(encodeFrame(head, payload)),
    close() {
      ended = true;
      wire.close(NORMAL_CLOSURE);
    },
  };
}
