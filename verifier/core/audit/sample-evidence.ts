import { encodeBase64 } from '#protocol/bytes/base64.ts';
import {
  bytesToHex,
  concatBytes,
  DIGEST_BYTES,
  digestCommitment,
  digestRecord,
  hexToBytes,
} from '#protocol/bytes/digest.ts';
import { appendLeaf, frontierRoot, openFrontier } from '#protocol/bytes/merkle-log.ts';
import { signingBytes, verifySignature } from '#protocol/bytes/signature.ts';
import type { CheckPolicy } from '#protocol/checks/check-policy.ts';
import { fingerprintBytes } from '#protocol/checks/fingerprint.ts';
import { checkFingerprint } from '#protocol/checks/fingerprint-check.ts';
import type { EpochRecord, SignedEpoch } from '#protocol/records/epoch.ts';
import {
  hashEntry,
  type LoggedCommitment,
  type LoggedShard,
} from '#protocol/records/public-log.ts';
import type { SignedTreeHead, Verdict } from '#protocol/records/records.ts';
import { type SampleKey, sampleKey } from '#protocol/records/sample-receipt.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import type { Digest, JobId, LeaseId, Nonce, Signature } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { instant } from '#protocol/values/units.ts';
import { commitSeed, drawUnits } from '../draws/draw.ts';
import { laneOf } from '../kinds/graph.ts';
import type { LogLine } from '../state/events.ts';
import type { CheckCounts } from '../state/verifier.ts';
import { noteCheck, weighCheck } from '../trust/deviations.ts';
import type { Evidence, Verify } from './evidence.ts';

/** An honest hub and verifier over two epochs of four shards, to be tampered with by tests. */
const SAMPLE_POLICY: CheckPolicy = { type: 'trust', trustUnits: 15, floorPpm: 200_000 };
const UNITS = 10;
export const UNIT_COST = 1_500;
const SHARDS = 8;
/** Verdicts, of whomever, that each epoch draws from. */
const REVIEWS = 1_000;
const PACKAGE = digestRecord('package');
const JOB = 'job_0123456789abcdef' as JobId;
export const [HUB, VERIFIER, STRANGER] = [openKey('hub'), openKey('verifier'), openKey('x')];
const DEVICES = [openKey('device 0'), openKey('device 1')] as const;

/**
 * A key that signs each record once: that takes a millisecond, and tests sign the same ones again.
 */
function openKey(name: string): SampleKey {
  const { key, sign } = sampleKey(name);
  const made = new Map<string, Signature>();
  return {
    key,
    sign(context, record) {
      const said = `${context} ${JSON.stringify(record)}`;
      const signature = made.get(said) ?? sign(context, record);
      made.set(said, signature);
      return signature;
    },
  };
}

const nonce = (name: string): Nonce => digestRecord(name) as string as Nonce;
export const seedOf = (epoch: number): Nonce => nonce(`seed ${epoch}`);
const epochOfSequence = (sequence: number): number => (sequence < SHARDS / 2 ? 1 : 2);

const fingerprint = new Uint8Array(fingerprintBytes(2)).fill(0x3c);
/** What an honest verdict says of a package with two taps. */
const RIGHT_INSIDE = checkFingerprint(fingerprint, fingerprint, 'exact');
/** What it says where the device made up the second tap. */
export const WRONG_INSIDE = checkFingerprint(fingerprint.with(70, 0x3d), fingerprint, 'exact');

export type VerdictLine = Extract<LogLine, { type: 'verdict' }>;

export interface SampleChanges {
  /** The work that the hub says lies behind the device, in place of the truth. */
  workBefore?(sequence: number, truth: number): number;
  /** What it says that a unit costs, in place of `UNIT_COST`. */
  unitCost?(sequence: number): number;
  /** Drawn units of a shard, in place of the draw. */
  draw?(sequence: number, units: number[]): number[];
  /** The seed of an epoch, in place of its own. */
  seed?(epoch: number): Nonce;
  /** Of a package with taps: what each device committed to of them. */
  taps?: Digest;
  /** What all devices compute on, in place of the exact lane. */
  provider?: Provider;
  /** Units that are beyond tolerance on a GPU. */
  deviates?(unit: number): boolean;
  /** A verdict before it is signed. */
  verdict?(sequence: number, verdict: Verdict): Verdict;
}

export function sampleEvidence(epoch: number, changes: SampleChanges = {}): Evidence {
  const made = Array.from({ length: SHARDS }, (_, sequence) => makeShard(sequence, changes));
  const shards = made.map(({ logged }) => logged);
  const counts: CheckCounts = new Map();
  const verdicts = shards.flatMap((logged) => judgeShard(logged, changes, counts));
  const entries = made.map(({ entry }) => entry);
  return {
    epoch,
    hub: HUB.key,
    lines: [1, 2].flatMap((number) => linesOf(number, verdicts, changes)),
    head: headOf(entries),
    earlier: headOf(entries.slice(0, 3)),
    entries,
    shards,
    verdicts: verdicts.map(({ signed }) => signed),
    epochs: [1, 2].flatMap((number) => recordsOf(number, changes)),
  };
}

