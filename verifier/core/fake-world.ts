import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { concatBytes, digest, digestRecord, hexToBytes } from '#protocol/bytes/digest.ts';
import {
  type HubMessage,
  PROTOCOL_VERSION,
  type VerifierBook,
} from '#protocol/messages/control.ts';
import {
  digestPackage,
  PACKAGE_FORMAT,
  type PackageManifest,
  REFERENCE_LANE,
  unitCost,
} from '#protocol/models/package.ts';
import type { SignedEpoch } from '#protocol/records/epoch.ts';
import type { AcceptedShard, Verdict } from '#protocol/records/records.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import type { JobId, LeaseId, Nonce, PublicKey, Root, Signature } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { accept, refusal, refuse } from '#protocol/values/refusal.ts';
import { bytes, instant, millis } from '#protocol/values/units.ts';
import { emptyDisk, type FakeDisk, readDisk, writeDisk } from './fake-disk.ts';
import type { LogLine, VerifierEffect, VerifierEvent } from './state/events.ts';
import type { Review, Verifier } from './state/verifier.ts';
import { openVerifier, stepVerifier } from './verifier.ts';

/** The hub, the disk and the exact lane of one verifier, for tests: all of them answer at once. */
export interface FakeScript {
  rate?: number;
  saved?: FakeDisk;
  queueUnitsMax?: number;
  epochMs?: number;
  /** The number behind a claim; nothing where the hub does not have it. */
  claimed?: (unit: number) => number | undefined;
  /** What a re-execution gives, the unit's own number by default; nothing where it fails. */
  truth?: (unit: number, fresh: boolean) => number | undefined;
}

export const FAKE_SIGNATURE = '5'.repeat(128) as Signature;
const HUB = 'aa'.repeat(32) as PublicKey;
const INPUTS = { root: '11'.repeat(32) as Root, length: bytes(4096) };
const FILE = { root: '22'.repeat(32) as Root, length: bytes(100) };
const spec = (name: string) => ({ name, dtype: 'f32' as const, shape: [2] });
export const MANIFEST: PackageManifest = {
  format: PACKAGE_FORMAT,
  name: 'number',
  variants: [{ dtype: 'f32', file: FILE, needs: [] }],
  runtime: {
    kind: 'graph',
    inputs: [spec('x')],
    outputs: [spec('y')],
    unitItems: 2,
    reference: REFERENCE_LANE,
    comparators: [
      { output: 'y', l2: 1e-4, max: 1e-2, nearest: { decoy: 'half-weights', l2: 3e-2, max: 3e-2 } },
    ],
    taps: [],
  },
  knownAnswers: [{ inputs: FILE, outputs: FILE }],
  peakBytes: bytes(1000),
  referenceUnitMs: millis(1),
};

/** The output of a unit that computes `value`: value and value + 1. */
const output = (value: number) => new Uint8Array(new Float32Array([value, value + 1]).buffer);
export const fakeReference = (value: number) => ({
  digest: digest(output(value)),
  bytes: output(value),
});

/** What a unit of the package costs, in microseconds. */
export const UNIT_COST = unitCost(MANIFEST);

/** A shard from unit `sequence × 10` whose device claims `claims`; unit n truly computes n. */
export function fakeShard(
  sequence: number,
  claims: readonly number[],
  provider: Provider = 'wasm',
): AcceptedShard {
  return {
    sequence,
    index: sequence,
    job: 'job_0123456789abcdef' as JobId,
    lease: sequence.toString(16).padStart(32, '0') as LeaseId,
    device: 'dd'.repeat(32) as PublicKey,
    provider,
    package: digestPackage(MANIFEST),
    firstUnit: sequence * 10,
    unitCount: claims.length,
    workBefore: sequence * 10 * UNIT_COST,
    unitCost: UNIT_COST,
    commitment: digestRecord(sequence),
    digests: encodeBase64(concatBytes(...claims.map((claim) => hexToBytes(digest(output(claim)))))),
    at: instant(0),
  };
}

