import { openBoundedMap } from '#node/bounded-map.ts';
import type { CommittedShard, Fact } from '../../core/state/facts.ts';
import { nameBlobs } from './blob-names.ts';
import type { Database, Statement, Value } from './database/port.ts';
import { forgetNames } from './device-facts.ts';
import { listEarnings } from './earnings.ts';
import { COLUMNS, draftFact } from './fact-rows.ts';
import { PLACED } from './fact-types.ts';
import { countTrust } from './models.ts';
import { removeData } from './removal.ts';
import { followOutputs } from './segments.ts';
import type { Words } from './words.ts';

/** Rows of an insert; the rest of a group is inserted one by one. */
const ROWS_PER_INSERT = 16;
/** Commitments that are remembered until they are opened; others are written out once more. */
const OPEN_KEPT = 16_384;

/** Opens the end of the table of facts: `append` of the store. */
export async function openAppend(
  { read, write }: Database,
  words: Words,
): Promise<(facts: readonly Fact[]) => Promise<void>> {
  const open = openBoundedMap<number, CommittedShard>(OPEN_KEPT);
  const [last] = await read<{ number: number | null }>('select max(number) as number from fact');
  let number = last?.number ?? 0;
  let places = await readPlaces(read);
  return async (facts) => {
    if (facts.length === 0) return;
    const counts = new Map(places);
    const drafts = facts.map((fact) => {
      if (fact.type === 'committed') open.set(fact.commitment.entry.index, fact.commitment);
      return draftFact(fact, fact.type === 'accepted' ? open.get(fact.shard.index) : undefined);
    });
    const entered = await words.enter(drafts.flatMap(({ texts }) => texts));
    const rows = facts.map(({ type }, at) => {
      const place = counts.get(type);
      if (place !== undefined) counts.set(type, place + 1);
      const columns = drafts[at]?.encode(entered.numberOf) ?? [];
      return [number + 1 + at, type, counts.get(type) ?? 0, ...columns];
    });
    await write([
      entered.statement,
      ...insertAll('fact', COLUMNS, rows),
      ...insertAll('output', ['number', 'fingerprints', 'outputs'], listOutputs(facts, number + 1)),
      ...nameBlobs(facts),
      ...listEarnings(facts),
      ...removeData(facts),
      ...forgetNames(facts),
      ...followOutputs(facts),
      ...countTrust(facts),
    ]);
    entered.keep();
    for (const fact of facts) if (fact.type === 'accepted') open.delete(fact.shard.index);
    number += rows.length;
    places = counts;
  };
}

/** How many facts there are of each type that has places. */
async function readPlaces(read: Database['read']): Promise<ReadonlyMap<Fact['type'], number>> {
  const places = new Map<Fact['type'], number>();
  for (const type of PLACED) {
    const sql = 'select max(place) as place from fact where type = ? and place > 0';
    const [newest] = await read<{ place: number | null }>(sql, type);
    places.set(type, newest?.place ?? 0);
  }
  return places;
}

/** The bytes that came with accepted shards, each under the number of its fact. */
const listOutputs = (facts: readonly Fact[], first: number): Value[][] =>
  facts.flatMap((fact, at) =>
    fact.type === 'accepted' ? [[first + at, fact.fingerprints ?? null, fact.outputs]] : [],
  );

function insertAll(
  table: string,
  columns: readonly string[],
  rows: readonly Value[][],
): Statement[] {
  const marks = `(${columns.map(() => '?').join()})`;
  const statements = [];
  for (let start = 0, end = 0; start < rows.length; start = end) {
    end = start + (rows.length - start < ROWS_PER_INSERT ? 1 : ROWS_PER_INSERT);
    const some = rows.slice(start, end);
    const sql = `insert into ${table} (${columns.join()}) values ${some.map(() => marks).join()}`;
    statements.push({ sql, args: some.flat() });
  }
  return statements;
}
