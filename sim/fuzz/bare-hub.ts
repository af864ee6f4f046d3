import type { JobView } from '#protocol/api/job.ts';
import { concatBytes, digest, digestCommitment, sha256 } from '#protocol/bytes/digest.ts';
import { NO_DECOYS } from '#protocol/checks/thresholds.ts';
import {
  type ClientMessage,
  type FrameHead,
  type HubMessage,
  PROTOCOL_VERSION,
} from '#protocol/messages/control.ts';
import { encodeFrame } from '#protocol/messages/message-frame.ts';
import type { AcceptedShard, Lease, Verdict } from '#protocol/records/records.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import type { Digest, JobId, LeaseId, Nonce, PublicKey, Root } from '#protocol/values/ids.ts';
import { accept } from '#protocol/values/refusal.ts';
import { bytes, instant, millis } from '#protocol/values/units.ts';
import type { Hub } from '../../hub/core/hub.ts';
import { type HubBench, newest, openHubBench } from '../../hub/core/hub-bench.ts';
import type { Fact } from '../../hub/core/state/facts.ts';
import {
  FAKE_OUTPUTS,
  FAKE_UNIT_BYTES,
  fakeCompute,
  makeFakeJob,
  openFakeBlobs,
} from '../world/fake-model.ts';
import { fakeKeys, fakeSign } from '../world/fake-signature.ts';
import { readPacket } from '../world/packet.ts';
import { openRandom, type Random } from '../world/random.ts';

/**
 * A hub core without network: what a client sends is really encoded and decoded, the disk writes at
 * once, and signatures (fake ones) belong to their key and record. For attacks, one message each.
 */
export interface BareHub {
  random: Random;
  job: JobId;
  /** A second job that the verifier is asked to prepare and never does. */
  unprepared: JobId;
  verifier: Client;
  facts: Fact[];
  /** Known answers that were kept: `prepared` frames that were believed. */
  kept: number;
  hub(): Hub;
  view(): JobView;
  /** Everyone is heard and `ms` pass. */
  wait(ms: number): void;
  restart(): void;
  connect(key: PublicKey, role: 'contributor' | 'verifier'): Client;
  /** A new contributor that was admitted and holds one lease. */
  lend(key?: PublicKey): { client: Client; lease: Lease };
  /** The right outputs of a lease's units. */
  compute(lease: Pick<Lease, 'firstUnit' | 'unitCount'>): Uint8Array<ArrayBuffer>;
  now(): number;
}

/** One end of a socket to a bare hub. */
export interface Client {
  key: PublicKey;
  socket: number;
  /** What the hub said since this was last emptied. */
  heard: HubMessage[];
  sendText(text: string): void;
  sendBytes(frame: Uint8Array): void;
  say(message: ClientMessage): void;
  sayFrame(head: FrameHead, payload: Uint8Array): void;
  leave(): void;
}

/** The newest message of a type. */
export const heard = <T extends HubMessage['type']>({ heard: said }: Client, type: T) =>
  newest(said, type);

/** The code of the newest message that carries one: declined, revoked or refused. */
export const codeOf = ({ heard: said }: Client): string | undefined =>
  said.flatMap((each) => ('code' in each ? [each.code] : [])).at(-1);

interface World {
  bench: HubBench;
  now: number;
  clients: Map<number, Client>;
  nextSocket: number;
  facts: Fact[];
  kept: number;
  random: Random;
  key: PublicKey;
}

const UNIT_MS = 1_000;

/** A hub as its facts left it. */
function start(world: Omit<World, 'bench'>): HubBench {
  const bench = openHubBench({
    config: { hub: world.key },
    facts: world.facts,
    copy: structuredClone,
    now: () => instant(world.now),
    keys: fakeKeys(world.key, world.random.nonce),
    write: (done) => done(),
    keep() {
      world.kept += 1;
      const root = world.random.nonce() as string as Root;
      return accept({ root, length: bytes(FAKE_UNIT_BYTES) });
    },
    mend() {
      const root = world.random.nonce() as string as Root;
      return { blob: { root, length: bytes(FAKE_UNIT_BYTES) }, digest: root as string as Digest };
    },
    send: (socket, message) => world.clients.get(socket)?.heard.push(message),
    close: (socket) => bench.post({ type: 'disconnected', socket }),
  });
  return bench;
}

/** A hub with a running job of so many units, a verifier, and a second job waiting for it. */
export function openBareHub(seed: number, units = 10_000): BareHub {
  const random = openRandom(seed);
  const verifierKey = random.nonce() as string as PublicKey;
  const key = random.nonce() as string as PublicKey;
  const facts: Fact[] = [{ type: 'verifier-enrolled', key: verifierKey, at: instant(0) }];
  const clients = new Map<number, Client>();
  const empty = { now: 1_750_000_000_000, clients, nextSocket: 1, facts, kept: 0, random, key };
  const world: World = Object.assign(empty, { bench: start(empty) });
  const blobs = openFakeBlobs();
  const job = { assurance: 'instant', now: instant(world.now) } as const;
  const made = makeFakeJob(blobs, random, { ...job, units });
  const other = makeFakeJob(blobs, random, { ...job, units: 8 });
  const connect = (who: PublicKey, role: 'contributor' | 'verifier') => join(world, who, role);
  const verifier = connect(verifierKey, 'verifier');
  for (const { record, inputDigests } of [made, other]) {
    const command = { type: 'create', record, inputDigests } as const;
    world.bench.post({ type: 'command', request: 1, command });
    if (record === made.record) prepareJob(verifier, record.id, computeUnit(made, 0));
  }
  return {
    random,
    job: made.record.id,
    unprepared: other.record.id,
    verifier,
    facts,
    get kept() {
      return world.kept;
    },
    hub: () => world.bench.hub,
    now: () => world.now,
    view() {
      const view = world.bench.view(made.record.id);
      if (view === undefined) throw new Error('the hub forgot its job');
      return view;
    },
    wait(ms) {
      for (const client of clients.values()) client.say({ type: 'beat' });
      world.now += ms;
      world.bench.post({ type: 'tick' });
    },
    restart() {
      clients.clear();
      world.bench = start(world);
      world.bench.post({ type: 'tick' });
    },
    connect,
    lend: (who = random.nonce() as string as PublicKey) => lend(connect(who, 'contributor')),
    compute({ firstUnit, unitCount }) {
      const outputs = Array.from({ length: unitCount }, (_, at) =>
        computeUnit(made, firstUnit + at),
      );
      return new Uint8Array(concatBytes(...outputs));
    },
  };
}

