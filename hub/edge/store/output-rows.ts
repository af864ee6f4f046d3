import type { Database } from './database/port.ts';
import type { NumberedJob, OutputRows } from './port.ts';
import type { OutputColumn, OutputSize } from './segment-index.ts';
import { WORD } from './words.ts';

/** Shards of a job that are listed at once. */
const NUMBERS_AT_ONCE = 4_096;

/** Opens the rows of outputs. */
export function openOutputRows(database: Database): OutputRows {
  const { read } = database;
  return {
    async due(after) {
      const sql = `select word.number, word.text as id from outputs_due
        join word on word.number = outputs_due.job where outputs_due.job > ?
        order by outputs_due.job limit 1`;
      return (await read<NumberedJob>(sql, after))[0];
    },
    async *numbers(job) {
      const sql = `select number, first_unit, end_unit, log_index from fact
        where type = 'accepted' and job = ${WORD} and (first_unit, end_unit, log_index) > (?, ?, ?)
        order by first_unit, end_unit, log_index limit ${NUMBERS_AT_ONCE}`;
      for (let last = [-1, -1, -1]; ; ) {
        const rows = await read<AcceptedRow>(sql, job, ...last);
        const end = rows.at(-1);
        if (end === undefined) return;
        last = [end.first_unit, end.end_unit, end.log_index];
        yield rows.map(({ number }) => number);
      }
    },
    sizes(numbers) {
      const sql = `select output.number, fact.first_unit as firstUnit,
        length(output.outputs) as outputs, coalesce(length(output.fingerprints), 0) as fingerprints
        from output join fact on fact.number = output.number
        where output.number in (select value from json_each(?)) order by output.number`;
      return read<OutputSize>(sql, JSON.stringify(numbers));
    },
    bytes: (numbers, column) => readRows(database, numbers, column),
  };
}

interface AcceptedRow {
  number: number;
  first_unit: number;
  end_unit: number;
  log_index: number;
}

/** The bytes of those facts that have a row, null where one has none of this column. */
export async function readRows(
  { read }: Database,
  numbers: readonly number[],
  column: OutputColumn,
): Promise<Map<number, Uint8Array | null>> {
  const sql = `select number, ${column} as bytes from output
    where number in (select value from json_each(?))`;
  const rows = await read<{ number: number; bytes: Uint8Array | null }>(
    sql,
    JSON.stringify(numbers),
  );
  return new Map(rows.map(({ number, bytes }) => [number, bytes]));
}
