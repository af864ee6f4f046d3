import { type Blocks, isBlocked, type JobAbout } from '#protocol/api/about.ts';
import type { CheckPolicy } from '#protocol/checks/check-policy.ts';
import type {
  ContributorMessage,
  Donation,
  HelloClaim,
  SkippedProvider,
  Trial,
} from '#protocol/messages/control.ts';
import type { DeviceStatus, OwnVerdict } from '#protocol/messages/device.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import type { Lease } from '#protocol/records/records.ts';
import type { Digest, JobId, Nonce, PeerId, Signature } from '#protocol/values/ids.ts';
import type { Partition, Provider } from '#protocol/values/provider.ts';
import type { Reason } from '#protocol/values/reason.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import type { Bytes, Instant, Millis } from '#protocol/values/units.ts';
import type { Care } from './care/care.ts';
import type { Hold } from './care/judge.ts';
import type {
  ContributorConfig,
  ContributorEffect,
  DeviceMemory,
  FetchId,
  KeptAdmission,
  RunId,
  RuntimeBuild,
  SocketId,
  Token,
  WorkerId,
  World,
} from './events.ts';

/** The control link. Every state but `ready` says why it is not ready. */
export type Link =
  | { name: 'off' }
  | { name: 'refused'; refusal: Refusal }
  | { name: 'waiting'; since: Instant; until: Instant; reason: string }
  /** `solving`: the hub has many that say hello, and asks each for the answer to a puzzle. */
  | { name: 'connecting'; socket: SocketId; since: Instant; solving?: HelloClaim }
  | {
      name: 'ready';
      socket: SocketId;
      heardAt: Instant;
      sentAt: Instant;
      beatMs: Millis;
    };

/** What a shard's taps were, and after the log entry came their fingerprints in their place. */
export interface Inside {
  stage: 'taps' | 'fingerprints';
  /** What the commitment holds of the taps. */
  digest: Digest;
  bytes: Uint8Array;
}

/** One shard from lease to receipt. */
export interface Shard {
  lease: Lease;
  deadlineAt: Instant;
  stage: 'fetching' | 'fetched' | 'running' | 'signing' | 'committed' | 'revealed';
  fetch?: FetchId;
  inputs?: Uint8Array<ArrayBuffer>;
  run?: RunId;
  unitsDone: number;
  outputs?: Uint8Array<ArrayBuffer>;
  inside?: Inside;
  computeMs: Millis;
  salt?: Nonce;
  commitment?: Digest;
  signature?: Signature;
  /** Say the commitment or the reveal again then: the hub's disk was full. */
  retryAt?: Instant;
}

/** One build of the runtime, on its way to a device that must fetch it. */
export type RuntimeFetch = { at?: { received: Bytes; total: Bytes } | undefined } & (
  | { stage: 'fetching'; fetch: FetchId; failures: number }
  | { stage: 'waiting'; failures: number; retryAt: Instant; why: Reason }
  | { stage: 'here' }
);

/** The admission test of one package: its known answers on each provider in turn. */
export interface Admission {
  package: Digest;
  /** What it is tried for. */
  job: JobId;
  manifest: PackageManifest;
  stage: 'queued' | 'fetching' | 'awaiting-runtime' | 'trying';
  /** Not before then: a download that failed is tried again after a while. */
  retryAt?: Instant;
  fetchFailures: number;
  /** Sources of the model that gave wrong bytes, or none. */
  failed: PeerId[];
  /** Fetches under way: the model, and inputs and outputs of each known answer. */
  fetches: Map<FetchId, { answer?: number; part: 'model' | 'inputs' | 'outputs' }>;
  answers: { inputs?: Uint8Array<ArrayBuffer>; outputs?: Uint8Array<ArrayBuffer> }[];
  /** Providers that the hub does not want tried. */
  without: readonly SkippedProvider[];
  providers: Provider[];
  trials: Trial[];
  trial?: OpenTrial;
}

export interface OpenTrial {
  provider: Provider;
  threads: number;
  worker: WorkerId;
  deadlineAt: Instant;
  run?: RunId;
  runsDone: number;
  /** Compute time per run after the known answers, warm. */
  timings: number[];
  l2: number;
  partition?: Partition;
}

