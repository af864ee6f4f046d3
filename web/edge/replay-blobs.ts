import { UnitFingerprint } from '#protocol/api/api.ts';
import { digest, digestRecord } from '#protocol/bytes/digest.ts';
import { openFileTree } from '#protocol/bytes/file-tree.ts';
import { type BlobRef, PackageManifest } from '#protocol/models/package.ts';
import type { AcceptedShard } from '#protocol/records/records.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { Digest, Root } from '#protocol/values/ids.ts';
import { PocketgridError, type RefusalCode, refusal } from '#protocol/values/refusal.ts';
import { decodeError, type KeyedRequest } from './hub-api.ts';

/** What a replay needs of the hub, each checked by its digest. All throw a `PocketgridError`. */
export interface ReplayBlobs {
  package(id: Digest): Promise<PackageManifest>;
  model(file: BlobRef, onShare: (share: number) => void): Promise<Uint8Array<ArrayBuffer>>;
  /** The input bytes of one unit. */
  inputs(unit: UnitInputs): Promise<Uint8Array<ArrayBuffer>>;
  /** The output bytes the hub holds for a unit of this shard; undefined when it holds none any more. */
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

export function openReplayBlobs(request: KeyedRequest, signal: AbortSignal): ReplayBlobs {
  const { job } = request;
  const ask = (path: string, headers: Record<string, string> = {}) =>
    askHub(path, { headers: { authorization: `Bearer ${request.key}`, ...headers }, signal });
  return {
    package: async (id) => readPackage(await ask(`/v1/jobs/${job}/package`), id),
    model: async (file, onShare) => readModel(await ask(`/v1/blobs/${file.root}`), file, onShare),
    async inputs({ root, offset, length, digest: due }) {
      const range = `bytes=${offset}-${offset + length - 1}`;
      const bytes = await readBytes(await ask(`/v1/blobs/${root}`, { range }));
      const found = digest(bytes);
      if (found === due) return bytes;
      const message = `The inputs the hub holds are not those of the receipt: they hash to ${found.slice(0, 16)}…, the receipt says ${due.slice(0, 16)}…. Nothing was computed.`;
      throw fault('blob-hash', message);
    },
    outputs: (unit, shard) => readHeld(() => ask(unitPath('outputs', unit, shard))),
    async fingerprint(unit, shard) {
      const bytes = await readHeld(() => ask(unitPath('fingerprints', unit, shard)));
      if (bytes === undefined) return undefined;
      const held = decodeJson(UnitFingerprint, new TextDecoder().decode(bytes));
      if (!held.ok) throw new PocketgridError(held.refusal);
      return held.value.fingerprint;
    },
  };
}

/** By the lease: the shard of a receipt may be void by now, and another one hold the result. */
const unitPath = (
  what: 'outputs' | 'fingerprints',
  unit: number,
  { job, lease }: AcceptedShard,
): string => `/v1/jobs/${job}/${what}/${unit}?lease=${lease}`;

async function askHub(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    // A model is read once here: the browser's cache has no use for it.
    response = await fetch(path, { ...init, cache: 'no-store' });
  } catch {
    throw fault('download-failed', 'The hub did not answer. Check that it runs, then try again.');
  }
  if (response.ok) return response;
  const text = await response.text().catch(() => '');
  throw new PocketgridError(decodeError(response.status, text));
}

async function readBytes(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    throw fault('download-failed', 'The download was cut off; press Replay again.');
  }
}

async function readPackage(response: Response, id: Digest): Promise<PackageManifest> {
  const text = new TextDecoder().decode(await readBytes(response));
  const manifest = decodeJson(PackageManifest, text);
  if (!manifest.ok) throw new PocketgridError(manifest.refusal);
  if (digestRecord(manifest.value) === id) return manifest.value;
  const message = `The receipt is of package ${id.slice(0, 16)}…, and this job's package is another one. Nothing was computed.`;
  throw fault('blob-hash', message);
}

/** The whole model, hashed as it comes: a wrong one is known before anything runs it. */
async function readModel(
  response: Response,
  file: BlobRef,
  onShare: (share: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(file.length);
  const tree = openFileTree();
  const reader = response.body?.getReader();
  let at = 0;
  try {
    for (;;) {
      const next = await reader?.read();
      if (next === undefined || next.done) break;
      if (at + next.value.length > file.length) break;
      bytes.set(next.value, at);
      tree.push(next.value);
      at += next.value.length;
      onShare(at / file.length);
    }
  } catch {
    throw fault('download-failed', 'The model’s download was cut off; press Replay again.');
  }
  await reader?.cancel().catch(() => undefined);
  if (at === file.length && tree.finish().root === file.root) return bytes;
  const message = `The model the hub sent is not the one the package names (root ${file.root.slice(0, 16)}…). Nothing was computed.`;
  throw fault('blob-hash', message);
}

async function readHeld(ask: () => Promise<Response>): Promise<Uint8Array | undefined> {
  try {
    return await readBytes(await ask());
  } catch (error) {
    // The digest in the receipt is enough to compare with; only the distance cannot be told.
    const code = error instanceof PocketgridError ? error.refusal.code : undefined;
    if (code === 'not-found' || code === 'results-held') return undefined;
    throw error;
  }
}

const fault = (code: RefusalCode, message: string): PocketgridError =>
  new PocketgridError(refusal(code, message));
