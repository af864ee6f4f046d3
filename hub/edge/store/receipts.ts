import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { DIGEST_BYTES, hexToBytes } from '#protocol/bytes/digest.ts';
import type { AcceptedShard, Receipt, SignedVerdict } from '#protocol/records/records.ts';
import type { JobId, LeaseId } from '#protocol/values/ids.ts';
import type { Database } from './database/port.ts';
import type { FactReader } from './fact-reader.ts';
import { FACT, type FactRow, type StoredFact } from './fact-rows.ts';
import { IS_VOID, OF_JOBS, OF_LEASE } from './fact-types.ts';
import type { ReceiptParts, Store } from './port.ts';
import { WORD } from './words.ts';

/** The calls of a store that give receipts. */
export function openReceipts(
  { read }: Database,
  facts: FactReader,
): Pick<Store, 'receipts' | 'receipt'> {
  const complete = async (rows: readonly FactRow[]) =>
    completeReceipts(read, facts, await facts.decode<'accepted'>(rows));
  return {
    async receipts(job, fromUnit, limit) {
      const sql = `select ${FACT} from fact where fact.type = 'accepted' and fact.job = ${WORD}
        and fact.end_unit > ? and not ${IS_VOID} order by fact.first_unit, fact.sequence limit ?`;
      return complete(await read<FactRow>(sql, job, fromUnit, limit));
    },
    async receipt(lease) {
      return (await complete(await read<FactRow>(`select ${FACT} from ${OF_LEASE}`, lease)))[0];
    },
  };
}

/** Receipts of shards of one job, with its inputs and the verdicts on each. */
async function completeReceipts(
  read: Database['read'],
  facts: FactReader,
  shards: readonly StoredFact<'accepted'>[],
): Promise<ReceiptParts[]> {
  const job = shards[0]?.shard.job;
  if (job === undefined) return [];
  const newestCut = `select ${FACT} from fact where type in ('job-created', 'job-recut')
    and job = ${WORD} order by number desc limit 1`;
  const [cut] = await facts.decode<'job-created'>(await read<FactRow>(newestCut, job));
  if (cut === undefined) return [];
  const mended = await readMended(read, facts, job);
  const added = await readAdded(read, facts, shards);
  const verdicts = await readVerdicts(read, facts, shards);
  const indexes = shards.map(({ shard }) => shard.index);
  const commitments = new Map(
    (await facts.commitments(indexes)).map((commitment) => [commitment.entry.index, commitment]),
  );
  return shards.flatMap(({ shard, salt }) => {
    const commitment = commitments.get(shard.index);
    if (commitment === undefined) return [];
    const { signature, entry, logSignature } = commitment;
    const start = shard.firstUnit * DIGEST_BYTES;
    const units = cut.inputDigests.subarray(start, start + shard.unitCount * DIGEST_BYTES);
    const inputs = { root: cut.record.inputs.root, digests: encodeBase64(units) };
    return [
      {
        ...{ shard, salt, commitmentSignature: signature, log: entry, logSignature },
        inputs: mended(shard) ?? added(shard) ?? inputs,
        verdicts: verdicts.get(shard.lease) ?? [],
      },
    ];
  });
}

/** Verdicts on these shards by their leases, in their order. */
async function readVerdicts(
  read: Database['read'],
  facts: FactReader,
  shards: readonly StoredFact<'accepted'>[],
): Promise<Map<LeaseId, SignedVerdict[]>> {
  const verdicts = new Map(shards.map(({ shard }) => [shard.lease, [] as SignedVerdict[]]));
  const sql = `select ${FACT} from fact where type = 'verdict'
    and lease in (select unhex(value) from json_each(?)) order by lease, number`;
  const rows = await read<FactRow>(sql, JSON.stringify([...verdicts.keys()]));
  for (const { signed } of await facts.decode<'verdict'>(rows)) {
    verdicts.get(signed.verdict.lease)?.push(signed);
  }
  return verdicts;
}

/** Of a shard of units that were added to an open job: the inputs it had. */
async function readAdded(
  read: Database['read'],
  facts: FactReader,
  shards: readonly StoredFact<'accepted'>[],
) {
  const least = Math.min(...shards.map(({ shard }) => shard.firstUnit));
  const most = Math.max(...shards.map(({ shard }) => shard.firstUnit + shard.unitCount));
  const sql = `select ${FACT} from fact where job = ${WORD} and type in ${OF_JOBS}
    and type = 'inputs-added' and end_unit > ? and first_unit < ?`;
  const rows = await read<FactRow>(sql, shards[0]?.shard.job ?? '', least, most);
  const parts = await facts.decode<'inputs-added'>(rows);
  return ({ firstUnit: first, unitCount }: AcceptedShard): Receipt['inputs'] | undefined => {
    const part = parts.find(
      ({ firstUnit, units }) => firstUnit <= first && first < firstUnit + units,
    );
    if (part === undefined) return undefined;
    const start = (first - part.firstUnit) * DIGEST_BYTES;
    const digests = part.inputDigests.subarray(start, start + unitCount * DIGEST_BYTES);
    return { root: part.inputs.root, digests: encodeBase64(digests), firstUnit: part.firstUnit };
  };
}

/** Of a shard that computed a unit as it was mended: the inputs it had. */
async function readMended(read: Database['read'], facts: FactReader, job: JobId) {
  const sql = `select ${FACT} from fact where job = ${WORD} and type in ${OF_JOBS}
    and type = 'items-failed' order by number desc`;
  const failed = await facts.decode<'items-failed'>(await read<FactRow>(sql, job));
  return ({ firstUnit, unitCount, sequence }: AcceptedShard): Receipt['inputs'] | undefined => {
    const newest = failed.find(({ unit, since }) => unit === firstUnit && since <= sequence);
    if (unitCount !== 1 || newest?.mended === undefined) return undefined;
    const { blob, digest } = newest.mended;
    return { root: blob.root, digests: encodeBase64(hexToBytes(digest)), firstUnit };
  };
}
