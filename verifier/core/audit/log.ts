import { decodeDigests } from '#protocol/bytes/base64.ts';
import { bytesToHex, digestCommitment } from '#protocol/bytes/digest.ts';
import { appendLeaf, frontierRoot, openFrontier } from '#protocol/bytes/merkle-log.ts';
import {
  hashEntry,
  type LoggedCommitment,
  type LoggedShard,
} from '#protocol/records/public-log.ts';
import type { Evidence, Fault, RevealedEpoch, Verify } from './evidence.ts';

/** The hub's log is one log, and the epoch's shards are what their devices committed to in it. */
export function auditLog(
  evidence: Evidence,
  { opened: { from }, revealed: { through } }: RevealedEpoch,
  verify: Verify,
): { checked: string[]; faults: Fault[] } {
  const { entries, head, hub } = evidence;
  const faults = auditTree(evidence, verify);
  const byIndex = new Map(entries.map((logged) => [logged.entry.index, logged]));
  const shards = evidence.shards.filter(
    ({ shard }) => shard.sequence >= from && shard.sequence <= through,
  );
  for (const logged of shards) {
    const message = judgeShard(logged, byIndex.get(logged.shard.index), { hub, verify });
    if (message !== undefined) {
      faults.push({ code: 'commitment', message: `shard ${logged.shard.sequence}: ${message}` });
    }
  }
  return {
    checked: [
      `the log of ${head.head.size} entries: root ${head.head.root} recomputed, head signed by hub ${hub}`,
      `${shards.length} commitments of the epoch: signed by their devices, logged and signed by the hub, opened by salt and output digests`,
    ],
    faults,
  };
}

/** The root over all entries, and over those of a head seen before. */
function auditTree({ entries, head, earlier, hub }: Evidence, verify: Verify): Fault[] {
  const faults: Fault[] = [];
  const fault = (message: string) => faults.push({ code: 'log', message });
  const heads = [head, ...(earlier === undefined ? [] : [earlier])];
  for (const { head: record, signature } of heads) {
    if (verify({ key: hub, context: 'tree-head', record, signature })) continue;
    fault(`the head of ${record.size} entries is not signed by hub ${hub}`);
  }
  const roots = new Map<number, string>();
  const frontier = openFrontier();
  let last = -1;
  const sizes = new Set(heads.map(({ head: { size } }) => size));
  for (let size = 0; ; size += 1) {
    if (sizes.has(size)) roots.set(size, bytesToHex(frontierRoot(frontier)));
    const logged = entries[size];
    if (logged === undefined) break;
    if (logged.entry.index <= last) fault(`entry ${size} of the log does not rise in its index`);
    last = logged.entry.index;
    appendLeaf(frontier, hashEntry(logged.entry));
  }
  if (roots.get(head.head.size) !== head.head.root) {
    fault(`the ${entries.length} entries of the log do not have the root of its signed head`);
  }
  if (earlier !== undefined && roots.get(earlier.head.size) !== earlier.head.root) {
    fault(
      `the log is no continuation of the head of ${earlier.head.size} entries that was seen before: entries were changed or taken out`,
    );
  }
  return faults;
}

/** What is wrong with one accepted shard's way into the log. */
function judgeShard(
  { shard, salt }: LoggedShard,
  logged: LoggedCommitment | undefined,
  { hub, verify }: { hub: Evidence['hub']; verify: Verify },
): string | undefined {
  if (logged === undefined) return `entry ${shard.index} is not in the log`;
  const { entry, commitment, logSignature, signature } = logged;
  const { lease, device } = commitment;
  const same = lease === shard.lease && device === shard.device;
  if (
    !same ||
    entry.commitment !== shard.commitment ||
    commitment.commitment !== entry.commitment
  ) {
    return `entry ${shard.index} of the log is of another commitment, lease or device`;
  }
  if (!verify({ key: device, context: 'commitment', record: commitment, signature })) {
    return 'its device did not sign the commitment';
  }
  if (!verify({ key: hub, context: 'log-entry', record: entry, signature: logSignature })) {
    return 'the hub did not sign its log entry';
  }
  const digests = decodeDigests(shard.digests, shard.unitCount);
  if (digests === undefined) return 'it has not one output digest for each unit';
  const { taps } = shard;
  const opened = digestCommitment({ lease, device, salt, digests, taps });
  return opened === shard.commitment
    ? undefined
    : 'its digests are not those its device committed to';
}
