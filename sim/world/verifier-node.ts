import type { UnitFingerprint } from '#protocol/api/api.ts';
import { decodeBase64, encodeBase64 } from '#protocol/bytes/base64.ts';
import { concatBytes, digest } from '#protocol/bytes/digest.ts';
import type { CheckPolicy } from '#protocol/checks/check-policy.ts';
import { checkFingerprint, type FingerprintCheck } from '#protocol/checks/fingerprint-check.ts';
import type { ClientMessage } from '#protocol/messages/control.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import type { FailedItems } from '#protocol/records/failed-items.ts';
import type { SignedVerdict, UnitInputs, Verdict } from '#protocol/records/records.ts';
import type { LeaseId, PublicKey, Root } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { bytes, millis } from '#protocol/values/units.ts';
import { selectFacts } from '../../hub/core/state/fact-lists.ts';
import { emptyDisk, type FakeDisk, readDisk, writeDisk } from '../../verifier/core/fake-disk.ts';
import type {
  FiledVerdict,
  LogLine,
  Preparation,
  Reference,
  VerifierEffect,
  VerifierEvent,
} from '../../verifier/core/state/events.ts';
import { openVerifier, stepVerifier, type Verifier } from '../../verifier/core/verifier.ts';
import type { Clock } from './clock.ts';
import {
  FAKE_OUTPUTS,
  FAKE_TAPS,
  FAKE_UNIT_BYTES,
  type FakeBlobs,
  fakeCompute,
  fakeSpecs,
  fakeTaps,
  fakeUnitMs,
} from './fake-model.ts';
import { fakeKeys, fakeSign } from './fake-signature.ts';
import type { ClientEnd, HubNode } from './hub-node.ts';
import { POISON_WORDS, poisonedPlaces, poisonOf } from './poison.ts';
import type { Random } from './random.ts';

const UNIT_MS = 20;
const RUNS_PER_UNIT = 5;
/** A framing verifier picks one unit in so many. */
const FRAMED_EVERY = 37;

export interface VerifierNode {
  readonly key: PublicKey;
  /** The verdicts in its log. */
  readonly log: readonly FiledVerdict[];
  crash(): void;
  /** With its disk, or with an empty one. */
  restart(lostDisk?: boolean): void;
}

/**
 * A fake verifier: it says that honest work is wrong, that a friend's is right, that all work is
 * right, or nothing of wrong work and of what it is asked about.
 */
export type VerifierLie = 'frames' | 'spares' | 'stamps' | 'dodges';

interface Grid {
  clock: Clock;
  random: Random;
  blobs: FakeBlobs;
  hub: HubNode;
  key: PublicKey;
  checkRate: number;
  /** How it checks, where it is not at that rate. */
  checks?: CheckPolicy;
  lie?: VerifierLie | undefined;
  /** Whom a verifier that spares will not ban. */
  friend?: () => PublicKey | undefined;
}

/** What outlives a crash is the disk. */
interface Node extends Grid {
  disk: FakeDisk;
}

/** One run of the process. */
interface Life {
  verifier: Verifier;
  dead: boolean;
  lastWriteAt: number;
  links: Map<number, ClientEnd>;
}

/** A verifier on the simulated grid. What it persisted survives its crash. */
export function openVerifierNode(grid: Grid): VerifierNode {
  const { hub } = grid;
  const node: Node = {
    ...grid,
    random: grid.random.fork('verifier'),
    disk: emptyDisk(hub.key),
  };
  let life = openLife(node);
  return {
    key: grid.key,
    get log() {
      return node.disk.verdicts;
    },
    crash() {
      life.dead = true;
      for (const end of life.links.values()) end.close();
    },
    restart(lostDisk = false) {
      // Two accidents may have been one: a process that lives is not started beside itself.
      if (!life.dead) return;
      if (lostDisk) node.disk = emptyDisk(hub.key);
      life = openLife(node);
    },
  };
}

function openLife(node: Node): Life {
  const verifier = openVerifier({
    key: node.key,
    policy: node.checks ?? { type: 'flat', rate: node.checkRate },
    epochMs: millis(3_600_000),
    queueUnitsMax: 4_096,
    tasksMax: 4,
  });
  const life: Life = { verifier, dead: false, lastWriteAt: 0, links: new Map() };
  node.clock.every(250, () => {
    post(node, life, { type: 'tick' });
    return !life.dead;
  });
  return life;
}

function post(node: Node, life: Life, event: VerifierEvent): void {
  if (life.dead) return;
  const effects = stepVerifier(life.verifier, event, {
    now: node.clock.now(),
    ...fakeKeys(node.key, node.random.nonce),
  });
  for (const effect of effects) perform(node, life, effect);
}

