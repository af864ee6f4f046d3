import type { ClosingView } from '#protocol/settlement/money-api.ts';
import type { Database } from './database/port.ts';
import type { FactReader } from './fact-reader.ts';
import { FACT, type FactRow } from './fact-rows.ts';
import type { MoneyFacts } from './port.ts';

/** The calls of a store that tell of money beside jobs and devices. */
export function openMoneyFacts({ read }: Database, facts: FactReader): MoneyFacts {
  const viewClosings = async (rows: readonly FactRow[]) =>
    (await facts.decode<'job-closing'>(rows)).map(({ job, at }, row): ClosingView => {
      return { number: rows[row]?.place ?? 0, job, at };
    });
  return {
    async closings(after, limit) {
      const sql = `select ${FACT} from fact where type = 'job-closing' and place > ?
        and place > 0 order by place limit ?`;
      return viewClosings(await read(sql, after, limit));
    },
    async closingsOf(jobs) {
      // The list of types is what its index has.
      const sql = `select ${FACT} from fact where type = 'job-closing'
        and type in ('job-packaged', 'job-funded', 'job-closing') and job in
          (select word.number from word, json_each(?) as each where word.text = each.value)
        order by fact.number`;
      return viewClosings(await read(sql, JSON.stringify(jobs)));
    },
    async leafFiles(limit) {
      const sql = `select ${FACT} from fact where type = 'leaf-file' and place > 0
        order by place desc limit ?`;
      return (await facts.decode<'leaf-file'>(await read(sql, limit))).map(({ file }) => file);
    },
    async leafFile(dataHash) {
      const sql = `select ${FACT} from fact
        where type = 'leaf-file' and body->>'$.file.dataHash' = ?`;
      const [found] = await facts.decode<'leaf-file'>(await read(sql, dataHash));
      return found && { file: found.file, root: found.root };
    },
  };
}
