import * as v from 'valibot';
import { PeerId } from '../values/ids.ts';
import { Count } from '../values/units.ts';

/**
 * Signalling over the hub's PeerServer, in PeerJS's own words: JSON text both ways. Only what is
 * named here is passed on; the hub and its seeder drop everything else.
 */
export const SIGNAL_BYTES_MAX = 64 * 1024;

const SDP_CHARS_MAX = 16 * 1024;
const REASON_CHARS_MAX = 2_000;

const type = <T extends string>(name: T) => v.literal(name);
const text = (most: number) => v.pipe(v.string(), v.maxLength(most));
/** PeerJS names each connection of two peers. */
const ConnectionId = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/, 'expected a connection id'));
/** Browsers may add fields of their own to descriptions and candidates: those are left out. */
const Description = <T extends 'offer' | 'answer'>(kind: T) =>
  v.object({ type: type(kind), sdp: text(SDP_CHARS_MAX) });
const IceCandidate = v.object({
  candidate: text(1_024),
  sdpMid: v.optional(v.nullable(text(64))),
  sdpMLineIndex: v.optional(v.nullable(Count)),
  usernameFragment: v.optional(v.nullable(text(256))),
});

const connection = { type: type('data'), connectionId: ConnectionId };
const Offer = v.strictObject({
  ...connection,
  sdp: Description('offer'),
  label: text(64),
  reliable: v.boolean(),
  serialization: type('raw'),
});
const Answer = v.strictObject({ ...connection, sdp: Description('answer') });
const Candidate = v.strictObject({ ...connection, candidate: IceCandidate });

const to = { dst: PeerId };
/** What a peer may send to the PeerServer. */
export const PeerSignal = v.variant('type', [
  v.strictObject({ type: type('HEARTBEAT') }),
  v.strictObject({ type: type('OFFER'), ...to, payload: Offer }),
  v.strictObject({ type: type('ANSWER'), ...to, payload: Answer }),
  v.strictObject({ type: type('CANDIDATE'), ...to, payload: Candidate }),
]);
export type PeerSignal = v.InferOutput<typeof PeerSignal>;

const passed = { src: PeerId, dst: PeerId };
const Told = v.strictObject({ msg: text(REASON_CHARS_MAX) });
/** What the PeerServer may send to a peer. */
export const ServerSignal = v.variant('type', [
  v.strictObject({ type: type('OPEN') }),
  v.strictObject({ type: type('ERROR'), payload: Told }),
  v.strictObject({ type: type('ID-TAKEN'), payload: Told }),
  /** An own message that reached nobody: `src` is the peer it was for. */
  v.strictObject({ type: type('EXPIRE'), ...passed }),
  v.strictObject({ type: type('OFFER'), ...passed, payload: Offer }),
  v.strictObject({ type: type('ANSWER'), ...passed, payload: Answer }),
  v.strictObject({ type: type('CANDIDATE'), ...passed, payload: Candidate }),
]);
