import type { JobRecord } from '#protocol/api/job.ts';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import { PACKAGE_FORMAT, type PackageManifest, REFERENCE_LANE } from '#protocol/models/package.ts';
import type { EpochRecord } from '#protocol/records/epoch.ts';
import type { AcceptedShard, SignedVerdict } from '#protocol/records/records.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import type {
  DeveloperId,
  Digest,
  JobId,
  LeaseId,
  Nonce,
  PublicKey,
  Root,
  Signature,
} from '#protocol/values/ids.ts';
import { bytes, instant, lamports, millis } from '#protocol/values/units.ts';
import type { CommittedShard, Fact } from '../../core/state/facts.ts';

/** Facts to test stores with: well-formed, told apart by the numbers they are made from. */
const hex = (number: number, digits: number): string =>
  number.toString(16).padStart(digits, '0').slice(0, digits);

export const jobId = (number: number): JobId => `job_${hex(number, 16)}` as JobId;
export const keyOf = (number: number): PublicKey => hex(number, 64) as PublicKey;
const rootOf = (number: number): Root => hex(number, 64) as Root;
const digestOf = (number: number): Digest => hex(number, 64) as Digest;
const signatureOf = (number: number): Signature => hex(number, 128) as Signature;
export const leaseId = (number: number): LeaseId => hex(number, 32) as LeaseId;

const UNITS = 8;
const ref = (number: number) => ({ root: rootOf(number), length: bytes(number) });
const spec = { name: 'x', dtype: 'f32', shape: [2, 3] } as const;
const inputs = [{ ...spec, shape: [...spec.shape] }];

export function jobCreated(number: number): Extract<Fact, { type: 'job-created' }> {
  const record: JobRecord = {
    id: jobId(number),
    name: `job "${number}" – größer`,
    developer: 'dev_00000000000000ab' as DeveloperId,
    createdAt: instant(1_000 + number),
    draft: {
      name: 'model',
      file: ref(11),
      runtime: {
        kind: 'graph',
        inputs,
        unitItems: 2,
        graphOptimization: 'all',
      },
    },
    inputs: ref(12),
    inputDigests: ref(13),
    items: 15,
    units: UNITS,
    unitPrice: lamports(7n),
    assurance: 'instant',
    autoStart: false,
  };
  const inputDigests = Uint8Array.from({ length: 32 * UNITS }, (_, at) => (at + number) % 256);
  return { type: 'job-created', record, inputDigests };
}

/** Units that joined an open job, in a blob of their own. */
export const inputsAdded = (of: {
  job: number;
  firstUnit: number;
  units: number;
}): Extract<Fact, { type: 'inputs-added' }> => ({
  type: 'inputs-added',
  job: jobId(of.job),
  firstUnit: of.firstUnit,
  inputs: ref(200 + of.firstUnit),
  units: of.units,
  inputDigests: Uint8Array.from(
    { length: 32 * of.units },
    (_, at) => (at * 7 + of.firstUnit) % 256,
  ),
  at: instant(1_500 + of.firstUnit),
});

export const jobArchived = (number: number): Extract<Fact, { type: 'job-archived' }> => ({
  type: 'job-archived',
  job: jobId(number),
  tally: {
    ...{ acceptedUnits: 2, checked: 1, mismatched: 0, requeued: 0, lastSequence: 0 },
    released: { runs: [], count: 0 },
  },
  keptUntil: instant(5_000 + number),
  at: instant(5_000),
});

export const manifestOf = (number: number): PackageManifest => ({
  format: PACKAGE_FORMAT,
  name: `package ${number}`,
  variants: [{ dtype: 'f32', file: ref(11), needs: [] }],
  runtime: {
    kind: 'graph',
    inputs,
    outputs: inputs,
    unitItems: 2,
    reference: REFERENCE_LANE,
    comparators: [{ output: 'x', l2: 1e-4, max: 1e-2 }],
    taps: [],
  },
  knownAnswers: [{ inputs: ref(14), outputs: ref(15) }],
  peakBytes: bytes(1_000),
  referenceUnitMs: millis(1.25),
});