/** The compute worker that runs shards. */
export interface Engine {
  worker: WorkerId;
  package: Digest;
  provider: Provider;
  threads: number;
  /** What the package takes of the device's memory. */
  peakBytes: Bytes;
  stage: 'marking' | 'loading' | 'ready';
  since: Instant;
  /** The tombstone set before loading is lifted by the first run. */
  proven: boolean;
  shardsRun: number;
  /** For how long it has said nothing while it had something to run. */
  silentMs: number;
}

export type Signing =
  | { type: 'hello'; socket: SocketId; answer?: number }
  | { type: 'commit'; lease: Lease['id'] };
export type Remembering =
  | { type: 'trial' }
  | { type: 'memory-trial' }
  | { type: 'engine'; worker: WorkerId };

/** The whole state of a contributor. Changed in place. */
export interface Contributor {
  config: ContributorConfig;
  running: boolean;
  visible: boolean;
  care: Care;
  /** Why it does not work now: it is hidden, or its person's settings hold it back. */
  hold?: Hold;
  /** Why it stopped by itself. */
  ended?: Reason;
  /** Why it takes nothing more, and stops between two shards. */
  finishing?: Reason;
  /** What of the traffic of a fetch is counted. */
  counted: Map<FetchId, number>;
  link: Link;
  failures: number;
  memory: { -readonly [K in keyof DeviceMemory]: DeviceMemory[K] };
  signing: Map<Token, Signing & { record: unknown }>;
  remembering: Map<Token, Remembering>;
  /** `job`: the one that it was tried for last. */
  packages: Map<Digest, { manifest: PackageManifest; job: JobId; admission?: KeptAdmission }>;
  /** Work since the last confirmed failure, in units of the package accepted last, as the hub told. */
  standing?: { package: Digest; units: number };
  /** How often the hub has units checked; told in its welcome. */
  checks?: CheckPolicy;
  /** Newest first. */
  verdicts: OwnVerdict[];
  admission?: Admission;
  runtimes: Map<RuntimeBuild, RuntimeFetch>;
  /** Whether it has so much memory is being tried. */
  memoryTrial?: { worker: WorkerId; bytes: Bytes; deadlineAt: Instant };
  engine?: Engine;
  /** Compute workers of packages that ran before, at rest with their model loaded; the newest last. */
  resting: Engine[];
  /** Compute workers that broke one after another. */
  engineFailures: number;
  /** Providers that broke twice running in this session, and how. */
  broken: Map<Provider, Reason>;
  shards: Shard[];
  /** Requests the hub has not answered with a lease yet. */
  requested: number;
  idle?: Reason;
  donates: Donation;
  blocks: Blocks;
  /** What the hub told of jobs, the newest last. */
  abouts: Map<JobId, JobAbout>;
  download?: { received: Bytes; total: Bytes; overPeers: Bytes; overHttps: Bytes };
  trials: readonly Trial[];
  counts: {
    unitsAccepted: number;
    shardsAccepted: number;
    unitsChecked: number;
    unitsMismatched: number;
    served: number;
    kept?: number;
  };
  recent: { at: Instant; units: number }[];
  phase: DeviceStatus['phase'];
  phaseSince: Instant;
  said: string;
  nextId: number;
  tickedAt?: Instant;
}

/** One turn of the core: the state, the world and the effects gathered so far. */
export interface Turn {
  device: Contributor;
  world: World;
  effects: ContributorEffect[];
}

export function send(turn: Turn, message: ContributorMessage): boolean {
  const { link } = turn.device;
  if (link.name !== 'ready') return false;
  link.sentAt = turn.world.now;
  turn.effects.push({ type: 'send', socket: link.socket, message });
  return true;
}

/** Whether the person of a device wants no work of a job, by what the hub told of it. */
export function isUnwanted({ blocks, abouts }: Contributor, job: JobId): boolean {
  const about = abouts.get(job);
  return about === undefined ? blocks.jobs.includes(job) : isBlocked(blocks, about);
}
