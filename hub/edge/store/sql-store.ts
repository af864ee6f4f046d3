import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import type { Fact } from '../../core/state/facts.ts';
import { encodeFactRows, type FactRow } from './fact-rows.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Store } from './port.ts';
import {
  parseRecord,
  readRows,
  type SqlDatabase,
  type SqlStatement,
  selectLiveShards,
} from './sql-database.ts';
import { loadFacts } from './sql-facts.ts';
import { loadCommitments, loadFingerprints, loadShards } from './sql-log.ts';
import { loadReceipt, loadReceipts } from './sql-receipts.ts';
import { sql } from './sql-tables.ts';

/** Rows per insert: past 32 the gain is within the noise, and each count is a statement to keep. */
const ROWS_PER_INSERT = 32;

/** A store over a SQL database, which it migrates first and closes at its own `close`. */
export async function openSqlStore(database: SqlDatabase): Promise<Store> {
  await migrate(database);
  const insertText = new Map<string, string>();
  const counts = await readRows(database, sql.selectFrom('fact_count').select('facts').compile());
  let appended = counts[0]?.facts ?? 0;
  return {
    async append(facts) {
      if (facts.length === 0) return;
      const next = appended + facts.length;
      const count = sql.updateTable('fact_count').set({ facts: next }).compile();
      await database.transact('write', [count, ...insertFacts(facts, appended, insertText)]);
      appended = next;
    },
    load: () => loadFacts(database),
    async results(job, fromUnit, toUnit) {
      const rows = await readRows(
        database,
        selectLiveShards(job)
          .select(['accepted.shard_json', 'accepted.outputs'])
          .where('accepted.first_unit', '<', toUnit)
          .where('accepted.end_unit', '>', fromUnit)
          .orderBy('accepted.sequence')
          .compile(),
      );
      return rows.map((row) => ({ shard: parseRecord(row.shard_json), outputs: row.outputs }));
    },
    async delivered(lease) {
      const select = sql.selectFrom('accepted').select(['shard_json', 'outputs']);
      const [row] = await readRows(database, select.where('lease', '=', lease).compile());
      return row && { shard: parseRecord(row.shard_json), outputs: row.outputs };
    },
    fingerprints: (lease) => loadFingerprints(database, lease),
    receipt: (lease) => loadReceipt(database, lease),
    receipts: (job, fromUnit, limit) => loadReceipts(database, { job, fromUnit, limit }),
    async verdicts(after, limit) {
      const select = sql.selectFrom('verdict').select(['number', 'signed_json']);
      const page = select.where('number', '>', after).orderBy('number').limit(limit);
      const rows = await readRows(database, page.compile());
      return rows.map((row) => ({ number: row.number, signed: parseRecord(row.signed_json) }));
    },
    async epochs(after, limit) {
      const select = sql.selectFrom('epoch').select(['number', 'signed_json']);
      const page = select.where('number', '>', after).orderBy('number').limit(limit);
      const rows = await readRows(database, page.compile());
      return rows.map((row) => ({ number: row.number, signed: parseRecord(row.signed_json) }));
    },
    commitments: (fromIndex, limit) => loadCommitments(database, fromIndex, limit),
    shards: (fromSequence, limit) => loadShards(database, fromSequence, limit),
    async putKey(hash, name) {
      const insert = sql.insertInto('api_key').values({ hash, name });
      const statement = insert.onConflict((conflict) => conflict.doNothing()).compile();
      await database.transact('write', [statement]);
    },
    async hasKey(hash) {
      const select = sql.selectFrom('api_key').select('hash').where('hash', '=', hash);
      return (await readRows(database, select.compile())).length > 0;
    },
    close: () => database.close(),
  };
}

async function migrate(database: SqlDatabase): Promise<void> {
  const create = 'create table if not exists migration (version integer primary key)';
  await database.transact('write', [{ sql: create, parameters: [] }]);
  const select = sql.selectFrom('migration').select('version').compile();
  const done = (await readRows(database, select)).length;
  if (done > MIGRATIONS.length) {
    const message = `the database has version ${done}, this hub knows up to ${MIGRATIONS.length}; start a newer hub or use another data directory`;
    throw new PocketgridError(refusal('storage-failed', message));
  }
  for (const [version, statements] of MIGRATIONS.entries()) {
    if (version < done) continue;
    await database.transact('write', [
      ...statements.map((statement) => ({ sql: statement, parameters: [] })),
      sql.insertInto('migration').values({ version }).compile(),
    ]);
  }
}

/** `appended` facts came before these. */
function insertFacts(
  facts: readonly Fact[],
  appended: number,
  insertText: Map<string, string>,
): SqlStatement[] {
  const byTable = new Map<FactRow['table'], FactRow[]>();
  for (const factRow of facts.flatMap((fact, at) => encodeFactRows(fact, appended + at))) {
    const rows = byTable.get(factRow.table);
    if (rows === undefined) byTable.set(factRow.table, [factRow]);
    else rows.push(factRow);
  }
  const statements: SqlStatement[] = [];
  for (const [table, rows] of byTable) {
    for (let start = 0; start < rows.length; start += ROWS_PER_INSERT) {
      const some = rows.slice(start, start + ROWS_PER_INSERT).map(({ row }) => row);
      const parameters = some.flatMap((row) => Object.values(row));
      statements.push({ sql: writeInsert(table, some, insertText), parameters });
    }
  }
  return statements;
}

/** Compiling an insert costs more than running it: the text for each table and count is kept. */
function writeInsert(
  table: FactRow['table'],
  rows: readonly FactRow['row'][],
  insertText: Map<string, string>,
): string {
  const key = `${table} ${rows.length}`;
  const known = insertText.get(key);
  if (known !== undefined) return known;
  const insert = sql.insertInto(table).values(rows);
  // Whoever is enrolled may be again; every other fact is said once, and said twice it is a bug.
  const once = table === 'verifier' ? insert.onConflict((c) => c.doNothing()) : insert;
  const text = once.compile().sql;
  insertText.set(key, text);
  return text;
}