function computeUnit({ record, inputs }: ReturnType<typeof makeFakeJob>, unit: number) {
  const start = unit * FAKE_UNIT_BYTES;
  return fakeCompute(record.draft.file.root, inputs.subarray(start, start + FAKE_UNIT_BYTES));
}

function join(world: World, key: PublicKey, role: 'contributor' | 'verifier'): Client {
  const socket = world.nextSocket++;
  const client: Client = {
    key,
    socket,
    heard: [],
    sendText: (text) => world.bench.post(readPacket(socket, text)),
    sendBytes: (frame) => world.bench.post(readPacket(socket, frame)),
    say: (message) => client.sendText(JSON.stringify(message)),
    sayFrame: (head, payload) => client.sendBytes(encodeFrame(head, payload)),
    leave() {
      world.clients.delete(socket);
      world.bench.post({ type: 'disconnected', socket });
    },
  };
  world.clients.set(socket, client);
  world.bench.post({ type: 'connected', socket });
  const nonce = heard(client, 'challenge')?.nonce ?? ('' as Nonce);
  const claim = { version: PROTOCOL_VERSION, role, key, hub: world.key, nonce };
  client.say({ type: 'hello', claim, signature: fakeSign(key, 'hello', claim) });
  return client;
}

/** The head of a right answer to `prepare`, with one known answer. */
export const preparedHead = (job: JobId): Extract<FrameHead, { type: 'prepared' }> => ({
  type: 'prepared',
  job,
  outputs: FAKE_OUTPUTS,
  units: [0],
  unitMs: millis(UNIT_MS),
  peakBytes: bytes(1_000_000),
  decoys: NO_DECOYS,
});

const prepareJob = (verifier: Client, job: JobId, answer: Uint8Array): void =>
  verifier.sayFrame(preparedHead(job), answer);

/** Admits a connected contributor and asks for a lease. */
function lend(client: Client): { client: Client; lease: Lease } {
  client.say({ type: 'request' });
  const offer = heard(client, 'admit');
  if (offer !== undefined) {
    const fit = { provider: 'wasm', dtype: 'f32', threads: 1 } as const;
    const speed = { unitMs: millis(UNIT_MS), trials: [] };
    client.say({ type: 'admitted', package: offer.id, ...fit, ...speed });
  }
  return { client, lease: leaseOf(client) };
}

/** The newest lease a client was given. */
export function leaseOf(client: Client): Lease {
  const told = heard(client, 'lease');
  if (told === undefined) throw new Error(`no lease: ${JSON.stringify(client.heard.slice(-2))}`);
  return told.lease;
}

export const SALT = '5a'.repeat(32) as Nonce;
export const OTHER_SALT = '6b'.repeat(32) as Nonce;
/** A lease that was never given. */
export const NO_LEASE = 'ab'.repeat(16) as LeaseId;

/** The commitment of a device to outputs. */
export function commitmentOf(
  key: PublicKey,
  lease: Pick<Lease, 'id' | 'unitCount'>,
  outputs: Uint8Array,
): Digest {
  const size = outputs.length / lease.unitCount;
  const digests = Array.from({ length: lease.unitCount }, (_, at) =>
    sha256(outputs.subarray(at * size, (at + 1) * size)),
  );
  const whole = concatBytes(...digests);
  return digestCommitment({ lease: lease.id, device: key, salt: SALT, digests: whole });
}

/** The right `commit` message for a commitment. */
export function commitMessage(key: PublicKey, lease: LeaseId, commitment: Digest) {
  const record = { lease, device: key, commitment };
  const signature = fakeSign(key, 'commitment', record);
  return { type: 'commit', lease, commitment, signature } as const;
}

/** Commits to outputs. */
export const commit = (client: Client, lease: Lease, outputs: Uint8Array): void =>
  client.say(commitMessage(client.key, lease.id, commitmentOf(client.key, lease, outputs)));

export const revealHead = (lease: LeaseId, salt: Nonce = SALT, units = 1): FrameHead => ({
  type: 'reveal',
  reveal: { lease, salt, computeMs: millis(units * UNIT_MS) },
});

/** Commits and reveals. */
export function deliver(client: Client, lease: Lease, outputs: Uint8Array): void {
  commit(client, lease, outputs);
  client.sayFrame(revealHead(lease.id, SALT, lease.unitCount), outputs);
}

/** A match about the first unit of a shard, as its verifier would say it. */
export function verdictOn(verifier: PublicKey, shard: AcceptedShard, outputs: Uint8Array): Verdict {
  const claimed = digest(outputs.subarray(0, outputs.length / shard.unitCount));
  return sampleVerdict({ verifier, shard, unit: shard.firstUnit, claimed });
}

/** Signs and sends a verdict. */
export function sayVerdict(client: Client, verdict: Verdict, signer: PublicKey = client.key): void {
  const signature = fakeSign(signer, 'verdict', verdict);
  client.say({ type: 'verdict', signed: { verdict, signature } });
}
