import type { JobId, PublicKey } from '#protocol/ids.ts';
import { PocketgridError, refusal } from '#protocol/refusal.ts';
import type { CommittedShard, Fact, Snapshot } from '../../core/events.ts';
import type { ReceiptParts, Store } from './port.ts';
import { receiptInputs } from './receipt-inputs.ts';
import { projectJobs } from './snapshot.ts';

type FactOf<T extends Fact['type']> = Extract<Fact, { type: T }>;

/** A store that lives as long as the process: for tests, and for a grid nobody wants to keep. */
export function openMemoryStore(): Store {
  const facts: Fact[] = [];
  const said = new Set<string>();
  const keys = new Map<string, string>();
  const of = <T extends Fact['type']>(type: T): FactOf<T>[] =>
    facts.filter((fact): fact is FactOf<T> => fact.type === type);
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
    load: async () => structuredClone(project(of)),
    async results(job, fromUnit, toUnit) {
      return live(of, job)
        .filter(({ shard }) => shard.firstUnit < toUnit)
        .filter(({ shard }) => shard.firstUnit + shard.unitCount > fromUnit)
        .map(({ shard, outputs }) => structuredClone({ shard, outputs }));
    },
    receipts: async (job, fromUnit, limit) =>
      structuredClone(listReceipts(of, job, fromUnit).slice(0, limit)),
    async verdicts(after, limit) {
      const numbered = of('verdict').map(({ signed }, index) => ({ number: index + 1, signed }));
      return structuredClone(numbered.slice(after, after + limit));
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

type Select = <T extends Fact['type']>(type: T) => FactOf<T>[];

/** What the tables of a database hold unique. */
function onceNames(fact: Fact): string[] {
  switch (fact.type) {
    case 'job-created':
      return [`job ${fact.record.id}`];
    case 'job-packaged':
      return [`package ${fact.job}`];
    case 'committed':
      return [
        `index ${fact.commitment.entry.index}`,
        `committed lease ${fact.commitment.shard.lease}`,
      ];
    case 'accepted':
      return [`sequence ${fact.shard.sequence}`, `accepted index ${fact.shard.index}`];
    case 'voided':
      return [`void ${fact.sequence}`];
    default:
      return [];
  }
}

function live(of: Select, job?: JobId): FactOf<'accepted'>[] {
  const voided = new Set(of('voided').map((fact) => fact.sequence));
  return of('accepted')
    .filter(({ shard }) => !voided.has(shard.sequence) && (job ?? shard.job) === shard.job)
    .sort((a, b) => a.shard.sequence - b.shard.sequence);
}

function project(of: Select): Snapshot {
  const committed = of('committed').map((fact) => fact.commitment);
  const accepted = of('accepted').map((fact) => fact.shard);
  const indexes = new Set(accepted.map((shard) => shard.index));
  const judged = new Map<PublicKey, number>();
  for (const { verifier, through } of of('judged')) {
    judged.set(verifier, Math.max(through, judged.get(verifier) ?? 0));
  }
  const barred = new Map(of('barred').map((fact) => [fact.device, fact]));
  return {
    jobs: projectJobs({
      created: of('job-created'),
      packaged: of('job-packaged'),
      moved: of('job-moved'),
    }),
    accepted: live(of).map((fact) => fact.shard),
    voidedCount: countVoided(of),
    pending: committed.filter(({ entry }) => !indexes.has(entry.index)).sort(byIndex),
    verdicts: of('verdict').map((fact) => fact.signed),
    judged: [...judged].sort(byKey).map(([verifier, through]) => ({ verifier, through })),
    barred: [...barred]
      .sort(byKey)
      .map(([device, { until, reason }]) => ({ device, until, reason })),
    verifiers: [...new Set(of('verifier-enrolled').map((fact) => fact.key))],
    nextIndex: nextAfter(committed.map(({ entry }) => entry.index)),
    nextSequence: nextAfter(accepted.map((shard) => shard.sequence)),
  };
}

const nextAfter = (numbers: readonly number[]): number =>
  numbers.reduce((next, number) => Math.max(next, number + 1), 0);

const byIndex = (a: CommittedShard, b: CommittedShard) => a.entry.index - b.entry.index;
const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
  a < b ? -1 : a > b ? 1 : 0;

function countVoided(of: Select): Snapshot['voidedCount'] {
  const voided = new Set(of('voided').map((fact) => fact.sequence));
  const units = new Map<JobId, number>();
  for (const { shard } of of('accepted')) {
    if (!voided.has(shard.sequence)) continue;
    units.set(shard.job, (units.get(shard.job) ?? 0) + shard.unitCount);
  }
  return [...units].sort(byKey).map(([job, count]) => ({ job, units: count }));
}

function listReceipts(of: Select, job: JobId, fromUnit: number): ReceiptParts[] {
  const created = of('job-created').find((fact) => fact.record.id === job);
  if (created === undefined) return [];
  const commitments = new Map(of('committed').map((fact) => [fact.commitment.entry.index, fact]));
  const verdicts = of('verdict').map((fact) => fact.signed);
  return live(of, job)
    .map((fact) => fact.shard)
    .filter((shard) => shard.firstUnit + shard.unitCount > fromUnit)
    .sort((a, b) => a.firstUnit - b.firstUnit || a.sequence - b.sequence)
    .flatMap((shard) => {
      const committed = commitments.get(shard.index)?.commitment;
      if (committed === undefined) return [];
      return {
        shard,
        commitmentSignature: committed.signature,
        log: committed.entry,
        logSignature: committed.logSignature,
        inputs: receiptInputs(created, shard),
        verdicts: verdicts.filter(({ verdict }) => verdict.lease === shard.lease),
      };
    });
}