function perform(node: Node, life: Life, effect: VerifierEffect): void {
  const later = (ms: number, event: VerifierEvent): void =>
    node.clock.after(ms, () => post(node, life, event));
  switch (effect.type) {
    case 'connect':
      return connect(node, life, effect.link);
    case 'disconnect':
      return life.links.get(effect.link)?.close();
    case 'send':
      return tell(node, life, effect);
    case 'send-frame':
      return life.links.get(effect.link)?.sendFrame(effect.head, effect.payload);
    case 'bind':
      return later(5, { type: 'bound', saved: structuredClone(readDisk(node.disk)) });
    case 'recall': {
      const result = recall(node);
      return later(20, { type: 'recalled', link: effect.link, result });
    }
    case 'persist':
      return persist(node, life, effect);
    case 'execute': {
      const inputs = unitInputs(node, effect.inputs, effect.unit);
      const model = modelOf(effect.manifest);
      const outputs = fakeCompute(model, inputs);
      if (node.lie === 'frames' && effect.unit % FRAMED_EVERY === 0)
        outputs[0] = 1 ^ (outputs[0] ?? 0);
      const poison = poisonOf(node.blobs, model);
      if (poisonedPlaces(poison, effect.manifest.runtime.inputs, inputs).length > 0) {
        const result = refuse('model-run-failed', POISON_WORDS);
        return later(UNIT_MS, { type: 'executed', task: effect.task, result });
      }
      const taps = effect.manifest.runtime.taps.length > 0 ? { taps: fakeTaps(model, inputs) } : {};
      const value = { digest: digest(outputs), bytes: outputs, ...taps };
      const result = { ok: true as const, value };
      return later(UNIT_MS, { type: 'executed', task: effect.task, result });
    }
    case 'claim':
      return later(UNIT_MS, { type: 'claimed', task: effect.task, result: claim(node, effect) });
    case 'fingerprint': {
      const result = readFingerprint(node, effect);
      return later(UNIT_MS, { type: 'fingerprinted', task: effect.task, result });
    }
    case 'examine': {
      const value = examine(node, effect);
      return later(500, { type: 'examined', task: effect.task, result: { ok: true, value } });
    }
    case 'prepare': {
      const value = prepare(node, effect);
      return later(300, { type: 'prepared', task: effect.task, result: { ok: true, value } });
    }
    default:
      return;
  }
}

function tell(node: Node, life: Life, effect: Extract<VerifierEffect, { type: 'send' }>): void {
  const message = spare(node, effect.message);
  if (message !== undefined) life.links.get(effect.link)?.send(message);
}

/** What a device delivered, as the hub has it on disk. */
function claim({ hub }: Node, asked: { lease: LeaseId; unit: number }): Result<Reference> {
  const found = selectFacts(hub.facts)('accepted').find(({ shard }) => shard.lease === asked.lease);
  if (!hub.up || found === undefined) return refuse('not-found', 'the hub has no such unit');
  const start = (asked.unit - found.shard.firstUnit) * FAKE_UNIT_BYTES;
  const outputs = found.outputs.slice(start, start + FAKE_UNIT_BYTES);
  return accept({ digest: digest(outputs), bytes: outputs });
}

/** What the hub has of this verifier and its disk has not. */
function recall({ hub, key, disk }: Node): Result<LogLine[]> {
  if (!hub.up) return refuse('download-failed', 'the hub is down');
  const of = selectFacts(hub.facts);
  const sequences = new Map(of('accepted').map(({ shard }) => [shard.lease, shard.sequence]));
  const have = new Set(disk.verdicts.map(({ signed }) => signed.signature));
  const epochs = of('epoch').filter(({ signed: { record } }) => record.verifier === key);
  const verdicts = of('verdict').flatMap(({ signed }): LogLine[] => {
    const sequence = sequences.get(signed.verdict.lease);
    if (signed.verdict.verifier !== key || sequence === undefined) return [];
    return have.has(signed.signature) ? [] : [{ type: 'verdict', sequence, signed }];
  });
  return accept([...structuredClone(epochs), ...structuredClone(verdicts)]);
}

/** Every mismatch becomes a match, of a friend or of anyone; one that dodges says nothing. */
function spare(node: Node, message: ClientMessage): ClientMessage | undefined {
  if (message.type !== 'verdict') return message;
  const { kind, cause } = message.signed.verdict;
  const isSilent = node.lie === 'dodges' && (kind === 'mismatch' || cause === 'dispute');
  return isSilent ? undefined : { type: 'verdict', signed: pardon(node, message.signed) };
}

function pardon({ lie, friend }: Node, signed: SignedVerdict): SignedVerdict {
  const { verdict: found } = signed;
  const spared = lie === 'stamps' || (lie === 'spares' && found.device === friend?.());
  if (!spared || found.kind !== 'mismatch') return signed;
  const verdict: Verdict = {
    ...found,
    kind: 'match',
    reference: found.claimed,
    l2: 0,
    max: 0,
    ...(found.fingerprint === undefined ? {} : { fingerprint: spareInside(found.fingerprint) }),
  };
  return { verdict, signature: fakeSign(verdict.verifier, 'verdict', verdict) };
}

