import { bytesToHex, hexToBytes } from '../bytes/digest.ts';
import type { Root } from '../values/ids.ts';
import { accept, type Result, refuse } from '../values/refusal.ts';

/**
 * Frames on a raw data channel between two peers. Little-endian.
 *
 *     want  | 0: 1 | 1..5 request u32 | 5..37 root | 37..45 offset u64 | 45..49 length u32 |
 *     data  | 0: 2 | 1..5 request u32 | 5..13 offset u64 | 13.. payload, at most 64 KiB |
 *     deny  | 0: 3 | 1..5 request u32 | 5: reason (1 unknown blob, 2 bad range, 3 busy) |
 *
 * A `want` is answered by `data` frames in order that cover exactly [offset, offset + length), or
 * by one `deny`. The asker checks every byte against hashes it already holds before use.
 */
export type PeerFrame =
  | { type: 'want'; request: number; root: Root; offset: number; length: number }
  | { type: 'data'; request: number; offset: number; payload: Uint8Array }
  | { type: 'deny'; request: number; reason: DenyReason };
/** Why a peer does not serve a range. */
export type DenyReason = 'unknown' | 'range' | 'busy';

/** The data channel that both sides open under one number. */
export const PEER_CHANNEL = { label: 'pocketgrid', id: 100 } as const;
/** Longest payload of a `data` frame. */
export const PEER_PAYLOAD_BYTES_MAX = 64 * 1024;
/** Longest range that is asked for at once. */
export const PEER_WANT_BYTES_MAX = 4 * 1024 * 1024;
/** Sending pauses at the high mark and resumes at the low one. */
export const PEER_BUFFER_BYTES = { high: 1024 * 1024, low: 256 * 1024 } as const;

const DENY_REASONS: readonly DenyReason[] = ['unknown', 'range', 'busy'];
const WANT_BYTES = 49;
const DATA_HEAD_BYTES = 13;
const DENY_BYTES = 6;

/** Writes a frame as it is drawn above. */
export function encodePeerFrame(frame: PeerFrame): Uint8Array<ArrayBuffer> {
  switch (frame.type) {
    case 'want': {
      const { bytes, view } = open(WANT_BYTES, 1, frame.request);
      bytes.set(hexToBytes(frame.root), 5);
      view.setBigUint64(37, BigInt(frame.offset), true);
      view.setUint32(45, frame.length, true);
      return bytes;
    }
    case 'data': {
      const { bytes, view } = open(DATA_HEAD_BYTES + frame.payload.length, 2, frame.request);
      view.setBigUint64(5, BigInt(frame.offset), true);
      bytes.set(frame.payload, DATA_HEAD_BYTES);
      return bytes;
    }
    case 'deny': {
      const { bytes } = open(DENY_BYTES, 3, frame.request);
      bytes[5] = DENY_REASONS.indexOf(frame.reason) + 1;
      return bytes;
    }
  }
}

/** A `data` payload is a view into `bytes`. */
export function decodePeerFrame(bytes: Uint8Array): Result<PeerFrame> {
  if (bytes.length < 5) return malformed('is shorter than its 5-byte head');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const request = view.getUint32(1, true);
  switch (view.getUint8(0)) {
    case 1: {
      if (bytes.length !== WANT_BYTES) return malformed(`of type want must be ${WANT_BYTES} bytes`);
      const root = bytesToHex(bytes.subarray(5, 37)) as Root;
      const offset = view.getBigUint64(37, true);
      const length = view.getUint32(45, true);
      if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return malformed('has an offset past 2^53');
      if (length === 0 || length > PEER_WANT_BYTES_MAX)
        return malformed('wants 0 or too many bytes');
      return accept({ type: 'want', request, root, offset: Number(offset), length });
    }
    case 2: {
      if (bytes.length <= DATA_HEAD_BYTES) return malformed('of type data carries nothing');
      if (bytes.length > DATA_HEAD_BYTES + PEER_PAYLOAD_BYTES_MAX) return malformed('is too long');
      const offset = view.getBigUint64(5, true);
      if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return malformed('has an offset past 2^53');
      const payload = bytes.subarray(DATA_HEAD_BYTES);
      return accept({ type: 'data', request, offset: Number(offset), payload });
    }
    case 3: {
      const reason = bytes.length === DENY_BYTES ? DENY_REASONS[view.getUint8(5) - 1] : undefined;
      if (reason === undefined) return malformed('of type deny has no known reason');
      return accept({ type: 'deny', request, reason });
    }
    default:
      return malformed('has an unknown type');
  }
}

const malformed = (what: string): Result<never> =>
  refuse('message-malformed', `peer frame ${what}`);

function open(length: number, type: number, request: number) {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint32(1, request, true);
  return { bytes, view };
}
