import { hash } from 'node:crypto';
import type { FactOf } from '../../core/state/fact-lists.ts';
import type { AppliedFact, Fact } from '../../core/state/facts.ts';
import { nameBlobs } from './blob-names.ts';
import { listEarnings } from './earnings.ts';
import { PLACED } from './fact-types.ts';
import type { Database } from './libsql.ts';
import type { FactPage, Tip } from './port.ts';
import { removeData } from './removal.ts';

/** Rows per insert: in groups of 256 facts 128 take about a sixth less time than 32. */
const ROWS_PER_INSERT = 128;

/**
 * Every fact is a row of one table: its number in the order of appending, its type, its place among
 * those of its type (both from 1; 0 where nobody asks for it), its fields as JSON, and a column for
 * each kind of bytes. Other columns are generated of the JSON: what queries look for, and what may
 * be said once.
 */
export interface FactRow {
  type: Fact['type'];
  place: number;
  body: string;
  input_digests: Uint8Array | null;
}

/** Our own JSON, written from typed facts: it is not checked a second time. */
export const parseBody = <T extends Fact['type']>(_type: T, body: string) =>
  JSON.parse(body) as Omit<FactOf<T>, 'type' | 'inputDigests' | 'fingerprints' | 'outputs'>;

/** Rows that are in memory at once while facts are loaded: a few megabytes of JSON. */
const ROWS_PER_PAGE = 4_096;

/** What `Store.load` says. */
export async function* loadFacts({ read }: Database, after: number): AsyncIterable<FactPage> {
  const settled = (type: string) => `exists (select 1 from fact as settled
    where settled.type = '${type}' and settled.log_index = fact.log_index)`;
  const sql = `select number, type, input_digests, case when type = 'committed'
      and (${settled('accepted')} or ${settled('unrevealed')}) then null else body end as body
    from fact where number > ? order by number limit ${ROWS_PER_PAGE}`;
  for (let number = after; ; ) {
    const rows = await read<FactRow & { number: number; body: string | null }>(sql, number);
    const last = rows.at(-1);
    if (last === undefined) return;
    number = last.number;
    yield { number, facts: rows.filter(({ body }) => body !== null).map(decodeFact) };
  }
}

/** The newest fact up to this number. */
export async function tipAt({ read }: Database, most: number): Promise<Tip | undefined> {
  const sql = `select number, type, body from fact where number <= ? order by number desc limit 1`;
  const [row] = await read<FactRow & { number: number }>(sql, most);
  return row && { number: row.number, digest: hash('sha256', `${row.type} ${row.body}`) };
}

/** What changes the state of a fact's row. */
export function decodeFact({ type, body, input_digests: inputDigests }: FactRow): AppliedFact {
  const fields = JSON.parse(body);
  if (type === 'accepted') return { type, shard: fields.shard };
  return { type, ...fields, ...(inputDigests === null ? {} : { inputDigests }) };
}

type WithBytes = Fact & {
  inputDigests?: Uint8Array;
  fingerprints?: Uint8Array;
  outputs?: Uint8Array;
};

/** Opens the end of the table: `append` of the store. */
export async function openAppend({ read, write }: Database) {
  const [last] = await read<{ number: number | null }>('select max(number) as number from fact');
  let number = last?.number ?? 0;
  let places = new Map<Fact['type'], number>();
  for (const type of PLACED) {
    const sql = 'select max(place) as place from fact where type = ? and place > 0';
    const [newest] = await read<{ place: number | null }>(sql, type);
    places.set(type, newest?.place ?? 0);
  }
  return async (facts: readonly Fact[]): Promise<void> => {
    const counts = new Map(places);
    const rows = facts.map((fact, at) => {
      const { type, inputDigests, fingerprints, outputs, ...body } = fact as WithBytes;
      const before = counts.get(type);
      if (before !== undefined) counts.set(type, before + 1);
      const bytes = [inputDigests ?? null, fingerprints ?? null, outputs ?? null];
      return [number + 1 + at, type, counts.get(type) ?? 0, JSON.stringify(body), ...bytes];
    });
    const statements = [];
    for (let start = 0; start < rows.length; start += ROWS_PER_INSERT) {
      const some = rows.slice(start, start + ROWS_PER_INSERT);
      const marks = some.map(() => '(?, ?, ?, ?, ?, ?, ?)').join();
      const columns = 'number, type, place, body, input_digests, fingerprints, outputs';
      const sql = `insert into fact (${columns}) values ${marks}`;
      statements.push({ sql, args: some.flat() });
    }
    if (rows.length > 0)
      await write([
        ...statements,
        ...nameBlobs(facts),
        ...listEarnings(facts),
        ...removeData(facts),
      ]);
    number += rows.length;
    places = counts;
  };
}