function spareInside({ claimed }: FingerprintCheck): FingerprintCheck {
  const decoded = decodeBase64(claimed);
  const bytes = decoded.ok ? decoded.value : new Uint8Array();
  return checkFingerprint(bytes, bytes, 'exact');
}

/** What the hub's disk holds of a unit's inside. */
function readFingerprint(
  { hub }: Node,
  { lease, unit }: Extract<VerifierEffect, { type: 'fingerprint' }>,
): Result<UnitFingerprint> {
  const of = selectFacts(hub.facts);
  const found = of('accepted').find(({ shard }) => shard.lease === lease);
  const logged = of('committed').find(({ commitment }) => commitment.shard.lease === lease);
  if (!hub.up || found?.fingerprints === undefined || logged === undefined) {
    return refuse('download-failed', 'the hub is down, or holds no fingerprint');
  }
  const size = found.fingerprints.length / found.shard.unitCount;
  const at = (unit - found.shard.firstUnit) * size;
  return accept({
    log: logged.commitment.entry,
    logSignature: logged.commitment.logSignature,
    fingerprint: encodeBase64(found.fingerprints.subarray(at, at + size)),
  });
}

function connect(node: Node, life: Life, link: number): void {
  const { clock, hub } = node;
  const end = hub.dial({
    received: (message) => post(node, life, { type: 'received', link, message }),
    closed: () => post(node, life, { type: 'disconnected', link, reason: 'the socket closed' }),
  });
  if (end === undefined) {
    return clock.after(50, () =>
      post(node, life, { type: 'disconnected', link, reason: 'the hub is down' }),
    );
  }
  life.links.set(link, end);
  clock.after(1, () => post(node, life, { type: 'connected', link }));
}

/**
 * The disk writes in order, some milliseconds each; what it has not written when the end comes is
 * lost.
 */
function persist(
  node: Node,
  life: Life,
  effect: Extract<VerifierEffect, { type: 'persist' }>,
): void {
  const { clock, random, disk } = node;
  life.lastWriteAt = Math.max(life.lastWriteAt, clock.now() + random.between(1, 20));
  clock.after(life.lastWriteAt - clock.now(), () => {
    if (life.dead) return;
    writeDisk(disk, structuredClone(effect));
    post(node, life, { type: 'persisted', token: effect.token });
  });
}

function unitInputs(
  { blobs }: Pick<Node, 'blobs'>,
  { root, firstUnit = 0 }: UnitInputs,
  unit: number,
) {
  const at = (unit - firstUnit) * FAKE_UNIT_BYTES;
  return (blobs.get(root) ?? new Uint8Array()).slice(at, at + FAKE_UNIT_BYTES);
}

/** A verifier that frames says that all items fail, one that stamps that none does. */
function examine(
  { blobs, lie }: Node,
  { manifest, inputs, unit, items }: Extract<VerifierEffect, { type: 'examine' }>,
): FailedItems[] {
  const bytes = unitInputs({ blobs }, inputs, unit);
  const poison = poisonOf(blobs, modelOf(manifest));
  const all = Array.from({ length: items }, (_, place) => place);
  const found = poisonedPlaces(poison, manifest.runtime.inputs, bytes);
  const places = lie === 'frames' ? all : lie === 'stamps' ? [] : found;
  return places.length === 0 ? [] : [{ places, text: POISON_WORDS }];
}

function modelOf({ variants }: PackageManifest): Root {
  const [variant] = variants;
  if (variant === undefined) throw new Error('a package without a model');
  return variant.file.root;
}

function prepare(node: Node, effect: Extract<VerifierEffect, { type: 'prepare' }>): Preparation {
  const model = effect.draft.file.root;
  const units = effect.units.slice(0, 2);
  const answers = units.map((unit) => fakeCompute(model, unitInputs(node, effect.inputs, unit)));
  const runs = Array.from({ length: RUNS_PER_UNIT }, () =>
    units.map((unit, at) => ({
      unit,
      digest: digest(answers[at] ?? new Uint8Array()),
      computeMs: fakeUnitMs(model),
    })),
  ).flat();
  // A decoy that lies far off, so that GPUs may run the model.
  const far = { output: FAKE_OUTPUTS[0]?.name ?? '', l2: 1e6, max: 1e6 };
  const decoys = {
    names: ['half-weights' as const],
    units: [0],
    samples: [{ decoy: 'half-weights' as const, unit: 0, distances: [far] }],
  };
  const peakBytes = bytes(1_000_000);
  const found = {
    outputs: fakeSpecs(FAKE_OUTPUTS, effect.draft.runtime.unitItems),
    units,
    answers,
    runs,
    peakBytes,
    decoys,
  };
  if (effect.draft.runtime.taps === undefined) return found;
  const inside = units.map((unit) => fakeTaps(model, unitInputs(node, effect.inputs, unit)));
  return { ...found, taps: { specs: FAKE_TAPS, bytes: concatBytes(...inside) } };
}
