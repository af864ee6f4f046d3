import type { Blocks } from '#protocol/api/about.ts';
import type {
  Capabilities,
  ContributorMessage,
  Donation,
  Trial,
} from '#protocol/messages/control.ts';
import type { Dtype } from '#protocol/tensors/tensor.ts';
import type {
  Digest,
  JobId,
  LeaseId,
  Nonce,
  PeerId,
  PublicKey,
  Root,
} from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import type { Reason } from '#protocol/values/reason.ts';
import type { Instant, Millis } from '#protocol/values/units.ts';
import type { SocketId } from './events.ts';
import type { Flow } from './job.ts';

/** How a device or a verifier asks for a session. */
export type Hello = Extract<ContributorMessage, { type: 'hello' }>;

/** Who speaks on a socket, from the challenge on. */
export type Session =
  | {
      stage: 'greeted';
      nonce: Nonce;
      /** Of its puzzle; 0 where it has none. */
      bits: number;
      openedAt: Instant;
      heardAt: Instant;
      /** Its device said hello, and is looked up. */
      isWaiting?: true;
    }
  | { stage: 'contributor' | 'verifier'; key: PublicKey; heardAt: Instant; sentAt: Instant };

/** What the admission test of a package found on a device. */
export interface Admission {
  /** Digest of the device's class on this package. */
  class: Digest;
  provider: Provider;
  dtype: Dtype;
  threads: number;
  /** Moving mean of measured time per unit. */
  unitMs: Millis;
  trials: Trial[];
}

/** A connected contributor. */
export interface Device {
  key: PublicKey;
  socket: SocketId;
  connectedAt: Instant;
  capabilities: Capabilities;
  ticket: string;
  peer: PeerId;
  /** Open requests for a lease. */
  credits: number;
  admitted: Map<Digest, Admission>;
  /** What it has in common with devices of like speeds, as far as it says: a guess hangs on it. */
  hardware: string;
  /** Its speed ÷ that of devices of its hardware, in the mean of its models. */
  pace: number;
  /** Why packages do not run on it. */
  unfit: Map<Digest, Reason>;
  /** Why jobs that ask for some providers do not: others of their packages may. */
  unfitJobs: Map<JobId, Reason>;
  /** Jobs that go on for which it was tried. */
  triedFor: Set<JobId>;
  /** By package: units that it could not compute, and another device could. */
  contradicted: Map<Digest, number>;
  /**
   * `job`: the one that it is tried for. `trial`: the running job whose share of devices the time is taken from. `only`: the job whose
   * providers alone are tried.
   */
  admitting?: { package: Digest; job: JobId; since: Instant; trial?: Flow; only?: JobId };
  leases: Set<LeaseId>;
  /** Blobs it serves to peers, with its place among the holders of each. */
  holds: Map<Root, number>;
  /** By blob: who had no right bytes of it from this device. */
  failedFor: Map<Root, Set<PublicKey>>;
  /** Whom it was named last as sources, and of what. */
  sought?: { root: Root; holders: readonly Device[] };
  donates: Donation;
  /** What its person wants no work of. */
  blocks: Blocks;
  /** Jobs that it was told of in this session. */
  told: Set<JobId>;
  unitsAccepted: number;
  /** Moving mean of what a shard takes beside its computing, where the device has no other one. */
  roundTripMs?: Millis;
  idle?: Reason;
}

/** A connected verifier. */
export interface VerifierSession {
  key: PublicKey;
  socket: SocketId;
  ticket: string;
  /** Sequences up to here were sent for checking. */
  sentThrough: number;
  /** Jobs whose manifest was sent in this session. */
  manifests: Set<JobId>;
  /** Sequences whose exit check was asked for in this session. */
  exitChecksAsked: Set<number>;
  /** The number of the last verdict of others that it was sent, or need not be. */
  reviewed: number;
  /** Units in dispute on which it was asked in this session. */
  opinionsAsked: Set<string>;
}
