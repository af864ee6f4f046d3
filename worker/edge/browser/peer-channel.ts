import {
  decodePeerFrame,
  encodePeerFrame,
  PEER_BUFFER_BYTES,
  PEER_PAYLOAD_BYTES_MAX,
  type PeerFrame,
} from '#protocol/messages/peer-frame.ts';
import type { Root } from '#protocol/values/ids.ts';
import { fault, PocketgridError } from '#protocol/values/refusal.ts';
import type { BlobCache } from '../ports.ts';

const REQUEST_MS_MAX = 5_000;
const SERVING_MAX = 4;
const DRAIN_MS_MAX = 30_000;

const DENIALS = { unknown: 'blob-unknown', range: 'range-invalid', busy: 'busy' } as const;

interface Range {
  root: Root;
  offset: number;
  length: number;
}

/** One channel to a peer: asks for ranges, and serves what this device holds whole. */
export interface PeerChannel {
  isOpen(): boolean;
  /** Rejects when the peer denies, is silent for five seconds, or sends what was not asked for. */
  request(range: Range): Promise<Uint8Array<ArrayBuffer>>;
  close(): void;
}

interface Pending {
  range: Range;
  data: Uint8Array<ArrayBuffer>;
  received: number;
  timer: ReturnType<typeof setTimeout>;
  settle(outcome: Uint8Array<ArrayBuffer> | Error): void;
}

export function openPeerChannel(
  channel: RTCDataChannel,
  on: { cache: BlobCache; served(length: number): void; closed(): void },
): PeerChannel {
  const asker = openAsker((frame) => sendFrame(channel, frame));
  const serve = openServer(channel, on);
  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = PEER_BUFFER_BYTES.low;
  channel.onmessage = (event: MessageEvent<ArrayBuffer>) => {
    const frame = decodePeerFrame(new Uint8Array(event.data));
    if (!frame.ok) return channel.close();
    if (frame.value.type === 'want') void serve(frame.value);
    else asker.take(frame.value);
  };
  channel.onclose = () => {
    asker.close();
    on.closed();
  };
  return {
    isOpen: () => channel.readyState === 'open',
    request: asker.request,
    close: () => channel.close(),
  };
}

function sendFrame(channel: RTCDataChannel, frame: PeerFrame): void {
  if (channel.readyState === 'open') channel.send(encodePeerFrame(frame));
}

/** Our own wishes on a channel, and what came of them. */
function openAsker(send: (frame: PeerFrame) => void) {
  const pending = new Map<number, Pending>();
  let next = 1;
  const settle = (request: number, outcome: Uint8Array<ArrayBuffer> | Error): void => {
    const held = pending.get(request);
    pending.delete(request);
    clearTimeout(held?.timer);
    held?.settle(outcome);
  };
  const watch = (request: number) =>
    setTimeout(() => settle(request, new Error('the peer is silent')), REQUEST_MS_MAX);
  return {
    request: (range: Range): Promise<Uint8Array<ArrayBuffer>> =>
      new Promise((resolve, reject) => {
        const request = next++;
        pending.set(request, {
          range,
          data: new Uint8Array(range.length),
          received: 0,
          timer: watch(request),
          settle: (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)),
        });
        send({ type: 'want', request, ...range });
      }),
    take(frame: Exclude<PeerFrame, WantFrame>): void {
      const held = pending.get(frame.request);
      if (held === undefined) return;
      if (frame.type === 'deny') {
        const { reason } = frame;
        return settle(frame.request, fault(DENIALS[reason], `the peer denies: ${reason}`));
      }
      const { payload, offset } = frame;
      const fits = held.received + payload.length <= held.range.length;
      if (offset !== held.range.offset + held.received || !fits) {
        return settle(frame.request, new Error('the peer sent bytes that were not asked for'));
      }
      held.data.set(payload, held.received);
      held.received += payload.length;
      clearTimeout(held.timer);
      if (held.received === held.range.length) settle(frame.request, held.data);
      else held.timer = watch(frame.request);
    },
    close(): void {
      for (const request of [...pending.keys()]) settle(request, new Error('the peer has gone'));
    },
  };
}
type WantFrame = Extract<PeerFrame, { type: 'want' }>;

/** Answers a peer's wants from the blobs this device holds whole. */
function openServer(
  channel: RTCDataChannel,
  on: { cache: BlobCache; served(length: number): void },
): (want: WantFrame) => Promise<void> {
  let serving = 0;
  return async ({ request, root, offset, length }) => {
    if (serving >= SERVING_MAX)
      return sendFrame(channel, { type: 'deny', request, reason: 'busy' });
    serving += 1;
    try {
      for (let at = 0; at < length && channel.readyState === 'open'; at += PEER_PAYLOAD_BYTES_MAX) {
        const part = Math.min(PEER_PAYLOAD_BYTES_MAX, length - at);
        const payload = await on.cache.read(root, offset + at, part);
        await drained(channel);
        if (channel.readyState !== 'open') return;
        sendFrame(channel, { type: 'data', request, offset: offset + at, payload });
        on.served(payload.length);
      }
    } catch (error) {
      const past = error instanceof PocketgridError && error.refusal.code === 'range-invalid';
      sendFrame(channel, { type: 'deny', request, reason: past ? 'range' : 'unknown' });
    } finally {
      serving -= 1;
    }
  };
}

/** Resolves when the channel has room again, or is closed; a peer that takes nothing is let go. */
const drained = (channel: RTCDataChannel): Promise<void> =>
  new Promise((resolve) => {
    if (channel.bufferedAmount < PEER_BUFFER_BYTES.high) return resolve();
    const timer = setTimeout(() => channel.close(), DRAIN_MS_MAX);
    const end = (): void => {
      clearTimeout(timer);
      channel.removeEventListener('bufferedamountlow', end);
      channel.removeEventListener('close', end);
      resolve();
    };
    channel.addEventListener('bufferedamountlow', end);
    channel.addEventListener('close', end);
  });
