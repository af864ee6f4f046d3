import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeDecoder } from '../tensors/decoder.contract.ts';
import type { Root } from '../values/ids.ts';
import { FRAME_BYTES_MAX, type FrameHead } from './control.ts';
import { decodeFrame, encodeFrame } from './message-frame.ts';
import {
  decodePeerFrame,
  encodePeerFrame,
  PEER_PAYLOAD_BYTES_MAX,
  PEER_WANT_BYTES_MAX,
  type PeerFrame,
} from './peer-frame.ts';

type CodedPeerFrame =
  | Exclude<PeerFrame, { type: 'data' }>
  | { type: 'data'; request: number; offset: number; payload: string };
interface Vectors {
  control: { head: FrameHead; payload: string; frame: string }[];
  peer: { frame: CodedPeerFrame; bytes: string }[];
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../vectors/frames.json', import.meta.url), 'utf8'),
);
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const control = vectors.control.map(({ head, payload, frame }) => ({
  head,
  payload: bytesOf(payload),
  frame: bytesOf(frame),
}));
const peer = vectors.peer.map(({ frame, bytes }) => ({
  frame: frame.type === 'data' ? { ...frame, payload: bytesOf(frame.payload) } : frame,
  bytes: bytesOf(bytes),
}));

describe('control frames', () => {
  it.each(control)('carry $head.type', ({ head, payload, frame }) => {
    expect(encodeFrame(head, payload)).toEqual(frame);
    expect(decodeFrame(frame)).toEqual({ ok: true, value: { head, payload } });
    const shifted = new Uint8Array([0, ...frame]).subarray(1);
    expect(decodeFrame(shifted)).toEqual({ ok: true, value: { head, payload } });
  });

  it('lend their payload, they do not copy it', () => {
    const [{ frame } = { frame: new Uint8Array() }] = control;
    const decoded = decodeFrame(frame);
    expect(decoded.ok && decoded.value.payload.buffer).toBe(frame.buffer);
  });

  it.each([
    ['nothing', new Uint8Array(), ''],
    ['a head past the end', new Uint8Array([9, 0, 0, 0, 123, 125]), ''],
    ['a head past 64 KiB', new Uint8Array(80_000).fill(1, 2, 3), ''],
    ['a head that is not UTF-8', new Uint8Array([1, 0, 0, 0, 0xff]), ''],
    ['a head that is not JSON', new Uint8Array([1, 0, 0, 0, 123]), ''],
    ['a head of no known type', new Uint8Array([2, 0, 0, 0, 123, 125]), 'type'],
  ])('with %s are refused', (_, frame, path) => {
    const decoded = decodeFrame(frame);
    expect(decoded).toMatchObject({ ok: false, refusal: { code: 'message-malformed' } });
    expect(decoded.ok || (decoded.refusal.path ?? '')).toBe(path);
  });

  it('past the limit are refused before they are read', () => {
    const decoded = decodeFrame(new Uint8Array(FRAME_BYTES_MAX + 1));
    expect(decoded).toMatchObject({ ok: false, refusal: { code: 'message-too-long' } });
  });

  describeDecoder(
    'control frame',
    decodeFrame,
    control.map(({ frame }) => frame),
  );
});

describe('peer frames', () => {
  it.each(peer)('carry $frame.type', ({ frame, bytes }) => {
    expect(encodePeerFrame(frame)).toEqual(bytes);
    expect(decodePeerFrame(bytes)).toEqual({ ok: true, value: frame });
  });

  it('come back as they were sent', () => {
    const request = fc.nat(0xffffffff);
    const offset = fc.maxSafeNat();
    const root = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const anyFrame: fc.Arbitrary<PeerFrame> = fc.oneof(
      fc.record({
        type: fc.constant('want' as const),
        request,
        root: root.map((bytes) => Buffer.from(bytes).toString('hex') as Root),
        offset,
        length: fc.integer({ min: 1, max: PEER_WANT_BYTES_MAX }),
      }),
      fc.record({
        type: fc.constant('data' as const),
        request,
        offset,
        payload: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      }),
      fc.record({
        type: fc.constant('deny' as const),
        request,
        reason: fc.constantFrom('unknown' as const, 'range' as const, 'busy' as const),
      }),
    );
    fc.assert(
      fc.property(anyFrame, (frame) => {
        expect(decodePeerFrame(encodePeerFrame(frame))).toEqual({ ok: true, value: frame });
      }),
    );
  });

  const want: PeerFrame = {
    type: 'want',
    request: 1,
    root: 'ab'.repeat(32) as Root,
    offset: 0,
    length: 1,
  };
  it.each([
    ['nothing', new Uint8Array()],
    ['an unknown type', encodePeerFrame(want).with(0, 9)],
    ['a short want', encodePeerFrame(want).subarray(0, 48)],
    ['a want of nothing', encodePeerFrame({ ...want, length: 0 })],
    ['a want of too much', encodePeerFrame({ ...want, length: PEER_WANT_BYTES_MAX + 1 })],
    ['an offset past 2^53', encodePeerFrame(want).with(43, 0xff)],
    [
      'data of nothing',
      encodePeerFrame({ type: 'data', request: 1, offset: 0, payload: new Uint8Array() }),
    ],
    ['an unknown reason', new Uint8Array([3, 1, 0, 0, 0, 4])],
    ['a reason of zero', new Uint8Array([3, 1, 0, 0, 0, 0])],
    [
      'too much data',
      encodePeerFrame({
        type: 'data',
        request: 1,
        offset: 0,
        payload: new Uint8Array(PEER_PAYLOAD_BYTES_MAX + 1),
      }),
    ],
  ])('with %s are refused', (_, bytes) => {
    expect(decodePeerFrame(bytes)).toMatchObject({
      ok: false,
      refusal: { code: 'message-malformed' },
    });
  });

  describeDecoder(
    'peer frame',
    decodePeerFrame,
    peer.map(({ bytes }) => bytes),
  );
});
