import { hash } from 'node:crypto';
import type { AppliedFact, CommittedShard, Fact } from '../../core/state/facts.ts';
import type { Database } from './database/port.ts';
import { decodeRow, FACT, type FactRow, type StoredFact } from './fact-rows.ts';
import { IS_UNREVEALED } from './fact-types.ts';
import type { FactPage, Tip } from './port.ts';
import type { Words } from './words.ts';

/** Rows that are in memory at once while facts are loaded: a few megabytes. */
const ROWS_PER_PAGE = 4_096;

/** Reads the table of facts. */
export interface FactReader {
  /** The facts of rows that a query found with the columns `FACT`. */
  decode<T extends Fact['type']>(rows: readonly FactRow[]): Promise<StoredFact<T>[]>;
  /** Commitments of these indexes, in their order. */
  commitments(indexes: readonly number[]): Promise<CommittedShard[]>;
  /** As `Store.load`. */
  load(after: number): AsyncIterable<FactPage>;
  /** The newest fact up to this number. */
  tip(most: number): Promise<Tip | undefined>;
}

/** Opens the table for reading. */
export function openFactReader(database: Database, words: Words): FactReader {
  const decode = <T extends Fact['type']>(rows: readonly FactRow[]) =>
    decodeRows(rows, { database, words }) as Promise<StoredFact<T>[]>;
  return {
    decode,
    async commitments(indexes) {
      const rows = await readCommitments(database, indexes);
      return (await decode<'committed'>(rows)).map(({ commitment }) => commitment);
    },
    load: (after) => loadFacts(database, decode, after),
    async tip(most) {
      const sql = `select ${FACT} from fact where number <= ? order by number desc limit 1`;
      const [row] = await database.read<FactRow>(sql, most);
      if (row === undefined) return undefined;
      const facts = await decode([{ ...row, input_digests: null }]);
      return { number: row.number, digest: hash('sha256', JSON.stringify(facts)) };
    },
  };
}

async function decodeRows(
  rows: readonly FactRow[],
  { database, words }: { database: Database; words: Words },
): Promise<StoredFact<Fact['type']>[]> {
  const all = [...(await readCommitments(database, missingCommitments(rows))), ...rows];
  // Most words that a page names stand in its columns: they are there before bodies are decoded.
  await words.tell((textOf) => {
    for (const { job, device } of all) for (const name of [job, device]) if (name) textOf(name);
  });
  const facts = await words.tell((textOf) => {
    const commitments = new Map<number, CommittedShard>();
    return all.map((row) => {
      const fact = decodeRow(row, textOf, commitments);
      if (fact.type === 'committed' && row.log_index !== null) {
        commitments.set(row.log_index, fact.commitment);
      }
      return fact;
    });
  });
  return facts.slice(all.length - rows.length);
}

/** Commitments that accepted shards among these rows need, and that do not stand before them. */
function missingCommitments(rows: readonly FactRow[]): number[] {
  const [before, missing] = [new Set<number>(), new Set<number>()];
  for (const { type, body, log_index: index } of rows) {
    if (index === null) continue;
    if (type === 'committed') before.add(index);
    if (type === 'accepted' && typeof body !== 'string' && !before.has(index)) missing.add(index);
  }
  return [...missing];
}

const readCommitments = (
  { read }: Database,
  indexes: readonly number[],
): Promise<readonly FactRow[]> => {
  if (indexes.length === 0) return Promise.resolve([]);
  const sql = `select ${FACT} from fact where type = 'committed'
    and log_index in (select value from json_each(?)) order by log_index`;
  return read(sql, JSON.stringify(indexes));
};

/** What `Store.load` says. */
async function* loadFacts(
  { read }: Database,
  decode: FactReader['decode'],
  after: number,
): AsyncIterable<FactPage> {
  const sql = `select ${FACT}, type = 'committed' and ${IS_UNREVEALED} as is_over
    from fact where number > ? order by number limit ${ROWS_PER_PAGE}`;
  for (let number = after; ; ) {
    const rows = await read<FactRow & { is_over: number }>(sql, number);
    const last = rows.at(-1);
    if (last === undefined) return;
    number = last.number;
    const facts = await decode<Fact['type']>(rows.filter(({ is_over }) => is_over === 0));
    yield { number, facts: facts.map(applied) };
  }
}

/** What of a fact changes the state. */
const applied = (fact: StoredFact<Fact['type']>): AppliedFact =>
  fact.type === 'accepted' ? { type: fact.type, shard: fact.shard } : fact;
