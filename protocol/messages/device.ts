import type { Blocks, JobAbout } from '../api/about.ts';
import type { ReceiptPage } from '../api/api.ts';
import type { ProfileRequest } from '../api/profiles.ts';
import type { CheckPolicy } from '../checks/check-policy.ts';
import type { VerdictKind } from '../records/records.ts';
import type { Address, PayoutRequest } from '../settlement/money-api.ts';
import type { JobId, PublicKey } from '../values/ids.ts';
import type { Provider } from '../values/provider.ts';
import type { Reason } from '../values/reason.ts';
import type { Refusal, Result } from '../values/refusal.ts';
import type { Bytes, Instant, Millis } from '../values/units.ts';
import type { CarePolicy, DeviceSignals } from './care.ts';
import type { Donation, Trial } from './control.ts';
import type { DeviceHistory, HistoryNote } from './history.ts';

/**
 * Spoken over `postMessage` between a page and its contributor worker. The worker owns the control
 * socket, the blobs and the compute workers; the page owns what only a window has: PeerJS,
 * visibility, the wake lock and the battery.
 */
export type PageMessage =
  | {
      type: 'start';
      hub: string;
      provider: Provider | 'auto';
      webrtc: boolean;
      donates: Donation;
      blocks: Blocks;
      care: CarePolicy;
      signals: DeviceSignals;
      /** An iPhone or iPad; a worker of an iPad cannot tell. */
      isIos: boolean;
      /** When this page last went away, so that a step it was in is not taken for a crash. */
      leftAt?: Instant;
    }
  | { type: 'stop' }
  /** Takes nothing more, and stops when nothing is under way: a newer version of the page waits. */
  | { type: 'finish' }
  /** Connects now, where it waits to try the hub again. */
  | { type: 'try-now' }
  /** Deletes the models that this browser keeps, at work or not; answered by `storage-freed`. */
  | { type: 'free-storage' }
  /** What the person gives away from now on. */
  | { type: 'donate'; jobs: Donation }
  /** What the person wants no work of from now on. */
  | { type: 'block'; blocks: Blocks }
  /** What the person lets this device do from now on. */
  | { type: 'care'; policy: CarePolicy }
  /** What the browser or the person tells of battery, line and use. */
  | { type: 'signals'; signals: DeviceSignals }
  /** Work happens only while the page is visible; leases are released within a second. */
  | { type: 'visible'; visible: boolean }
  /** Asks for what this device did; answered by `history`. */
  | { type: 'ask-history' }
  /** Writes down what the page did for this device; answered by `noted`. */
  | { type: 'note'; note: HistoryNote }
  /** Deletes all that is kept of this device: its key, its models, its history; answered by `forgotten`. */
  | { type: 'forget' }
  /** Asks for the receipt that this device is banned for; answered by `evidence`. */
  | { type: 'ask-evidence'; hub: string; at: Instant }
  /** Signs where this device's pay goes, whether it works or not; answered by `payout-signed`. */
  | { type: 'sign-payout'; hub: PublicKey; recipient: Address; at: Instant }
  /** Signs what this device is called in public, whether it works or not; answered by `profile-signed`. */
  | { type: 'sign-profile'; hub: PublicKey; name?: string; team?: string; at: Instant }
  /** A channel to a peer, transferred in the task that created it. */
  | { type: 'channel'; peer: string; channel: RTCDataChannelLike }
  | { type: 'channel-failed'; peer: string; refusal: Refusal };

/** What a contributor worker says to its page. */
export type DeviceMessage =
  /** Every two seconds, whatever it does. */
  | { type: 'alive' }
  /** What is still kept: another tab may hold it. */
  | { type: 'storage-freed'; result: Result<{ kept: Bytes }> }
  | { type: 'status'; status: DeviceStatus }
  | { type: 'history'; result: Result<DeviceHistory> }
  | { type: 'noted'; result: Result<void> }
  | { type: 'forgotten'; result: Result<void> }
  | { type: 'evidence'; result: Result<ReceiptPage> }
  | { type: 'payout-signed'; result: Result<PayoutRequest> }
  | { type: 'profile-signed'; result: Result<ProfileRequest> }
  /** Join the PeerServer under this name, with its token. */
  | {
      type: 'join';
      peer: string;
      token: string;
      path: string;
      iceServers: readonly IceServer[];
    }
  /** Make a channel to this peer. */
  | { type: 'connect'; peer: string }
  | { type: 'leave' };

/** The window's type, named here without a DOM. */
export type RTCDataChannelLike = object;
/** A STUN or TURN server, as WebRTC takes it. */
export interface IceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

/** The one state machine of a contributor. Every state has a sentence for who watches. */
export type DevicePhase =
  | 'off'
  | 'connecting'
  | 'waiting'
  | 'idle'
  | 'downloading'
  | 'admitting'
  | 'working'
  | 'paused'
  /** Its worker failed: the page starts another in a moment, or has given up. */
  | 'restarting'
  | 'failed'
  | 'refused';

/** What a verifier found on a unit of this device. */
export interface OwnVerdict {
  job: JobId;
  unit: number;
  kind: VerdictKind;
  at: Instant;
}

/** Where a device stands, told at each change and with each tick. */
export interface DeviceStatus {
  phase: DevicePhase;
  /** What it is doing and why. */
  reason: Reason;
  key?: PublicKey;
  since: Instant;
  /** When it goes on by itself, where that is known. */
  nextAt?: Instant;
  /** Sent and received in this local day. */
  bytesToday?: Bytes;
  model?: string;
  download?: { received: Bytes; total: Bytes; overPeers: Bytes; overHttps: Bytes };
  /** The download of the program that runs models, while it lasts. */
  runtime?: { received: Bytes; total: Bytes };
  shard?: { job: JobId; unitsDone: number; units: number };
  /** What the job is that it works on, or is tried for. */
  about?: JobAbout;
  provider?: Provider;
  threads?: number;
  trials: readonly Trial[];
  unitsAccepted: number;
  shardsAccepted: number;
  unitsChecked: number;
  unitsMismatched: number;
  /** Absent until two shards were accepted: one alone says when, not how fast. */
  unitsPerSecond?: number;
  /**
   * How often the hub has this device's units checked, once it is known: p_n by its policy, for the
   * model whose units were accepted last. `units` is all work of the device in units of that model.
   */
  checks?: { policy: CheckPolicy; units: number; model: string };
  /** What verifiers found on this device's work since Start, newest first, the newest few. */
  verdicts: readonly OwnVerdict[];
  unitMs?: Millis;
  /** Bytes this device served to other peers. */
  served: Bytes;
  /** Bytes of models that this browser keeps for the next visit. */
  kept?: Bytes;
  /** The browser's database does not answer: the device is new, and nothing outlasts the visit. */
  isUnkept?: true;
  refusal?: Refusal;
}
