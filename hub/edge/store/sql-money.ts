import type { JobId, Root } from '#protocol/ids.ts';
import { instant } from '#protocol/units.ts';
import type { MoneySnapshot } from '../../core/events.ts';
import { parseRecord } from './sql-database.ts';
import { type Rows, sql } from './sql-tables.ts';

/** What a snapshot needs of money. */
export const moneyQueries = () =>
  [
    sql.selectFrom('job_funding').select(['job', 'funding_json']).orderBy('number').compile(),
    sql.selectFrom('job_closing').select(['job', 'at']).orderBy('number').compile(),
    sql.selectFrom('payout').select('payout_json').orderBy('leaf').compile(),
    sql.selectFrom('leaf_file').select(['root', 'file_json']).orderBy('number').compile(),
  ] as const;

/** The rows of each query. */
export type RowsOf<Q extends readonly unknown[]> = { [K in keyof Q]: Rows<Q[K]> };

export function decodeMoney(
  rows: RowsOf<ReturnType<typeof moneyQueries>>,
): Omit<MoneySnapshot, 'ended'> {
  const [funded, closings, payouts, files] = rows;
  return {
    funded: funded.map((row) => ({
      job: row.job as JobId,
      funding: parseRecord(row.funding_json),
    })),
    closings: closings.map((row) => ({ job: row.job as JobId, at: instant(row.at) })),
    payouts: payouts.map((row) => parseRecord(row.payout_json)),
    leafFiles: files.map((row) => ({ file: parseRecord(row.file_json), root: row.root as Root })),
  };
}
