import type { Assurance, JobRecord } from '#protocol/api/job.ts';
import { concatBytes, DIGEST_BYTES, digest, hexToBytes, sha256 } from '#protocol/bytes/digest.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type { DeveloperId, JobId, Root } from '#protocol/values/ids.ts';
import { bytes, type Instant, lamports, type Millis, millis } from '#protocol/values/units.ts';
import type { Random } from './random.ts';

export const FAKE_INPUTS: TensorSpec[] = [{ name: 'x', dtype: 'f32', shape: [1, 4] }];
export const FAKE_OUTPUTS: TensorSpec[] = [{ name: 'y', dtype: 'f32', shape: [1, 4] }];
export const FAKE_UNIT_BYTES = 16;

/** Taps of the fake model, where its job asks for them. */
export const FAKE_TAPS: TensorSpec[] = ['tap0', 'tap1'].map((name) => ({
  name,
  dtype: 'f32',
  shape: [1, 4],
}));
export const FAKE_TAP_BYTES = 32;

/**
 * A fake model: outputs are a hash of the inputs and of its file's root, made to be finite floats.
 */
export function fakeCompute(model: Root, inputs: Uint8Array): Uint8Array<ArrayBuffer> {
  const outputs = sha256(concatBytes(hexToBytes(model), inputs)).slice(0, FAKE_UNIT_BYTES);
  for (let high = 3; high < FAKE_UNIT_BYTES; high += 4) outputs[high] = (outputs[high] ?? 0) & 0x3f;
  return new Uint8Array(outputs);
}

/** What a unit of a fake model takes on the exact lane: models differ, from 20 to 147 ms. */
export const fakeUnitMs = (model: Root): Millis => millis(20 + ((hexToBytes(model)[0] ?? 0) >> 1));

/** What is inside a unit of the fake model: known to whoever computed it. */
export const fakeTaps = (model: Root, inputs: Uint8Array): Uint8Array<ArrayBuffer> => {
  const first = fakeCompute(model, sha256(inputs));
  return new Uint8Array(concatBytes(first, fakeCompute(model, first)));
};

/** Blobs of the simulated world by root. Roots are plain digests: no tree is checked here. */
export interface FakeBlobs {
  put(data: Uint8Array): BlobRef;
  get(root: Root): Uint8Array | undefined;
}

export function openFakeBlobs(): FakeBlobs {
  const blobs = new Map<Root, Uint8Array>();
  return {
    put(data) {
      const root = digest(data) as string as Root;
      blobs.set(root, data.slice());
      return { root, length: bytes(data.length) };
    },
    get: (root) => blobs.get(root),
  };
}

export function digestAll(data: Uint8Array, unitBytes = FAKE_UNIT_BYTES): Uint8Array<ArrayBuffer> {
  const units = data.length / unitBytes;
  const digests = new Uint8Array(units * DIGEST_BYTES);
  for (let unit = 0; unit < units; unit += 1) {
    const at = unit * unitBytes;
    digests.set(sha256(data.subarray(at, at + unitBytes)), unit * DIGEST_BYTES);
  }
  return digests;
}

/** Whose jobs they are where nobody is named. */
const ONE_DEVELOPER = 'dev_00000000000000ab' as DeveloperId;

/** A job, with the bytes that its record names. */
export interface FakeJobMade {
  record: JobRecord;
  inputDigests: Uint8Array;
  inputs: Uint8Array;
}

export interface FakeJob {
  units: number;
  assurance: Assurance;
  now: Instant;
  taps?: boolean;
  unitPrice?: number;
  developer?: DeveloperId;
  /** Names the model, where jobs are to have the same one. */
  model?: string;
  /** Written at the end of the model's file: what it does with bad items. */
  mark?: string;
  /** Two of them halve a unit; the first and the last unit hold no bad item. */
  unitItems?: 1 | 2;
  /** It takes inputs while it runs. */
  open?: boolean;
}

/** Inputs or outputs of a fake model whose units hold so many items. */
export const fakeSpecs = (specs: readonly TensorSpec[], unitItems: number): TensorSpec[] =>
  specs.map((spec) => ({ ...spec, shape: [unitItems, 4 / unitItems] }));

/** A job of `units` units with seeded inputs. */
export function makeFakeJob(blobs: FakeBlobs, random: Random, job: FakeJob): FakeJobMade {
  const inputs = new Uint8Array(job.units * FAKE_UNIT_BYTES).map(() => random.between(0, 256));
  const { unitItems = 1, mark = '' } = job;
  const good = [0, 8].flatMap((at) => [at, inputs.length - FAKE_UNIT_BYTES + at]);
  if (mark !== '') for (const at of good) inputs[at] = 255;
  const model = blobs.put(new TextEncoder().encode(`model ${job.model ?? random.nonce()}${mark}`));
  const inputDigests = digestAll(inputs);
  const record: JobRecord = {
    id: `job_${random.nonce().slice(0, 16)}` as JobId,
    name: 'simulated',
    developer: job.developer ?? ONE_DEVELOPER,
    createdAt: job.now,
    draft: {
      name: 'fake model',
      file: model,
      runtime: {
        kind: 'graph',
        inputs: fakeSpecs(FAKE_INPUTS, unitItems),
        unitItems,
        graphOptimization: 'all',
        ...(job.taps === true ? { taps: FAKE_TAPS.map(({ name }) => name) } : {}),
      },
    },
    inputs: blobs.put(inputs),
    inputDigests: blobs.put(inputDigests),
    items: job.units * unitItems,
    units: job.units,
    unitPrice: lamports(BigInt(job.unitPrice ?? 0)),
    assurance: job.assurance,
    autoStart: true,
    ...(job.open === true ? { open: { idleMinutes: 60 } } : {}),
  };
  return { record, inputDigests, inputs };
}