function makeShard(
  sequence: number,
  { workBefore, unitCost, taps, provider = 'wasm' }: SampleChanges,
): { logged: LoggedShard; entry: LoggedCommitment } {
  const device = DEVICES[sequence % 2 === 0 ? 0 : 1];
  const lease = digestRecord(`lease ${sequence}`).slice(0, 32) as LeaseId;
  const salt = nonce(`salt ${sequence}`);
  const digests = concatBytes(
    ...Array.from({ length: UNITS }, (_, unit) => hexToBytes(digestRecord([sequence, unit]))),
  );
  const commitment = digestCommitment({ lease, device: device.key, salt, digests, taps });
  // Every third index never reached the disk.
  const index = sequence + Math.floor(sequence / 2);
  const entry = { index, commitment, at: instant(1_000 * sequence) };
  const record = { lease, device: device.key, commitment };
  const truth = Math.floor(sequence / 2) * UNITS * UNIT_COST;
  const shard: LoggedShard['shard'] = {
    sequence,
    index,
    job: JOB,
    lease,
    device: device.key,
    provider,
    package: PACKAGE,
    firstUnit: sequence * UNITS,
    unitCount: UNITS,
    workBefore: workBefore?.(sequence, truth) ?? truth,
    unitCost: unitCost?.(sequence) ?? UNIT_COST,
    commitment,
    digests: encodeBase64(digests),
    ...(taps === undefined ? {} : { taps }),
    at: instant(1_000 * sequence + 500),
  };
  return {
    logged: { shard, salt, voided: false },
    entry: {
      entry,
      logSignature: HUB.sign('log-entry', entry),
      commitment: record,
      signature: device.sign('commitment', record),
    },
  };
}

function judgeShard(
  { shard }: LoggedShard,
  changes: SampleChanges,
  counts: CheckCounts,
): VerdictLine[] {
  const { draw, verdict, seed = seedOf } = changes;
  const { sequence } = shard;
  const epoch = epochOfSequence(sequence);
  const drawn = drawUnits({ seed: seed(epoch), policy: SAMPLE_POLICY }, shard);
  return (draw?.(sequence, drawn) ?? drawn).map((unit) => {
    const place = unit - shard.firstUnit;
    const claimed = digestRecord([sequence, place]);
    const honest = sampleVerdict(
      { verifier: VERIFIER.key, shard, unit, claimed },
      {
        ...findUnit(claimed, shard.provider, changes.deviates?.(unit)),
        ...(shard.taps === undefined ? {} : { fingerprint: RIGHT_INSIDE }),
        epoch,
        at: instant(1_000 * sequence + 700),
      },
    );
    Object.assign(honest, weighCheck(counts, honest, shard));
    noteCheck(counts, honest);
    const said = verdict?.(sequence, honest) ?? honest;
    const signed = { verdict: said, signature: VERIFIER.sign('verdict', said) };
    return { type: 'verdict', sequence, signed };
  });
}

function findUnit(claimed: Digest, provider: Provider, odd = false) {
  const found = { kind: 'match', lane: laneOf(provider), claimed } as const;
  if (!odd) return { ...found, reference: claimed, runs: 1 };
  const reason = 'deviates' as const;
  return { ...found, kind: 'inconclusive' as const, reason, reference: otherDigest(), runs: 2 };
}

function linesOf(
  epoch: number,
  verdicts: readonly VerdictLine[],
  changes: SampleChanges,
): LogLine[] {
  const records = recordsOf(epoch, changes).map((signed): LogLine => ({ type: 'epoch', signed }));
  const own = verdicts.filter(({ signed }) => signed.verdict.epoch === epoch);
  return [...records.slice(0, 1), ...own, ...records.slice(1)];
}

function recordsOf(epoch: number, changes: SampleChanges): SignedEpoch[] {
  const seed = (changes.seed ?? seedOf)(epoch);
  const commitment = bytesToHex(commitSeed(seed)) as Digest;
  const from = epoch === 1 ? 0 : SHARDS / 2;
  const through = from + SHARDS / 2 - 1;
  const policy = SAMPLE_POLICY;
  const whose = { verifier: VERIFIER.key, epoch };
  return [
    signEpoch({
      type: 'opened',
      ...whose,
      commitment,
      from,
      reviewFrom: epoch === 1 ? 1 : REVIEWS + 1,
      policy,
      at: instant(1_000 * from),
    }),
    signEpoch({
      type: 'revealed',
      ...whose,
      seed,
      through,
      reviewThrough: epoch * REVIEWS,
      at: instant(1_000 * through + 900),
    }),
  ];
}

export const signEpoch = (record: EpochRecord): SignedEpoch => ({
  record,
  signature: VERIFIER.sign('epoch', record),
});

/** The head of these entries, signed by the hub. */
export function headOf(entries: readonly LoggedCommitment[]): SignedTreeHead {
  const frontier = openFrontier();
  for (const { entry } of entries) appendLeaf(frontier, hashEntry(entry));
  const root = bytesToHex(frontierRoot(frontier)) as Digest;
  const head = { size: frontier.size, root, at: instant(9_000) };
  return { head, signature: HUB.sign('tree-head', head) };
}

export const otherDigest = (): Digest => 'f'.repeat(2 * DIGEST_BYTES) as Digest;

const known = new Map<string, boolean>();
/**
 * Real signatures; each is checked once in all tests of a file together, since that takes a
 * millisecond.
 */
export const verifySample: Verify = ({ key, context, record, signature }) => {
  const bytes = signingBytes(context, record);
  const name = `${key}/${signature}/${bytes}`;
  const found = known.get(name) ?? verifySignature(key, bytes, signature);
  known.set(name, found);
  return found;
};
