import type { Root } from '#protocol/ids.ts';
import {
  decodePeerFrame,
  encodePeerFrame,
  PEER_BUFFER_BYTES,
  PEER_PAYLOAD_BYTES_MAX,
  type PeerFrame,
} from '#protocol/peer-frame.ts';
import type { BlobCache } from '../ports.ts';

const REQUEST_MS_MAX = 5_000;
const SERVING_MAX = 4;

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
  resolve(data: Uint8Array<ArrayBuffer>): void;
  reject(error: Error): void;
}

export function openPeerChannel(
  channel: RTCDataChannel,
  on: { cache: BlobCache; served(length: number): void; closed(): void },
): PeerChannel {
  const pending = new Map<number, Pending>();
  let next = 1;
  let serving = 0;
  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = PEER_BUFFER_BYTES.low;

  const settle = (request: number, outcome: Error | undefined): void => {
    const held = pending.get(request);
    if (held === undefined) return;
    pending.delete(request);
    clearTimeout(held.timer);
    if (outcome === undefined) held.resolve(held.data);
    else held.reject(outcome);
  };
  const expectData = (request: number, held: Omit<Pending, 'timer'>): void => {
    const timer = setTimeout(
      () => settle(request, new Error('the peer is silent')),
      REQUEST_MS_MAX,
    );
    pending.set(request, { ...held, timer });
  };
  const take = (frame: Extract<PeerFrame, { type: 'data' }>): void => {
    const held = pending.get(frame.request);
    if (held === undefined) return;
    const { payload } = frame;
    const fits = held.received + payload.length <= held.range.length;
    if (frame.offset !== held.range.offset + held.received || !fits) {
      return settle(frame.request, new Error('the peer sent bytes that were not asked for'));
    }
    held.data.set(payload, held.received);
    held.received += payload.length;
    clearTimeout(held.timer);
    if (held.received === held.range.length) settle(frame.request, undefined);
    else {
      held.timer = setTimeout(
        () => settle(frame.request, new Error('the peer is silent')),
        REQUEST_MS_MAX,
      );
    }
  };
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      if (channel.bufferedAmount < PEER_BUFFER_BYTES.high) return resolve();
      channel.addEventListener('bufferedamountlow', () => resolve(), { once: true });
      channel.addEventListener('close', () => resolve(), { once: true });
    });
  const send = (frame: PeerFrame): void => {
    if (channel.readyState === 'open') channel.send(encodePeerFrame(frame));
  };
  const serve = async ({ request, root, offset, length }: WantFrame): Promise<void> => {
    if (serving >= SERVING_MAX) return send({ type: 'deny', request, reason: 'busy' });
    serving += 1;
    try {
      for (let at = 0; at < length && channel.readyState === 'open'; at += PEER_PAYLOAD_BYTES_MAX) {
        const part = Math.min(PEER_PAYLOAD_BYTES_MAX, length - at);
        const payload = await on.cache.read(root, offset + at, part);
        await drained();
        send({ type: 'data', request, offset: offset + at, payload });
        on.served(payload.length);
      }
    } catch {
      send({ type: 'deny', request, reason: 'unknown' });
    } finally {
      serving -= 1;
    }
  };
  channel.onmessage = (event: MessageEvent<ArrayBuffer>) => {
    const frame = decodePeerFrame(new Uint8Array(event.data));
    if (!frame.ok) return channel.close();
    if (frame.value.type === 'want') void serve(frame.value);
    else if (frame.value.type === 'data') take(frame.value);
    else settle(frame.value.request, new Error(`the peer denies: ${frame.value.reason}`));
  };
  channel.onclose = () => {
    for (const request of [...pending.keys()]) settle(request, new Error('the peer has gone'));
    on.closed();
  };
  return {
    isOpen: () => channel.readyState === 'open',
    request: (range) =>
      new Promise((resolve, reject) => {
        const request = next++;
        const data = new Uint8Array(range.length);
        expectData(request, { range, data, received: 0, resolve, reject });
        send({ type: 'want', request, ...range });
      }),
    close: () => channel.close(),
  };
}
type WantFrame = Extract<PeerFrame, { type: 'want' }>;