/** A shard with nothing wrong. */
export const honestShard = (sequence: number, count: number): AcceptedShard =>
  fakeShard(
    sequence,
    Array.from({ length: count }, (_, place) => sequence * 10 + place),
  );

export interface FakeWorld {
  state: Verifier;
  now: number;
  link: number;
  nonces: number;
  diskFull: boolean;
  /** Re-executions are not answered. */
  idle: boolean;
  /** The hub acknowledges no epoch. */
  deaf: boolean;
  effects: VerifierEffect[];
  lines: LogLine[];
  disk: FakeDisk;
  script: FakeScript;
  events: VerifierEvent[];
  stepping: boolean;
}

export function openFakeWorld(script: FakeScript = {}): FakeWorld {
  const state = openVerifier({
    key: 'ee'.repeat(32) as PublicKey,
    policy: { type: 'flat', rate: script.rate ?? 1 },
    epochMs: millis(script.epochMs ?? 3_600_000),
    queueUnitsMax: script.queueUnitsMax ?? 1000,
    tasksMax: 2,
  });
  return {
    state,
    now: 1_000_000,
    link: 0,
    nonces: 0,
    diskFull: false,
    idle: false,
    deaf: false,
    effects: [],
    lines: [],
    disk: script.saved ?? emptyDisk(HUB),
    script,
    events: [],
    stepping: false,
  };
}

/** Steps the core and answers what it asks for, one event at a time. */
export function step(world: FakeWorld, event: VerifierEvent): void {
  world.events.push(event);
  if (world.stepping) return;
  world.stepping = true;
  for (let next = world.events.shift(); next !== undefined; next = world.events.shift()) {
    const effects = stepVerifier(world.state, next, {
      now: instant(world.now),
      random: () => digest(Uint8Array.of(world.nonces++)) as string as Nonce,
      sign: () => FAKE_SIGNATURE,
      verify: ({ signature }) => !signature.startsWith('0'),
    });
    world.effects.push(...effects);
    for (const effect of effects) answer(world, effect);
  }
  world.stepping = false;
}

function answer(world: FakeWorld, effect: VerifierEffect): void {
  const { script } = world;
  switch (effect.type) {
    case 'connect':
      world.link = effect.link;
      return;
    case 'send':
      if (effect.message.type === 'epoch' && !world.deaf) logEpoch(world, effect.message.signed);
      return;
    case 'bind':
      return step(world, { type: 'bound', saved: readDisk(world.disk) });
    case 'persist':
      return write(world, effect);
    case 'execute': {
      if (world.idle) return;
      const { task, unit, fresh } = effect;
      const value = script.truth === undefined ? unit : script.truth(unit, fresh);
      const lost = refuse('download-failed', 'no network');
      const result = value === undefined ? lost : accept(fakeReference(value));
      return step(world, { type: 'executed', task, result });
    }
    case 'claim': {
      const value = script.claimed?.(effect.unit);
      const gone = refuse('not-found', 'gone');
      const result = value === undefined ? gone : accept(fakeReference(value));
      return step(world, { type: 'claimed', task: effect.task, result });
    }
    default:
      return;
  }
}

/** The hub has a record of an epoch on disk. */
export function logEpoch(world: FakeWorld, { record: { epoch, type } }: SignedEpoch): void {
  receive(world, { type: 'epoch-logged', epoch, record: type });
}

function write(world: FakeWorld, effect: Extract<VerifierEffect, { type: 'persist' }>): void {
  const { token } = effect;
  if (world.diskFull) {
    return step(world, { type: 'persist-failed', token, refusal: refusal('disk-full', 'full') });
  }
  world.lines.push(...effect.lines);
  writeDisk(world.disk, effect);
  step(world, { type: 'persisted', token });
}

export const receive = (world: FakeWorld, message: HubMessage): void =>
  step(world, { type: 'received', link: world.link, message });

