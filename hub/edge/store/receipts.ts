import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { DIGEST_BYTES, hexToBytes } from '#protocol/bytes/digest.ts';
import type { AcceptedShard, Receipt, SignedVerdict } from '#protocol/records/records.ts';
import { type FactRow, parseBody } from './fact-table.ts';
import { IS_VOID, OF_JOBS } from './fact-types.ts';
import type { Database } from './libsql.ts';
import type { ReceiptParts, Store } from './port.ts';

/** The body of an accepted shard, its job, and the body of its commitment. */
type ShardRow = Pick<FactRow, 'body'> & { job: string; committed: string };

const SHARDS = `select fact.job, fact.body, committed.body as committed from fact
  join fact as committed on committed.type = 'committed' and committed.lease = fact.lease
  where fact.type = 'accepted'`;

/** The calls of a store that give receipts. */
export function openReceipts(database: Database): Pick<Store, 'receipts' | 'receipt'> {
  const { read } = database;
  return {
    async receipts(job, fromUnit, limit) {
      const sql = `${SHARDS} and fact.job = ? and fact.end_unit > ? and not ${IS_VOID}
        order by fact.first_unit, fact.sequence limit ?`;
      return completeReceipts(database, await read<ShardRow>(sql, job, fromUnit, limit));
    },
    async receipt(lease) {
      const rows = await read<ShardRow>(`${SHARDS} and fact.lease = ?`, lease);
      return (await completeReceipts(database, rows))[0];
    },
  };
}

/** Receipts of shards of one job, with its inputs and the verdicts on each. */
async function completeReceipts(
  { read }: Database,
  rows: readonly ShardRow[],
): Promise<ReceiptParts[]> {
  const newestCut = `select body, input_digests from fact
    where type in ('job-created', 'job-recut') and job = ? order by number desc limit 1`;
  const [cut] = await read<FactRow>(newestCut, rows[0]?.job ?? null);
  if (!cut?.input_digests) return [];
  const digests = cut.input_digests;
  const { root } = parseBody('job-created', cut.body).record.inputs;
  const mended = await readMended(read, rows[0]?.job);
  const verdicts = new Map<string, SignedVerdict[]>();
  const parts = rows.map(({ body, committed }) => {
    const { shard, salt } = parseBody('accepted', body);
    const { signature, entry, logSignature } = parseBody('committed', committed).commitment;
    const start = shard.firstUnit * DIGEST_BYTES;
    const units = digests.subarray(start, start + shard.unitCount * DIGEST_BYTES);
    const said: SignedVerdict[] = [];
    verdicts.set(shard.lease, said);
    return {
      ...{ shard, salt, commitmentSignature: signature, log: entry, logSignature },
      inputs: mended(shard) ?? { root, digests: encodeBase64(units) },
      verdicts: said,
    };
  });
  const leases = [...verdicts.keys()];
  const onThem = `select body from fact where type = 'verdict'
    and lease in (${leases.map(() => '?').join()}) order by lease, number`;
  for (const { body } of await read<FactRow>(onThem, ...leases)) {
    const { signed } = parseBody('verdict', body);
    verdicts.get(signed.verdict.lease)?.push(signed);
  }
  return parts;
}

/** Of a shard that computed a unit as it was mended: the inputs it had. */
async function readMended(read: Database['read'], job: string | undefined) {
  const sql = `select body from fact where job = ? and type in ${OF_JOBS}
    and type = 'items-failed'
    order by number desc`;
  const rows = await read<FactRow>(sql, job ?? null);
  const facts = rows.map(({ body }) => parseBody('items-failed', body));
  return ({ firstUnit, unitCount, sequence }: AcceptedShard): Receipt['inputs'] | undefined => {
    const newest = facts.find(({ unit, since }) => unit === firstUnit && since <= sequence);
    if (unitCount !== 1 || newest?.mended === undefined) return undefined;
    const { blob, digest } = newest.mended;
    return { root: blob.root, digests: encodeBase64(hexToBytes(digest)), firstUnit };
  };
}