export interface ShardChoice {
  index: number;
  job?: number;
  sequence?: number;
  firstUnit?: number;
  unitCount?: number;
}

export function committedShard(choice: ShardChoice): CommittedShard {
  const { index } = choice;
  return {
    entry: { index, commitment: digestOf(500 + index), at: instant(2_000.5 + index) },
    logSignature: signatureOf(600 + index),
    shard: {
      job: jobId(choice.job ?? 1),
      lease: leaseId(index + 1),
      device: keyOf(40),
      provider: 'wasm',
      package: digestOf(41),
      firstUnit: choice.firstUnit ?? 0,
      unitCount: choice.unitCount ?? 2,
    },
    signature: signatureOf(700 + index),
  };
}

export const committed = (choice: ShardChoice): Fact => ({
  type: 'committed',
  commitment: committedShard(choice),
});

export function acceptedShard(choice: ShardChoice): AcceptedShard {
  const { shard, entry } = committedShard(choice);
  return {
    ...shard,
    sequence: choice.sequence ?? choice.index,
    index: entry.index,
    workBefore: 17_000 * choice.index,
    unitCost: 1_250,
    commitment: entry.commitment,
    digests: encodeBase64(new Uint8Array(32 * shard.unitCount).fill(choice.index)),
    at: instant(3_000 + choice.index),
  };
}

/** Bytes that differ by shard, of a length that is no power of two. */
export function outputsOf(choice: ShardChoice, length = 77): Uint8Array {
  const outputs = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) outputs[at] = at * 31 + choice.index;
  return outputs;
}

export const saltOf = ({ index }: ShardChoice): Nonce => hex(800 + index, 64) as Nonce;

export const accepted = (choice: ShardChoice, length?: number): Fact => ({
  type: 'accepted',
  shard: acceptedShard(choice),
  salt: saltOf(choice),
  computeMs: millis(12.5),
  outputs: outputsOf(choice, length),
});

export const unrevealed = (
  index: number,
  how: { device: number; at: number; resets?: boolean; atFault?: boolean },
): Fact => ({
  type: 'unrevealed',
  index,
  device: keyOf(how.device),
  atFault: how.atFault ?? true,
  resets: how.resets ?? false,
  at: instant(how.at),
});

export function signedVerdict(unit: number, index: number): SignedVerdict {
  const lease = leaseId(index + 1);
  const shard = {
    job: jobId(1),
    lease,
    device: keyOf(40),
    firstUnit: 0,
    workBefore: 0,
    unitCost: 1_250,
  };
  const about = { verifier: keyOf(50), shard, unit, claimed: digestOf(1) };
  const verdict = sampleVerdict(about, { max: 1e-7, epoch: 3, at: instant(4_000 + unit) });
  return { verdict, signature: signatureOf(900 + unit) };
}

export function openedEpoch(epoch: number, verifier = keyOf(50)): Extract<Fact, { type: 'epoch' }> {
  const record: EpochRecord = {
    type: 'opened',
    verifier,
    epoch,
    commitment: digestOf(1_000 + epoch),
    from: 10 * epoch,
    reviewFrom: 1,
    policy: CHECK_POLICY_DEFAULT,
    at: instant(5_000 + epoch),
  };
  return { type: 'epoch', signed: { record, signature: signatureOf(1_000 + epoch) } };
}

export function revealedEpoch(
  epoch: number,
  verifier = keyOf(50),
): Extract<Fact, { type: 'epoch' }> {
  const record: EpochRecord = {
    type: 'revealed',
    verifier,
    epoch,
    seed: hex(1_100 + epoch, 64) as Nonce,
    through: 10 * epoch + 9,
    reviewThrough: 0,
    at: instant(6_000 + epoch),
  };
  return { type: 'epoch', signed: { record, signature: signatureOf(1_100 + epoch) } };
}
