import * as v from 'valibot';
import { PeerId, Root } from '#protocol/values/ids.ts';
import { Count } from '#protocol/values/units.ts';

/** What a peer wants of a blob. */
export const PeerWant = v.strictObject({
  peer: v.string(),
  root: Root,
  offset: Count,
  length: Count,
});
export type PeerWant = v.InferOutput<typeof PeerWant>;

const type = <T extends string>(name: T) => v.literal(name);

/** What a hub tells its seeder, which is a process of its own. */
export const SeederOrder = v.variant('type', [
  v.strictObject({
    type: type('join'),
    peer: PeerId,
    /** Folder of the blobs; the seeder only reads there. */
    blobs: v.string(),
    address: v.strictObject({
      host: v.string(),
      port: v.number(),
      token: v.string(),
      authority: v.exactOptional(v.string()),
      reach: v.picklist(['internet', 'networks']),
      iceServers: v.array(
        v.strictObject({
          urls: v.array(v.string()),
          username: v.exactOptional(v.string()),
          credential: v.exactOptional(v.string()),
        }),
      ),
    }),
  }),
  v.strictObject({ type: type('may-serve'), request: Count, may: v.boolean() }),
]);
export type SeederOrder = v.InferOutput<typeof SeederOrder>;

/** What a seeder says: strangers' bytes are read there, so it is believed nothing else. */
export const SeederReport = v.variant('type', [
  /** The libraries are there. */
  v.strictObject({ type: type('loaded') }),
  v.strictObject({ type: type('joined') }),
  /** Whether this peer may have these bytes; answered by `may-serve`. */
  v.strictObject({ type: type('asks'), request: Count, ...PeerWant.entries }),
  /** Since the last one. */
  v.strictObject({ type: type('served'), bytes: Count, peers: Count }),
]);
export type SeederReport = v.InferOutput<typeof SeederReport>;

/** How often served bytes are told. */
export const SERVED_EVERY_MS = 250;
/** How a seeder ends where this platform has no WebRTC. */
export const NO_WEBRTC_STATUS = 3;
