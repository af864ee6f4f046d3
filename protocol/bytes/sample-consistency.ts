import { consistencyPath, EMPTY_ROOT, hashNode } from './merkle-log.ts';

/**
 * Whether `path` shows that the older tree is the beginning of the newer, as whoever keeps heads of a
 * hub's log would check it (RFC 6962, section 2.1.2); for tests.
 */
export function checkConsistency(
  older: { size: number; root: Uint8Array },
  newer: { size: number; root: Uint8Array },
  path: readonly Uint8Array[],
): boolean {
  if (older.size > newer.size) return false;
  if (older.size === 0) return path.length === 0 && isSame(older.root, EMPTY_ROOT);
  if (older.size === newer.size) return path.length === 0 && isSame(older.root, newer.root);
  const nodes = consistencyPath(older.size, newer.size);
  if (path.length !== nodes.length) return false;
  const [first] = nodes;
  // The walk begins at the node that ends where the old tree ends: the old root, or the first hash.
  const given = first !== undefined && first.to === older.size && first.from > 0;
  const start = given ? path[0] : older.root;
  if (start === undefined) return false;
  let [oldHash, newHash] = [start, start];
  for (const [at, { from }] of nodes.entries()) {
    const other = path[at];
    if (other === undefined) return false;
    if (given && at === 0) continue;
    if (from < older.size) oldHash = hashNode(other, oldHash);
    newHash = from < older.size ? hashNode(other, newHash) : hashNode(newHash, other);
  }
  return isSame(oldHash, older.root) && isSame(newHash, newer.root);
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);