/** Lets time pass, a tick every tenth of a second. */
export function wait(world: FakeWorld, ms: number): void {
  for (let passed = 0; passed < ms; passed += 100) {
    world.now += 100;
    step(world, { type: 'tick' });
  }
}

/** From dialling to the welcome. */
export function connect(world: FakeWorld, known?: VerifierBook): void {
  step(world, { type: 'tick' });
  step(world, { type: 'connected', link: world.link });
  const nonce = '77'.repeat(32) as Nonce;
  receive(world, { type: 'challenge', versions: [PROTOCOL_VERSION], nonce, hub: HUB });
  const now = instant(world.now);
  const beatMs = millis(5_000);
  const book = known === undefined ? {} : { book: known };
  const grid = { now, beatMs, ticket: 't', iceServers: [], ...book };
  receive(world, { type: 'welcome', proof: FAKE_SIGNATURE, ...grid });
}

export const sendCheck = (world: FakeWorld, shard: AcceptedShard): void =>
  receive(world, { type: 'check', shard, manifest: MANIFEST, inputs: INPUTS });

/** The hub asks for an opinion on these units. */
export const askOpinion = (world: FakeWorld, shard: AcceptedShard, units: number[]): void =>
  receive(world, { type: 'check', shard, manifest: MANIFEST, inputs: INPUTS, units });

/** The exit check of a shard, every unit of it. */
export const sendExitCheck = (world: FakeWorld, shard: AcceptedShard): void => {
  const asked = { exit: true, floorPpm: 1_000_000 };
  receive(world, { type: 'check', shard, manifest: MANIFEST, inputs: INPUTS, ...asked });
};

/**
 * Another verifier's word on unit `number`, whose device claims `claim`; each has a signature of
 * its own.
 */
export function reviewOf(number: number, claim = number): Review {
  const shard = fakeShard(Math.floor(number / 10), [claim]);
  const { sequence, provider } = shard;
  const claimed = digest(output(claim));
  const verifier = 'bb'.repeat(32) as PublicKey;
  const verdict = sampleVerdict({ verifier, shard, unit: number, claimed }, { n: number + 1 });
  const half = `5${digestRecord(number).slice(1)}`;
  const signed = { verdict, signature: `${half}${half}` as Signature };
  const about = { sequence, provider, package: shard.package, manifest: MANIFEST };
  return { type: 'review', number, signed, ...about, inputs: INPUTS };
}

const sent = ({ effects }: FakeWorld) =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []));

export const sentTypes = (world: FakeWorld): string[] => sent(world).map(({ type }) => type);
export const sentVerdicts = (world: FakeWorld): Verdict[] =>
  sent(world).flatMap((message) => (message.type === 'verdict' ? [message.signed.verdict] : []));
export const sentJudged = (world: FakeWorld): number[] =>
  sent(world).flatMap((message) => (message.type === 'judged' ? [message.through] : []));
export const sentExitChecked = (world: FakeWorld): number[] =>
  sent(world).flatMap((message) => (message.type === 'exit-checked' ? [message.sequence] : []));
export const sentEpochs = (world: FakeWorld): SignedEpoch[] =>
  sent(world).flatMap((message) => (message.type === 'epoch' ? [message.signed] : []));
/** What the log has: verdicts, and what became of epochs. */
export const linesOf = ({ lines }: FakeWorld): string[] =>
  lines.map((line) => (line.type === 'verdict' ? 'verdict' : line.signed.record.type));
export const executions = ({ effects }: FakeWorld) =>
  effects.flatMap((effect) => (effect.type === 'execute' ? [effect] : []));

/** Ends the executions that were asked for while the world was idle. */
export function finishExecutions(world: FakeWorld): void {
  world.idle = false;
  for (const { task, unit } of executions(world)) {
    step(world, { type: 'executed', task, result: accept(fakeReference(unit)) });
  }
}
