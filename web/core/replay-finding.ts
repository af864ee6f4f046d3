import { t } from '@lingui/core/macro';
import { decodeBase64, decodeDigests } from '#protocol/bytes/base64.ts';
import { digestAt } from '#protocol/bytes/digest.ts';
import { compareUnits, type Distance } from '#protocol/checks/comparison.ts';
import { projectionSeed, projectTaps, readTaps } from '#protocol/checks/fingerprint.ts';
import { checkFingerprint, type FingerprintCheck } from '#protocol/checks/fingerprint-check.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import type { Receipt, Verdict } from '#protocol/records/records.ts';
import { readNumber } from '#protocol/tensors/element.ts';
import { DTYPE_BYTES, elementCount, type TensorSpec } from '#protocol/tensors/tensor.ts';
import { splitUnit } from '#protocol/tensors/unit-bytes.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

/** How one output differs, value by value. */
export interface OutputDifference {
  name: string;
  /** Values whose bits differ. */
  differing: number;
  of: number;
  /** Largest absolute difference; absent where a number stands against NaN or infinity. */
  largest?: number;
}

/** What executing a unit again in this tab has shown. */
export interface ReplayFinding {
  unit: number;
  lane: Verdict['lane'];
  claimed: Digest;
  replayed: Digest;
  /** Digest of the bytes the hub holds; absent when it holds none any more. */
  held?: Digest;
  /** Length of the unit's outputs in bytes. */
  bytes: number;
  /** The hub's bytes against this tab's; empty when they are the same or the hub has none. */
  outputs: OutputDifference[];
  /** On the tolerance lane: the hub's bytes against this tab's. */
  distance?: Distance;
  /** Where the package has taps: the fingerprint the device revealed against this tab's. */
  inside?: FingerprintCheck;
}

/** The digests a receipt names for the inputs and outputs of one of its units. */
export function readUnitDigests(
  { shard, inputs }: Receipt,
  unit: number,
): Result<{ inputs: Digest; claimed: Digest }> {
  const place = unit - shard.firstUnit;
  if (!Number.isSafeInteger(unit) || place < 0 || place >= shard.unitCount) {
    const last = shard.firstUnit + shard.unitCount - 1;
    return refuse('range-invalid', t`This receipt is of units ${shard.firstUnit} to ${last}.`);
  }
  const [input, claimed] = [inputs, shard].map(({ digests }) =>
    decodeDigests(digests, shard.unitCount),
  );
  if (input !== undefined && claimed !== undefined) {
    return accept({ inputs: digestAt(input, place), claimed: digestAt(claimed, place) });
  }
  const message = t`The receipt names no digests for unit ${unit}: it was cut off. Download it again.`;
  return refuse('message-malformed', message);
}

/** Bytes of one unit's outputs with their digest and, where they were computed here, its taps. */
export interface UnitOutputs {
  bytes: Uint8Array;
  digest: Digest;
  taps?: Uint8Array;
}

/** The fingerprint a verifier judged; undefined where no verdict is on the unit. */
export const judgedFingerprint = ({ verdicts }: Receipt, unit: number): string | undefined =>
  verdicts.find(({ verdict }) => verdict.unit === unit)?.verdict.fingerprint?.claimed;

/** Sets side by side what the receipt claims, what this tab computed and what the hub holds. */
export function compareReplay(compared: {
  receipt: Receipt;
  unit: number;
  claimed: Digest;
  manifest: PackageManifest;
  replayed: UnitOutputs;
  held?: UnitOutputs | undefined;
  /** In base64, where the package has taps. */
  fingerprint?: string | undefined;
}): ReplayFinding {
  const { receipt, unit, claimed, manifest, replayed, held } = compared;
  const lane = receipt.shard.provider === 'wasm' ? 'exact' : 'tolerance';
  const finding: ReplayFinding = {
    unit,
    lane,
    claimed,
    replayed: replayed.digest,
    bytes: replayed.bytes.length,
    outputs: [],
  };
  const inside = compareInside(compared, lane);
  if (inside !== undefined) finding.inside = inside;
  if (held === undefined) return finding;
  finding.held = held.digest;
  if (lane === 'tolerance')
    finding.distance = compareUnits(held.bytes, replayed.bytes, manifest.runtime);
  if (held.digest !== replayed.digest && held.bytes.length === replayed.bytes.length) {
    finding.outputs = differOutputs(manifest.runtime.outputs, held.bytes, replayed.bytes);
  }
  return finding;
}

/** The seed is what the receipt's own log signature and commitment give. */
function compareInside(
  { receipt, manifest, replayed, fingerprint }: Parameters<typeof compareReplay>[0],
  lane: Verdict['lane'],
): FingerprintCheck | undefined {
  const claimed = fingerprint === undefined ? undefined : decodeBase64(fingerprint);
  if (claimed?.ok !== true || replayed.taps === undefined) return undefined;
  const seed = projectionSeed(receipt.logSignature, receipt.shard.commitment);
  const { taps } = manifest.runtime;
  const scales = taps.map(({ scale }) => scale);
  const ours = projectTaps(readTaps(taps, replayed.taps), seed, scales);
  return checkFingerprint(claimed.value, ours, lane);
}

/** Output by output: how many values differ, and by how much at most. */
export function differOutputs(
  specs: readonly TensorSpec[],
  claimed: Uint8Array,
  replayed: Uint8Array,
): OutputDifference[] {
  const ours = splitUnit(specs, replayed);
  return splitUnit(specs, claimed).map(({ data }, index) => {
    const spec = specs[index] as TensorSpec;
    return differTensors(spec, data, ours[index]?.data ?? new Uint8Array());
  });
}

function differTensors(
  { name, dtype, shape }: TensorSpec,
  a: Uint8Array,
  b: Uint8Array,
): OutputDifference {
  const [theirs, ours] = [a, b].map((data) => new DataView(data.buffer, data.byteOffset));
  const size = DTYPE_BYTES[dtype];
  const of = elementCount(shape);
  let differing = 0;
  let largest = 0;
  for (let index = 0; index < of; index += 1) {
    const start = index * size;
    if (isSame(a.subarray(start, start + size), b.subarray(start, start + size))) continue;
    differing += 1;
    const claimed = Number(readNumber(dtype, theirs as DataView, index));
    const difference = Math.abs(claimed - Number(readNumber(dtype, ours as DataView, index)));
    largest = Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }
  return { name, differing, of, ...(Number.isFinite(largest) ? { largest } : {}) };
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.every((byte, index) => byte === b[index]);
