import { concatBytes, digest, digestCommitment, sha256 } from '#protocol/bytes/digest.ts';
import { NO_DECOYS } from '#protocol/checks/thresholds.ts';
import {
  ClientMessage,
  type FrameHead,
  type HubMessage,
  PROTOCOL_VERSION,
} from '#protocol/messages/control.ts';
import { decodeFrame, encodeFrame } from '#protocol/messages/message-frame.ts';
import type { AcceptedShard, Lease, Verdict } from '#protocol/records/records.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { Digest, JobId, LeaseId, Nonce, PublicKey, Root } from '#protocol/values/ids.ts';
import { bytes, instant, millis } from '#protocol/values/units.ts';
import { type Hub, openHub, stepHub, viewJob } from '../../hub/core/hub.ts';
import type { HubEffect, HubEvent } from '../../hub/core/state/events.ts';
import { appliedFacts } from '../../hub/core/state/fact-lists.ts';
import type { Fact } from '../../hub/core/state/facts.ts';
import {
  FAKE_OUTPUTS,
  FAKE_UNIT_BYTES,
  fakeCompute,
  makeFakeJob,
  openFakeBlobs,
} from '../world/fake-model.ts';
import { fakeSign } from '../world/fake-signature.ts';
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
  view(): NonNullable<ReturnType<typeof viewJob>>;
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

type Told<T extends HubMessage['type']> = Extract<HubMessage, { type: T }>;

/** The newest message of a type. */
export const heard = <T extends HubMessage['type']>(client: Client, type: T) =>
  client.heard.findLast((message): message is Told<T> => message.type === type);

/** The code of the newest message that carries one: declined, revoked or refused. */
export function codeOf({ heard: said }: Client): string | undefined {
  const message = said.findLast(
    (each): each is Told<'declined' | 'revoked' | 'refused'> =>
      each.type === 'declined' || each.type === 'revoked' || each.type === 'refused',
  );
  return message?.code;
}

interface World {
  hub: Hub;
  now: number;
  clients: Map<number, Client>;
  nextSocket: number;
  facts: Fact[];
  kept: number;
  random: Random;
  key: PublicKey;
}

const UNIT_MS = 1_000;

function post(world: World, event: HubEvent): void {
  const effects = stepHub(world.hub, event, {
    now: instant(world.now),
    random: world.random.nonce,
    sign: (context, record) => fakeSign(world.key, context, record),
    verify: (signed) => fakeSign(signed.key, signed.context, signed.record) === signed.signature,
    sha256,
  });
  for (const effect of effects) perform(world, effect);
}

function perform(world: World, effect: HubEffect): void {
  switch (effect.type) {
    case 'send':
      world.clients.get(effect.socket)?.heard.push(effect.message);
      return;
    case 'close':
      return post(world, { type: 'disconnected', socket: effect.socket });
    case 'store':
      world.facts.push(...effect.facts);
      return post(world, { type: 'stored', token: effect.token });
    case 'keep': {
      world.kept += 1;
      const length = bytes(FAKE_UNIT_BYTES);
      const refs = effect.blobs.map(() => ({
        root: world.random.nonce() as string as Root,
        length,
      }));
      return post(world, { type: 'kept', token: effect.token, refs });
    }
    default:
      return;
  }
}

/** A hub as its facts left it. */
const start = (facts: readonly Fact[], key: PublicKey): Hub =>
  openHub(structuredClone(appliedFacts(facts)), {
    hub: key,
    checks: { type: 'flat', rate: 1 },
    beatMs: millis(20_000),
    iceServers: [],
    needsVerifier: true,
    barMs: millis(86_400_000),
  });

/** A hub with a running job of so many units, a verifier, and a second job waiting for it. */
export function openBareHub(seed: number, units = 10_000): BareHub {
  const random = openRandom(seed);
  const verifierKey = random.nonce() as string as PublicKey;
  const key = random.nonce() as string as PublicKey;
  const facts: Fact[] = [{ type: 'verifier-enrolled', key: verifierKey, at: instant(0) }];
  const clients = new Map<number, Client>();
  const now = 1_750_000_000_000;
  const world: World = {
    hub: start(facts, key),
    now,
    clients,
    nextSocket: 1,
    facts,
    kept: 0,
    random,
    key,
  };
  const blobs = openFakeBlobs();
  const made = makeFakeJob(blobs, random, { units, assurance: 'instant', now: instant(world.now) });
  const other = makeFakeJob(blobs, random, {
    assurance: 'instant',
    units: 8,
    now: instant(world.now),
  });
  const connect = (who: PublicKey, role: 'contributor' | 'verifier') => join(world, who, role);
  const verifier = connect(verifierKey, 'verifier');
  for (const { record, inputDigests } of [made, other]) {
    post(world, { type: 'command', request: 1, command: { type: 'create', record, inputDigests } });
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
    hub: () => world.hub,
    now: () => world.now,
    view() {
      const view = viewJob(world.hub, made.record.id);
      if (view === undefined) throw new Error('the hub forgot its job');
      return view;
    },
    wait(ms) {
      for (const client of clients.values()) client.say({ type: 'beat' });
      world.now += ms;
      post(world, { type: 'tick' });
    },
    restart() {
      clients.clear();
      world.hub = start(facts, key);
      post(world, { type: 'tick' });
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
    sendText(text) {
      const message = decodeJson(ClientMessage, text);
      if (message.ok) post(world, { type: 'received', socket, message: message.value });
      else post(world, { type: 'malformed', socket, refusal: message.refusal });
    },
    sendBytes(frame) {
      const decoded = decodeFrame(frame);
      if (decoded.ok) post(world, { type: 'framed', socket, ...decoded.value });
      else post(world, { type: 'malformed', socket, refusal: decoded.refusal });
    },
    say: (message) => client.sendText(JSON.stringify(message)),
    sayFrame: (head, payload) => client.sendBytes(encodeFrame(head, payload)),
    leave() {
      world.clients.delete(socket);
      post(world, { type: 'disconnected', socket });
    },
  };
  world.clients.set(socket, client);
  post(world, { type: 'connected', socket });
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
