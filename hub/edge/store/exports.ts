import type { DeliveryAttempt } from '#protocol/api/webhooks.ts';
import type { JobId } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Database } from './database/port.ts';
import type { Next } from './webhooks/deliveries.ts';

/** Where results of jobs go once they are done, and how that went. */
export const EXPORTS: string[] = [
  `create table export (job text primary key, url text not null, state text not null,
    next_at integer not null, attempts text not null) without rowid`,
  "create index export_due on export (next_at) where state = 'waiting'",
];

/** An export of the results of a job. */
export interface KeptExport extends Next {
  job: JobId;
  url: string;
  attempts: DeliveryAttempt[];
}

/** Exports by job. */
export interface ExportStore {
  add(job: JobId, url: string): Promise<void>;
  find(job: JobId): Promise<KeptExport | undefined>;
  /** Those that wait and may be tried at this moment. */
  due(now: Instant, limit: number): Promise<KeptExport[]>;
  attempted(job: JobId, attempt: DeliveryAttempt, next: Next): Promise<void>;
  remove(job: JobId): Promise<void>;
}

interface Row {
  job: JobId;
  url: string;
  state: Next['state'];
  next_at: Instant;
  attempts: string;
}

const view = ({ job, url, state, next_at, attempts }: Row): KeptExport => ({
  ...{ job, url, state, attempts: JSON.parse(attempts) as DeliveryAttempt[] },
  ...(state === 'waiting' && next_at > 0 ? { nextAt: next_at } : {}),
});

/** The exports of a database. */
export function openExports({ read, write }: Database): ExportStore {
  return {
    add(job, url) {
      const sql = "insert or replace into export values (?, ?, 'waiting', 0, '[]')";
      return write([{ sql, args: [job, url] }]);
    },
    async find(job) {
      return (await read<Row>('select * from export where job = ?', job)).map(view)[0];
    },
    async due(now, limit) {
      const sql = `select * from export where state = 'waiting' and next_at <= ?
        order by next_at limit ?`;
      return (await read<Row>(sql, now, limit)).map(view);
    },
    attempted(job, attempt, { state, nextAt }) {
      const sql = `update export set state = ?, next_at = ?,
        attempts = json_insert(attempts, '$[#]', json(?)) where job = ?`;
      return write([{ sql, args: [state, nextAt ?? 0, JSON.stringify(attempt), job] }]);
    },
    remove: (job) => write([{ sql: 'delete from export where job = ?', args: [job] }]),
  };
}
