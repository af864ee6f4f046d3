import type { JobId, LeaseId } from '#protocol/values/ids.ts';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import {
  appliedFacts,
  liveShards,
  type SelectFacts,
  selectFacts,
} from '../../core/state/fact-lists.ts';
import type { Fact } from '../../core/state/facts.ts';
import type { ReceiptParts, Store } from './port.ts';
import { receiptInputs } from './receipt-inputs.ts';

/** A store that lives as long as the process: for tests, and for a grid nobody wants to keep. */
export function openMemoryStore(): Store {
  const facts: Fact[] = [];
  const said = new Set<string>();
  const keys = new Map<string, string>();
  const of = selectFacts(facts);
  return {
    async append(added) {
      const once = added.flatMap(onceNames);
      if (once.some((name, at) => said.has(name) || once.indexOf(name) !== at)) {
        const message = 'a fact that is said once was said twice; nothing was stored';
        throw new PocketgridError(refusal('storage-failed', message));
      }
      for (const name of once) said.add(name);
      for (const fact of added) facts.push(structuredClone(fact));
    },
    load: async () => structuredClone(appliedFacts(facts)),
    async results(job, fromUnit, toUnit) {
      return liveShards(of, job)
        .filter(({ shard }) => shard.firstUnit < toUnit)
        .filter(({ shard }) => shard.firstUnit + shard.unitCount > fromUnit)
        .map(({ shard, outputs }) => structuredClone({ shard, outputs }));
    },
    async delivered(lease) {
      const found = of('accepted').find(({ shard }) => shard.lease === lease);
      return found && structuredClone({ shard: found.shard, outputs: found.outputs });
    },
    async fingerprints(lease) {
      const found = of('accepted').find(({ shard }) => shard.lease === lease);
      const committed = of('committed').find(({ commitment }) => commitment.shard.lease === lease);
      if (found?.fingerprints === undefined || committed === undefined) return undefined;
      const { shard, fingerprints } = found;
      const { entry, logSignature } = committed.commitment;
      return structuredClone({ shard, entry, logSignature, fingerprints });
    },
    receipt: async (lease) => structuredClone(findReceipt(of, lease)),
    receipts: async (job, fromUnit, limit) =>
      structuredClone(listReceipts(of, job, fromUnit).slice(0, limit)),
    async verdicts(after, limit) {
      const numbered = of('verdict').map(({ signed }, index) => ({ number: index + 1, signed }));
      return structuredClone(numbered.slice(after, after + limit));
    },
    async epochs(after, limit) {
      const numbered = of('epoch').map(({ signed }, index) => ({ number: index + 1, signed }));
      return structuredClone(numbered.slice(after, after + limit));
    },
    async commitments(fromIndex, limit) {
      const logged = of('committed').map((fact) => fact.commitment);
      const from = logged.filter(({ entry }) => entry.index >= fromIndex);
      from.sort((a, b) => a.entry.index - b.entry.index);
      return structuredClone(from.slice(0, limit));
    },
    async shards(fromSequence, limit) {
      const voided = new Set(of('voided').map((fact) => fact.sequence));
      const from = of('accepted').filter(({ shard }) => shard.sequence >= fromSequence);
      from.sort((a, b) => a.shard.sequence - b.shard.sequence);
      const page = from.slice(0, limit).map(({ shard, salt }) => {
        return { shard, salt, voided: voided.has(shard.sequence) };
      });
      return structuredClone(page);
    },
    async putKey(hash, name) {
      if (!keys.has(hash)) keys.set(hash, name);
    },
    hasKey: async (hash) => keys.has(hash),
    async close() {
      facts.length = 0;
    },
  };
}

/** What the tables of a database hold unique. */
function onceNames(fact: Fact): string[] {
  switch (fact.type) {
    case 'job-created':
      return [`job ${fact.record.id}`];
    case 'job-recut':
      return [`recut ${fact.record.id}`];
    case 'job-packaged':
      return [`package ${fact.job}`];
    case 'committed':
      return [
        `index ${fact.commitment.entry.index}`,
        `committed lease ${fact.commitment.shard.lease}`,
      ];
    case 'accepted':
      return [`sequence ${fact.shard.sequence}`, `accepted index ${fact.shard.index}`];
    case 'unrevealed':
      return [`unrevealed ${fact.index}`];
    case 'voided':
      return [`void ${fact.sequence}`];
    case 'verifier-removed':
      return [`removed ${fact.key}`];
    case 'job-funded':
      return [`funding ${fact.job}`];
    case 'job-closing':
      return [`closing ${fact.job}`];
    case 'payout-linked':
      return [`payout ${fact.payout.index}`];
    case 'leaf-file':
      return [`leaves ${fact.file.dataHash}`];
    case 'released':
      return [`release ${fact.sequence}`];
    default:
      return [];
  }
}

function listReceipts(of: SelectFacts, job: JobId, fromUnit: number): ReceiptParts[] {
  return liveShards(of, job)
    .filter(({ shard }) => shard.firstUnit + shard.unitCount > fromUnit)
    .sort(({ shard: a }, { shard: b }) => a.firstUnit - b.firstUnit || a.sequence - b.sequence)
    .flatMap((fact) => receiptOf(of, fact) ?? []);
}

function findReceipt(of: SelectFacts, lease: LeaseId): ReceiptParts | undefined {
  const found = of('accepted').find(({ shard }) => shard.lease === lease);
  return found && receiptOf(of, found);
}

function receiptOf(
  of: SelectFacts,
  { shard, salt }: Pick<Extract<Fact, { type: 'accepted' }>, 'shard' | 'salt'>,
): ReceiptParts | undefined {
  const cuts = [...of('job-recut'), ...of('job-created')];
  const created = cuts.find((fact) => fact.record.id === shard.job);
  const found = of('committed').find((fact) => fact.commitment.entry.index === shard.index);
  if (created === undefined || found === undefined) return undefined;
  const { signature, entry, logSignature } = found.commitment;
  return {
    shard,
    salt,
    commitmentSignature: signature,
    log: entry,
    logSignature,
    inputs: receiptInputs(created, shard),
    verdicts: of('verdict')
      .map((fact) => fact.signed)
      .filter(({ verdict }) => verdict.lease === shard.lease),
  };
}
