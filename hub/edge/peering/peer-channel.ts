import {
  type DenyReason,
  decodePeerFrame,
  encodePeerFrame,
  PEER_BUFFER_BYTES,
  PEER_PAYLOAD_BYTES_MAX,
  type PeerFrame,
} from '#protocol/messages/peer-frame.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { HubCounters } from '../process/metrics.ts';

/** The part of a W3C data channel that is used; named here because a hub has no DOM. */
export interface DataChannel {
  binaryType: string;
  readonly readyState: string;
  readonly bufferedAmount: number;
  bufferedAmountLowThreshold: number;
  send(data: Uint8Array): void;
  close(): void;
  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void;
  removeEventListener(type: string, listener: (event: { data?: unknown }) => void): void;
}

export interface PeerSource {
  blobs: Pick<BlobStore, 'stat' | 'stream'>;
  /** Whether the peer may have these bytes. */
  mayServe(asked: Pick<Want, 'root' | 'offset' | 'length'>): Promise<boolean>;
  counters: Pick<HubCounters, 'blobBytesWebrtc' | 'peersServed'>;
}

/** Wants one peer may have waiting; one more is denied as `busy`. */
export const PEER_WANTS_WAITING_MAX = 16;
/** A peer that takes nothing for this long is let go. */
const DRAIN_DEADLINE_MS = 30_000;

type Want = Extract<PeerFrame, { type: 'want' }>;

/**
 * Answers the `want` frames on a channel, one after the other, at the pace the peer reads. Ends by
 * closing the channel on a frame that is none, on a slow reader, or when the blob cannot be read.
 * `touched` is called whenever the peer asks or takes something.
 */
export function servePeer(channel: DataChannel, source: PeerSource, touched: () => void): void {
  const waiting: Want[] = [];
  let serving = false;
  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = PEER_BUFFER_BYTES.low;
  channel.addEventListener('message', ({ data }) => {
    touched();
    try {
      take(data);
    } catch {
      // The native channel may have closed before its event came; nobody is left to answer.
      channel.close();
    }
  });

  function take(data: unknown): void {
    const frame = data instanceof ArrayBuffer ? decodePeerFrame(new Uint8Array(data)) : undefined;
    if (frame?.ok !== true) return channel.close();
    // The seeder asks for nothing, so nothing else is an answer to it.
    if (frame.value.type !== 'want') return;
    if (waiting.length >= PEER_WANTS_WAITING_MAX) return deny(channel, frame.value, 'busy');
    waiting.push(frame.value);
    if (!serving) void serve();
  }

  async function serve(): Promise<void> {
    serving = true;
    try {
      for (let want = waiting.shift(); want !== undefined; want = waiting.shift()) {
        await answer(channel, { ...source, touched }, want);
      }
    } catch {
      // Half an answer cannot be taken back: the asker sees the channel close and goes elsewhere.
      channel.close();
    } finally {
      serving = false;
    }
  }
}

async function answer(
  channel: DataChannel,
  source: PeerSource & { touched: () => void },
  want: Want,
): Promise<void> {
  const { root, offset: from, length } = want;
  const may = await source.mayServe({ root, offset: from, length });
  const size = may ? await source.blobs.stat(root) : undefined;
  if (size === undefined) return deny(channel, want, 'unknown');
  if (want.offset + want.length > size) return deny(channel, want, 'range');
  const stream = await source.blobs.stream(want.root, want.offset, want.length);
  if (!stream.ok) return deny(channel, want, 'unknown');
  let offset = want.offset;
  for await (const chunk of stream.value) {
    for (let at = 0; at < chunk.length; at += PEER_PAYLOAD_BYTES_MAX) {
      const payload = chunk.subarray(at, at + PEER_PAYLOAD_BYTES_MAX);
      if (channel.bufferedAmount > PEER_BUFFER_BYTES.high) await drained(channel);
      if (channel.readyState !== 'open') return;
      channel.send(encodePeerFrame({ type: 'data', request: want.request, offset, payload }));
      offset += payload.length;
      source.counters.blobBytesWebrtc += payload.length;
      source.touched();
    }
  }
}

function deny(channel: DataChannel, want: Want, reason: DenyReason): void {
  if (channel.readyState !== 'open') return;
  channel.send(encodePeerFrame({ type: 'deny', request: want.request, reason }));
}

/** Resolves when the buffer has run low, or rejects when the peer is gone or too slow. */
function drained(channel: DataChannel): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      channel.removeEventListener('bufferedamountlow', low);
      channel.removeEventListener('close', gone);
      settle();
    };
    const low = () => end(resolve);
    const gone = () => end(() => reject(new Error('the peer has gone')));
    const timer = setTimeout(gone, DRAIN_DEADLINE_MS);
    channel.addEventListener('bufferedamountlow', low);
    channel.addEventListener('close', gone);
  });
}
