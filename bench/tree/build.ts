import { hash } from 'node:crypto';
import { buildTree, checkProof, proveLeaf } from '#protocol/settlement/tree.ts';

/**
 * `build.ts LEAVES`: builds one tree in a process of its own and says in a line of JSON what it
 * took.
 */
const leafCount = Number(process.argv[2]);
const PROOFS = 2_000;

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
const seed = Uint8Array.from({ length: 32 }, (_, at) => at + 1);
const recipients = new Uint8Array(leafCount * 32);
for (let at = 0; at < leafCount; at += 1) {
  recipients.set(seed, at * 32);
  new DataView(recipients.buffer, at * 32).setUint32(0, at, true);
}
const cumulative = BigUint64Array.from({ length: leafCount }, (_, at) => BigInt(at) * 1_000n);

const [began, cpuBegan] = [performance.now(), cpuMs()];
const tree = buildTree({ tag: 'claim/v1', pool: seed, recipients, cumulative }, (data) =>
  hash('sha256', data, 'buffer'),
);
const [buildMs, buildCpuMs] = [performance.now() - began, cpuMs() - cpuBegan];

const proofsBegan = cpuMs();
for (let at = 0; at < PROOFS; at += 1) proveLeaf(tree, (at * 7_919) % leafCount);
const proofMs = (cpuMs() - proofsBegan) / PROOFS;

const index = leafCount - 1;
const proof = proveLeaf(tree, index);
const recipient = recipients.subarray(index * 32);
const leaf = { tag: 'claim/v1' as const, pool: seed, index, recipient };
const isRight =
  proof.ok && checkProof({ ...leaf, cumulative: cumulative[index] ?? 0n }, proof.value, tree).ok;
if (!isRight) throw new Error('the last leaf is not proved by its tree');
const residentMebibytes = process.resourceUsage().maxRSS / 1_024;
process.stdout.write(
  `${JSON.stringify({ built: leafCount, buildMs, buildCpuMs, proofMs, residentMebibytes })}\n`,
);
