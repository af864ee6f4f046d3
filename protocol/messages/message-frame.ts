import { decodeJson } from '../values/decode.ts';
import { accept, type Result, refuse } from '../values/refusal.ts';
import { FRAME_BYTES_MAX, FrameHead } from './control.ts';

const HEAD_BYTES_MAX = 64 * 1024;

/**
 * A binary control message: u32 little-endian length of the head, the head as UTF-8 JSON, the
 * payload.
 *
 *     | 0..4 head length | 4..4+n head | 4+n.. payload |
 */
export function encodeFrame(head: FrameHead, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const frame = new Uint8Array(4 + text.length + payload.length);
  new DataView(frame.buffer).setUint32(0, text.length, true);
  frame.set(text, 4);
  frame.set(payload, 4 + text.length);
  return frame;
}

/** The payload is a view into `frame`, not a copy. */
export function decodeFrame(frame: Uint8Array): Result<{ head: FrameHead; payload: Uint8Array }> {
  if (frame.length > FRAME_BYTES_MAX) {
    return refuse('message-too-long', `a frame holds at most ${FRAME_BYTES_MAX} bytes`);
  }
  if (frame.length < 4) return refuse('message-malformed', 'the frame ends before its head length');
  const length = new DataView(frame.buffer, frame.byteOffset, 4).getUint32(0, true);
  if (length > HEAD_BYTES_MAX || 4 + length > frame.length) {
    return refuse('message-malformed', 'the head is longer than the frame or than 64 KiB');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(frame.subarray(4, 4 + length));
  } catch {
    return refuse('message-malformed', 'the head is not UTF-8');
  }
  const head = decodeJson(FrameHead, text);
  if (!head.ok) return head;
  return accept({ head: head.value, payload: frame.subarray(4 + length) });
}
