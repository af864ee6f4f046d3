import { bytesToHex } from '#protocol/bytes/digest.ts';
import type { LoggedShard } from '#protocol/records/public-log.ts';
import type { SignedVerdict } from '#protocol/records/records.ts';
import type { FinalRoot, Pool } from '#protocol/settlement/accounts.ts';
import { isSameKey } from '#protocol/settlement/layout.ts';
import {
  buildTrees,
  compareTables,
  decodeLeafFile,
  encodeLeafFile,
  type LeafFile,
} from '#protocol/settlement/leaf-file.ts';
import type { EarningShardView } from '#protocol/settlement/money-api.ts';
import { type MoneyFacts, makeLeafFile } from '#protocol/settlement/period-leaves.ts';
import type { Hash } from '#protocol/settlement/tree.ts';
import type { Verify } from './evidence.ts';
import { checkBans, checkPayouts, type SettlementFault } from './settlement-checks.ts';

/** What anyone can read of one final period of settlement. */
export interface SettlementEvidence {
  pool: { address: Uint8Array; state: Pool };
  /** The root on the chain. */
  root: FinalRoot;
  /** The leaf file that the hub gives by the hash on the chain. */
  bytes: Uint8Array;
  facts: MoneyFacts;
  /** Every accepted shard of the public log. */
  shards: readonly LoggedShard[];
  verdicts: readonly SignedVerdict[];
}

export interface SettlementReport {
  checked: string[];
  faults: SettlementFault[];
}

/** Recomputes both trees of a period from public facts and compares them with the chain. */
export function auditSettlement(
  evidence: SettlementEvidence,
  { verify, hash }: { verify: Verify; hash: Hash },
): SettlementReport {
  const decoded = decodeLeafFile(evidence.bytes);
  if (!decoded.ok) {
    return { checked: [], faults: [{ code: 'leaves', message: decoded.refusal.message }] };
  }
  const file = decoded.value;
  const until = { ...evidence, facts: factsUntil(evidence.facts, file) };
  const { verdicts } = evidence;
  const verifiers = new Set(verdicts.map(({ verdict }) => verdict.verifier)).size;
  const faults = [
    ...auditFile(evidence, file, hash),
    ...auditFacts(until, file),
    ...auditShards(until),
    ...checkPayouts(until.facts.payouts, verify),
    ...checkBans(until.facts, { verdicts, verifiers }, verify),
  ];
  const { jobs, shards, payouts } = until.facts;
  const { period, total, leafCount, claimRoot } = evidence.root;
  const checked = [
    `root ${bytesToHex(claimRoot)} of period ${period} on the chain: ${leafCount} contributors, ${total} lamports`,
    `both trees, recomputed from ${jobs.length} jobs, ${shards.length} shards and ${payouts.length} addresses`,
    `each of these shards against the public log, each address against its device's signature`,
  ];
  return { checked, faults };
}

const factsUntil = (facts: MoneyFacts, { through }: LeafFile): MoneyFacts => {
  const jobs = facts.jobs.filter(({ endedAt }) => endedAt <= through);
  const ended = new Set(jobs.map(({ id }) => id));
  return {
    ...facts,
    jobs,
    shards: facts.shards.filter(({ job }) => ended.has(job)),
    payouts: facts.payouts.filter(({ at }) => at <= through),
  };
};

function auditFile(
  { root, bytes, pool }: SettlementEvidence,
  file: LeafFile,
  hash: Hash,
): SettlementFault[] {
  const faults: string[] = [];
  const { claims, spends } = buildTrees(file, pool.address, hash);
  if (!isSameKey(hash(bytes), root.dataHash)) {
    faults.push(`the leaf file has another hash than ${bytesToHex(root.dataHash)} on the chain`);
  }
  if (!isSameKey(claims.root, root.claimRoot) || claims.total !== root.total) {
    const found = `${bytesToHex(claims.root)} with ${claims.total} lamports`;
    const said = `${bytesToHex(root.claimRoot)} with ${root.total}`;
    faults.push(`the claims come to ${found}, and the chain says ${said}`);
  }
  if (spends.total !== claims.total) {
    faults.push(`${claims.total} lamports are earned and ${spends.total} spent`);
  }
  // The chain keeps the newest root of spends only.
  const isNewest = root.period === pool.state.period;
  if (isNewest && !isSameKey(spends.root, pool.state.spendRoot)) {
    const said = bytesToHex(pool.state.spendRoot);
    faults.push(`the spends come to ${bytesToHex(spends.root)}, and the chain says ${said}`);
  }
  return faults.map((message) => ({ code: 'leaves', message }));
}

/** What the facts come to; where it is another file, the first leaf that differs on each side. */
function auditFacts({ facts }: SettlementEvidence, file: LeafFile): SettlementFault[] {
  const { period, through } = file;
  const least = { claims: file.claims.cumulative.length, spends: file.spends.cumulative.length };
  const own = makeLeafFile(facts, { period, through, least });
  if (isSameKey(encodeLeafFile(own), encodeLeafFile(file))) return [];
  return (['claims', 'spends'] as const).flatMap((side): SettlementFault[] => {
    for (const { index, one: mine, other: theirs } of compareTables(own[side], file[side])) {
      const message = `leaf ${index} of the ${side}: the facts come to ${mine.cumulative} lamports for ${bytesToHex(mine.recipient)}, the file says ${theirs.cumulative} for ${bytesToHex(theirs.recipient)}`;
      return [{ code: 'facts', message }];
    }
    return [];
  });
}

const PAID_BY = [
  ...(['job', 'device', 'package', 'unitCount', 'workBefore', 'unitCost'] as const),
  ...(['counted', 'donated'] as const),
];

function auditShards({ facts, shards }: SettlementEvidence): SettlementFault[] {
  const logged = new Map(shards.map((each) => [each.shard.sequence, each]));
  const seen = new Set<number>();
  const judge = (earning: EarningShardView): string | undefined => {
    const { sequence } = earning;
    if (seen.has(sequence)) return 'is paid twice';
    seen.add(sequence);
    const found = logged.get(sequence);
    if (found === undefined) return 'is not in the public log';
    if (found.voided) return 'is void';
    const other = PAID_BY.find((name) => Reflect.get(found.shard, name) !== earning[name]);
    return other === undefined ? undefined : `has another ${other} in the public log`;
  };
  return facts.shards.flatMap((shard): SettlementFault[] => {
    const wrong = judge(shard);
    if (wrong === undefined) return [];
    return [{ code: 'shard', message: `shard ${shard.sequence} of ${shard.job} ${wrong}` }];
  });
}
