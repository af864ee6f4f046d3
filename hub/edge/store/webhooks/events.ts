import type { JobState } from '#protocol/api/job.ts';
import type { DeliveredEvent } from '#protocol/api/webhooks.ts';
import type { KeptBatch } from '#protocol/openai/batch.ts';
import type { DeveloperId, JobId } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Database, Statement } from '../database/port.ts';
import { OF_JOBS } from '../fact-types.ts';

/** What one look finds at most. */
const HAPPENED_MAX = 500;

/** How far the mark on disk may be behind where nothing happens. */
const UNSAID_FACTS_MAX = 10_000;

/** How far events were looked for. */
interface WebhookMark {
  fact: number;
  batch: number;
}

/** A job that moved into a state, and whose it is. */
export interface JobMove {
  job: JobId;
  owner: DeveloperId;
  state: JobState;
  at: Instant;
}

/** An event for a webhook, to be delivered. */
export interface NewDelivery {
  id: string;
  webhook: string;
  event: DeliveredEvent;
  body: string;
  at: Instant;
}

/** What happened since the last look. */
export interface Happened {
  moves: JobMove[];
  /** Batches that have ended. */
  ended: KeptBatch[];
  /** Batches that have not, seen for the first time. */
  begun: string[];
  mark: WebhookMark;
  /** Whether it has to be written that this was looked at. */
  isUnsaid: boolean;
}

/** What happens that webhooks may ask for. */
export interface EventStore {
  /** Moves of keys with webhooks and batches behind the mark, at most some hundreds of each. */
  happened(): Promise<Happened>;
  /** Writes deliveries, and that what led to them was looked at. */
  enqueue(deliveries: readonly NewDelivery[], seen?: Happened): Promise<void>;
  /** Sets the mark behind all that has happened: nobody asked for it. */
  skip(): Promise<void>;
}

/** The number of the newest row. */
const newest = (table: string) => `(select coalesce(max(number), 0) from ${table})`;

/** The events of a database. */
export function openEvents({ read, write }: Database): EventStore {
  const batches = async (sql: string, ...values: number[]) =>
    (await read<{ kept: string }>(sql, ...values)).map(({ kept }) => JSON.parse(kept) as KeptBatch);
  // What is behind the mark on disk, and of no interest to anybody.
  let looked = 0;
  return {
    async happened() {
      const [{ fact: from, batch, tip } = { fact: 0, batch: 0, tip: 0 }] = await read<
        WebhookMark & { tip: number }
      >(`select fact, batch, ${newest('fact')} as tip from webhook_mark`);
      const fact = Math.max(from, looked);
      const moves = await read<JobMove & { number: number }>(MOVES, fact, tip);
      const rows = await read<{ number: number; id: string; kept: string; is_open: number }>(
        `select number, id, kept, is_open from batch where number > ? order by number
          limit ${HAPPENED_MAX}`,
        batch,
      );
      const over = rows.filter(({ is_open }) => is_open === 0);
      const ended = await batches(
        `select kept from webhook_batch join batch using (id) where is_open = 0
          limit ${HAPPENED_MAX}`,
      );
      if (moves.length === 0) looked = tip;
      const begun = rows.filter(({ is_open }) => is_open === 1).map(({ id }) => id);
      return {
        isUnsaid: moves.length + ended.length + rows.length > 0 || tip - from > UNSAID_FACTS_MAX,
        moves: moves.map(({ job, owner, state, at }) => ({ job, owner, state, at })),
        ended: [...ended, ...over.map(({ kept }) => JSON.parse(kept) as KeptBatch)],
        begun,
        mark: {
          fact: moves.length === HAPPENED_MAX ? (moves.at(-1)?.number ?? tip) : tip,
          batch: rows.at(-1)?.number ?? batch,
        },
      };
    },
    enqueue: (deliveries, seen) =>
      write([...deliveries.map(insertDelivery), ...(seen === undefined ? [] : keepSeen(seen))]),
    skip: () =>
      write([
        `update webhook_mark set fact = ${newest('fact')}, batch = ${newest('batch')}`,
        'delete from webhook_batch',
        'insert into webhook_batch select id from batch where is_open = 1',
      ]),
  };
}

/** By the number of their facts, which are few among those behind the mark. */
const MOVES = `select fact.number as number, word.text as job, fact.body->>'$.state' as state,
    fact.body->>'$.at' as at, created.body->>'$.record.developer' as owner
  from fact join word on word.number = fact.job
    join fact as created on created.job = fact.job and created.type = 'job-created'
      and created.type in ${OF_JOBS}
  where fact.number > ? and fact.number <= ? and fact.type = 'job-moved'
    and created.body->>'$.record.developer' in (select owner from webhook)
  order by fact.number limit ${HAPPENED_MAX}`;

const insertDelivery = ({ id, webhook, event, body, at }: NewDelivery): Statement => ({
  sql: `insert into delivery (id, webhook, event, body, state, created_at, next_at, attempts)
    select ?, id, ?, ?, 'waiting', ?, ?, '[]' from webhook where id = ?`,
  args: [id, event, body, at, at, webhook],
});

const keepSeen = ({ mark, ended, begun }: Happened): Statement[] => [
  { sql: 'update webhook_mark set fact = ?, batch = ?', args: [mark.fact, mark.batch] },
  {
    sql: 'delete from webhook_batch where id in (select value from json_each(?))',
    args: [JSON.stringify(ended.map(({ view }) => view.id))],
  },
  {
    sql: 'insert or ignore into webhook_batch select value from json_each(?)',
    args: [JSON.stringify(begun)],
  },
];
