import type { JobRecord } from '#protocol/api/job.ts';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { DIGEST_BYTES, digestRecord, hexToBytes, type Sha256 } from '#protocol/bytes/digest.ts';
import { fingerprintBytes } from '#protocol/checks/fingerprint.ts';
import { fingerprintFault } from '#protocol/checks/fingerprint-check.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import type { Lease } from '#protocol/records/records.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { digestUnits, resizeUnit } from '#protocol/tensors/unit-bytes.ts';
import { why } from '#protocol/values/reason.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import type { UnitCut } from '../state/facts.ts';
import type { UnitSize } from '../state/hub.ts';
import type { Job, UnitSizes } from '../state/job.ts';
import { partOf } from '../state/questions.ts';
import { classOf } from './device-class.ts';
import { makePackage } from './graph-package.ts';
import type { Kind, Revealed, RevealedBytes } from './kind.ts';

/** Batches of one shape: each unit has as many bytes as any other, its inputs and its outputs. */
export const graph: Kind = {
  fitsUnits: ({ inputs, units, draft }) =>
    inputs.length === units * unitBytes(draft.runtime.inputs),
  sizeUnit,
  sliceInputs,
  cutInto,
  sizing,
  chooseSize,
  makePackage,
  readReveal,
  unitPart: (outputs, unitCount, place) => {
    const size = outputs.length / unitCount;
    return outputs.subarray(place * size, (place + 1) * size);
  },
  isComplete: ({ acceptedUnits, failedUnits, record }) =>
    acceptedUnits + failedUnits === record.units,
  cutUnit,
  itemsIn,
  verdictFault: ({ runtime }, verdict) => fingerprintFault(verdict, runtime.taps.length > 0),
  classOf,
  viewUnits: ({ draft: { runtime } }, manifest) => ({
    inputs: runtime.inputs,
    outputs: manifest?.runtime.outputs ?? [],
    unitItems: runtime.unitItems,
  }),
  quoteNotes: ({ draft, notes = [] }) =>
    draft.runtime.coupled === true && notes.every(({ code }) => code !== 'items-apart')
      ? [why('items-coupled', {})]
      : [],
};

/** A device sends the fingerprints of taps, and holds the taps. */
function sizeUnit({ draft }: JobRecord, manifest?: PackageManifest): UnitSizes {
  const { outputs, taps } = manifest?.runtime ?? { outputs: [], taps: [] };
  return {
    fetched: unitBytes(draft.runtime.inputs),
    sent: unitBytes(outputs) + fingerprintBytes(taps.length),
    held: unitBytes(taps),
  };
}

/** A mended unit, which is lent alone, is a blob of its own. */
function sliceInputs(job: Job, first: number, count: number): Lease['inputs'] {
  const { record, inputDigests, failed } = job;
  const size = unitBytes(record.draft.runtime.inputs);
  const { mended } = failed.get(first) ?? {};
  if (mended !== undefined) {
    const digests = encodeBase64(hexToBytes(mended.digest));
    return { ...mended.blob, offset: bytes(0), unitBytes: bytes(size), digests };
  }
  const { root, length, firstUnit = 0 } = partOf(job, first);
  const digests = inputDigests.subarray(first * DIGEST_BYTES, (first + count) * DIGEST_BYTES);
  return {
    root,
    length,
    offset: bytes((first - firstUnit) * size),
    unitBytes: bytes(size),
    digests: encodeBase64(digests),
  };
}

/** The last unit may be filled up beyond them. */
function itemsIn({ draft, items }: JobRecord, unit: number): number {
  const { unitItems } = draft.runtime;
  return Math.min(unitItems, items - unit * unitItems);
}

function cutUnit(job: Job, unit: number): Omit<UnitCut, 'failed'> {
  const { record } = job;
  const { root, length, firstUnit = 0 } = partOf(job, unit);
  const { inputs: specs } = record.draft.runtime;
  return { inputs: { root, length }, specs, unit: unit - firstUnit, items: itemsIn(record, unit) };
}

function cutInto(
  { draft, inputs, items }: JobRecord,
  { unitItems, coupled }: UnitSize,
): ReturnType<Kind['cutInto']> {
  const { runtime } = draft;
  if (runtime.unitItems === unitItems) return undefined;
  const sized = runtime.sized ?? 'measured';
  const specs = resizeUnit(runtime.inputs, unitItems);
  const why = coupled === true ? { sized, coupled } : { sized };
  return {
    draft: { ...draft, runtime: { ...runtime, inputs: specs, unitItems, ...why } },
    units: Math.ceil(items / unitItems),
    cut: { inputs, specs: runtime.inputs, items, unitItems },
  };
}

function sizing({ draft: { file, runtime } }: JobRecord): ReturnType<Kind['sizing']> {
  const { graphOptimization, inputs, taps = [], unitItems, coupled, sized } = runtime;
  if (sized === 'fixed') return undefined;
  const executed = { file, graphOptimization, inputs: resizeUnit(inputs, 1), taps };
  const size = coupled ? { unitItems, coupled } : { unitItems };
  return { model: digestRecord(executed), size, isFinal: sized !== undefined || coupled === true };
}

/** A unit that takes longer on the exact lane is cut, where the model runs with fewer items. */
const UNIT_MS_MAX = 100;

function chooseSize(
  { draft: { runtime } }: JobRecord,
  { unitMs, runsAlone }: Parameters<Kind['chooseSize']>[1],
): UnitSize {
  const { unitItems } = runtime;
  if (runtime.sized !== undefined || runsAlone !== true || unitMs <= UNIT_MS_MAX) {
    return { unitItems };
  }
  const most = Math.max(1, (UNIT_MS_MAX * unitItems) / unitMs);
  return { unitItems: 2 ** Math.floor(Math.log2(most)) };
}

/** The outputs of all units, then their fingerprints. */
function readReveal(
  { runtime: { outputs: specs, taps } }: PackageManifest,
  { reveal, payload, unitCount }: RevealedBytes & { unitCount: number },
  sha256: Sha256,
): Result<Revealed> {
  const size = unitBytes(specs);
  const length = unitCount * (size + fingerprintBytes(taps.length));
  if (payload.length !== length) {
    const message = `expected ${length} bytes for ${unitCount} units, got ${payload.length}`;
    return refuse('result-shape', message);
  }
  const tapped = taps.length > 0;
  if (tapped !== (reveal.taps !== undefined)) {
    const message = tapped
      ? 'this package has taps: commit to their digest, and reveal it with the fingerprints'
      : 'this package has no taps: leave `taps` out of commitment and reveal';
    return refuse('result-shape', message);
  }
  const outputs = payload.subarray(0, unitCount * size);
  const fingerprints = payload.subarray(outputs.length);
  if (hasNanHalf(fingerprints)) {
    const message = 'a fingerprint holds NaN, which no projection gives: compute the shard again';
    return refuse('result-nan', message);
  }
  const digests = digestUnits(size, outputs, sha256);
  return accept({ outputs, digests, ...(tapped ? { fingerprints } : {}) });
}

function hasNanHalf(halves: Uint8Array): boolean {
  for (let at = 0; at < halves.length; at += 2) {
    const half = (halves[at] ?? 0) | ((halves[at + 1] ?? 0) << 8);
    if ((half & 0x7fff) > 0x7c00) return true;
  }
  return false;
}
