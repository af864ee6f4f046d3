import { t } from '@lingui/core/macro';
import { readBlobRange, streamBlob } from '#client/blobs.ts';
import { readPackage } from '#client/jobs.ts';
import { readUnitFingerprint, readUnitOutputs } from '#client/results.ts';
import { digest } from '#protocol/bytes/digest.ts';
import { openFileTree } from '#protocol/bytes/file-tree.ts';
import { type BlobRef, digestPackage, type PackageManifest } from '#protocol/models/package.ts';
import type { AcceptedShard } from '#protocol/records/records.ts';
import type { Digest, Root } from '#protocol/values/ids.ts';
import { fault, must, type Result } from '#protocol/values/refusal.ts';
import { type KeyedRequest, openHub } from '../hub.ts';

/** What a replay needs of the hub, each checked by its digest. All throw a `PocketgridError`. */
export interface ReplayBlobs {
  package(id: Digest): Promise<PackageManifest>;
  model(file: BlobRef, onShare: (share: number) => void): Promise<Uint8Array<ArrayBuffer>>;
  /** The input bytes of one unit. */
  inputs(unit: UnitInputs): Promise<Uint8Array<ArrayBuffer>>;
  /** The output bytes the hub holds for a unit of this shard; undefined for none any more. */
  outputs(unit: number, shard: AcceptedShard): Promise<Uint8Array | undefined>;
  /** The fingerprint of it the hub holds, in base64; undefined when it holds none any more. */
  fingerprint(unit: number, shard: AcceptedShard): Promise<string | undefined>;
}

export interface UnitInputs {
  root: Root;
  offset: number;
  length: number;
  digest: Digest;
}

export function openReplayBlobs({ key, job }: KeyedRequest, signal: AbortSignal): ReplayBlobs {
  const hub = openHub(key);
  const options = { signal };
  return {
    package: async (id) => checkPackage(must(await readPackage(hub, job, options)), id),
    model: async (file, onShare) =>
      readModel(must(await streamBlob(hub, file.root, options)), file, onShare),
    async inputs({ digest: due, ...range }) {
      const bytes = must(await readBlobRange(hub, range, options));
      const found = digest(bytes);
      if (found === due) return bytes;
      const message = t`The inputs the hub holds are not those of the receipt: they hash to ${found.slice(0, 16)}…, the receipt says ${due.slice(0, 16)}…. Nothing was computed.`;
      throw fault('blob-hash', message);
    },
    outputs: async (unit, shard) =>
      heldOf(await readUnitOutputs(hub, unitOf(unit, shard), options)),
    fingerprint: async (unit, shard) =>
      heldOf(await readUnitFingerprint(hub, unitOf(unit, shard), options))?.fingerprint,
  };
}

/** By the lease: the shard of a receipt may be void by now, and another one hold the result. */
const unitOf = (unit: number, { job, lease }: AcceptedShard) => ({ job, unit, lease });

function checkPackage(manifest: PackageManifest, id: Digest): PackageManifest {
  if (digestPackage(manifest) === id) return manifest;
  const message = t`The receipt is of package ${id.slice(0, 16)}…, and this job's package is another one. Nothing was computed.`;
  throw fault('blob-hash', message);
}

/** The whole model, hashed as it comes: a wrong one is known before anything runs it. */
async function readModel(
  chunks: AsyncIterable<Uint8Array>,
  file: BlobRef,
  onShare: (share: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(file.length);
  const tree = openFileTree();
  let at = 0;
  for await (const chunk of chunks) {
    if (at + chunk.length > file.length) break;
    bytes.set(chunk, at);
    tree.push(chunk);
    at += chunk.length;
    onShare(at / file.length);
  }
  if (at === file.length && tree.finish().root === file.root) return bytes;
  const message = t`The model the hub sent is not the one the package names (root ${file.root.slice(0, 16)}…). Nothing was computed.`;
  throw fault('blob-hash', message);
}

/** What the hub holds; undefined where it holds it no more. */
function heldOf<T>(found: Result<T>): T | undefined {
  // The digest in the receipt is enough to compare with; only the distance cannot be told.
  const code = found.ok ? undefined : found.refusal.code;
  return code === 'not-found' || code === 'results-held' ? undefined : must(found);
}
