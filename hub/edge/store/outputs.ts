import type { Database } from './database/port.ts';
import type { FactReader } from './fact-reader.ts';
import { FACT, type FactRow } from './fact-rows.ts';
import { IS_VOID, OF_LEASE } from './fact-types.ts';
import { openOutputBytes, type SegmentBlobs } from './output-bytes.ts';
import type { ShardOutputs, Store, UnitRange } from './port.ts';
import { WORD } from './words.ts';

/** Not-voided accepted shards of some units. */
const OF_UNITS = `type = 'accepted' and job = ${WORD} and first_unit < ? and end_unit > ?
  and first_unit >= ? and not ${IS_VOID}`;
const argsOf = ({ first, end, beginningAt }: UnitRange) => [end, first, beginningAt];

/** The calls of a store that give what came with accepted shards. */
export function openOutputs(
  database: Database,
  facts: FactReader,
  blobs: SegmentBlobs,
): Pick<Store, 'results' | 'spans' | 'delivered' | 'fingerprints'> {
  const { read } = database;
  const readBytes = openOutputBytes(database, blobs);
  const complete = async (rows: readonly FactRow[]): Promise<ShardOutputs[]> => {
    const bytes = await readBytes(rows, 'outputs');
    const accepted = await facts.decode<'accepted'>(rows);
    return rows.flatMap(({ number }, at) => {
      const [shard, outputs] = [accepted[at]?.shard, bytes.get(number)];
      return shard === undefined || outputs === undefined ? [] : [{ shard, outputs }];
    });
  };
  const ofLease = `select ${FACT} from ${OF_LEASE}`;
  return {
    async results(job, units) {
      const sql = `select ${FACT} from fact where ${OF_UNITS} order by sequence`;
      return complete(await read<FactRow>(sql, job, ...argsOf(units)));
    },
    async spans(job, units) {
      const sql = `select first_unit as firstUnit, end_unit - first_unit as unitCount from fact
        where ${OF_UNITS} order by sequence`;
      return read<{ firstUnit: number; unitCount: number }>(sql, job, ...argsOf(units));
    },
    async delivered(lease) {
      return (await complete(await read<FactRow>(ofLease, lease)))[0];
    },
    async fingerprints(lease) {
      const rows = await read<FactRow>(ofLease, lease);
      const [[, fingerprints] = []] = await readBytes(rows, 'fingerprints');
      const [accepted] = await facts.decode<'accepted'>(rows);
      if (accepted === undefined || fingerprints === undefined) return undefined;
      const { shard } = accepted;
      const [commitment] = await facts.commitments([shard.index]);
      if (commitment === undefined) return undefined;
      const { entry, logSignature } = commitment;
      return { shard, entry, logSignature, fingerprints };
    },
  };
}
