import { DIGEST_BYTES, sha256 } from '#protocol/bytes/digest.ts';
import { PEER_WANT_BYTES_MAX } from '#protocol/messages/peer-frame.ts';
import { fault } from '#protocol/values/refusal.ts';
import type { FetchTarget } from '../core/events.ts';
import { chooseSource, type Goodput, type InputSource, notePart } from '../core/goodput.ts';
import type { PieceWorld } from './blob-download.ts';

type UnitsTarget = Extract<FetchTarget, { kind: 'units' }>;
type Range = { root: UnitsTarget['root']; offset: number; length: number };

/** Below this a hash is done before a thread of the platform is asked. */
const PLATFORM_HASH_BYTES_MIN = 16 * 1024;

/**
 * Fetches the input units of a shard in parts, each from the source that is the faster one by
 * measure, and checks each unit against its digest. Throws a `PocketgridError`.
 */
export function openUnitInputs(
  world: PieceWorld,
): (target: UnitsTarget) => Promise<Uint8Array<ArrayBuffer>> {
  const goodput: Goodput = { parts: 0 };

  const fetchPart = async (range: Range): Promise<Uint8Array<ArrayBuffer>> => {
    const [peer] = world.peers?.holders(range.root) ?? [];
    const source = chooseSource(goodput, peer !== undefined);
    const startedAt = performance.now();
    const note = (from: InputSource, bytes: number) =>
      notePart(goodput, from, { bytes, ms: performance.now() - startedAt });
    if (source === 'peers' && peer !== undefined && world.peers !== undefined) {
      const data = await world.peers.request(peer, range).catch(() => undefined);
      note('peers', data?.length ?? 0);
      if (data !== undefined) return data;
    }
    const data = await world.http.range(range.root, range.offset, range.length);
    if (source === 'https') note('https', data.length);
    return data;
  };

  return async (target) => {
    const data = new Uint8Array(unitsLength(target));
    await fill(data, target, fetchPart);
    if (await hasDigests(data, target)) return data;
    // A peer may have sent anything; the hub's own bytes settle it.
    notePart(goodput, 'peers', { bytes: 0, ms: 0 });
    await fill(data, target, ({ root, offset, length }) => world.http.range(root, offset, length));
    if (await hasDigests(data, target)) return data;
    throw fault('blob-hash', 'the inputs are not those the lease names');
  };
}

async function fill(
  data: Uint8Array,
  { root, offset }: UnitsTarget,
  fetchPart: (range: Range) => Promise<Uint8Array>,
): Promise<void> {
  for (let at = 0; at < data.length; at += PEER_WANT_BYTES_MAX) {
    const length = Math.min(PEER_WANT_BYTES_MAX, data.length - at);
    data.set(await fetchPart({ root, offset: offset + at, length }), at);
  }
}

const unitsLength = ({ digests, unitBytes }: UnitsTarget): number =>
  (digests.length / DIGEST_BYTES) * unitBytes;

async function hasDigests(
  data: Uint8Array<ArrayBuffer>,
  { unitBytes, digests }: UnitsTarget,
): Promise<boolean> {
  const units = digests.length / DIGEST_BYTES;
  const hashes = await Promise.all(
    Array.from({ length: units }, (_, unit) =>
      hashUnit(data.subarray(unit * unitBytes, (unit + 1) * unitBytes)),
    ),
  );
  return hashes.every((hash, unit) =>
    hash.every((byte, at) => byte === digests[unit * DIGEST_BYTES + at]),
  );
}

async function hashUnit(unit: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (unit.length < PLATFORM_HASH_BYTES_MIN) return sha256(unit);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', unit));
}
