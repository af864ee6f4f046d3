import type {
  DeliveredEvent,
  DeliveryAttempt,
  DeliveryState,
  DeliveryView,
} from '#protocol/api/webhooks.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Database } from '../database/port.ts';
import { type HookRow, hooksOf, type KeptWebhook } from './hooks.ts';

/** A delivery and where it goes. */
export interface DueDelivery {
  delivery: DeliveryView;
  webhook: KeptWebhook;
}

/** What follows an attempt. */
export interface Next {
  state: DeliveryState;
  nextAt?: Instant;
}

/** Deliveries to webhooks. */
export interface DeliveryStore {
  /** How many deliveries of a webhook wait. */
  waiting(webhook: string): Promise<number>;
  /** Those due at a moment, at most so many of each webhook and in all, the longest due first. */
  due(now: Instant, most: { ofEach: number; all: number }): Promise<DueDelivery[]>;
  /** How many wait in all, and since when the oldest does. */
  queue(): Promise<{ waiting: number; since: Instant | undefined }>;
  /** How an attempt ended and what follows; without `nextAt` none follows. */
  attempted(id: string, attempt: DeliveryAttempt, next: Next): Promise<void>;
  delivery(id: string): Promise<DeliveryView | undefined>;
  /** Numbered below `before`, the newest first. */
  deliveries(webhook: string, before: number, limit: number): Promise<DeliveryView[]>;
  /** Removes all but the newest so many of each webhook that wait no more. */
  prune(keep: number): Promise<void>;
}

interface Row {
  number: number;
  id: string;
  webhook: string;
  event: DeliveredEvent;
  body: string;
  state: DeliveryState;
  created_at: Instant;
  next_at: Instant | null;
  attempts: string;
}

const viewDelivery = (row: Row): DeliveryView => ({
  ...{ id: row.id, number: row.number, event: row.event, body: row.body, state: row.state },
  createdAt: row.created_at,
  ...(row.next_at === null || row.state !== 'waiting' ? {} : { nextAt: row.next_at }),
  attempts: JSON.parse(row.attempts) as DeliveryAttempt[],
});

/** The deliveries of a database. */
export function openDeliveries({ read, write }: Database): DeliveryStore {
  const views = async (sql: string, ...values: (string | number)[]) =>
    (await read<Row>(sql, ...values)).map(viewDelivery);
  return {
    async waiting(webhook) {
      const sql = "select count(*) as count from delivery where webhook = ? and state = 'waiting'";
      return (await read<{ count: number }>(sql, webhook))[0]?.count ?? 0;
    },
    async due(now, { ofEach, all }) {
      const rows = await read<Row & HookRow>(
        `select ranked.*, secret, view from (select *, row_number() over
            (partition by webhook order by next_at, number) as place
            from delivery where state = 'waiting' and next_at <= ?) as ranked
          join webhook on webhook.id = ranked.webhook
          where place <= ? order by next_at, ranked.number limit ?`,
        ...[now, ofEach, all],
      );
      return rows.flatMap((row) =>
        hooksOf([row]).map((webhook) => ({ delivery: viewDelivery(row), webhook })),
      );
    },
    async queue() {
      const [row] = await read<{ waiting: number; since: Instant | null }>(
        "select count(*) as waiting, min(created_at) as since from delivery where state = 'waiting'",
      );
      return { waiting: row?.waiting ?? 0, since: row?.since ?? undefined };
    },
    attempted: (id, attempt, { state, nextAt }) =>
      write([
        {
          sql: `update delivery set state = ?, next_at = ?,
            attempts = json_insert(attempts, '$[#]', json(?)) where id = ?`,
          args: [state, nextAt ?? null, JSON.stringify(attempt), id],
        },
      ]),
    delivery: async (id) => (await views('select * from delivery where id = ?', id))[0],
    deliveries: (webhook, before, limit) =>
      views(
        `select * from delivery where webhook = ? and number < ? order by number desc limit ?`,
        ...[webhook, before, limit],
      ),
    prune: (keep) =>
      write([
        {
          sql: `delete from delivery where state <> 'waiting' and number <= (
            select number from delivery as kept where kept.webhook = delivery.webhook
            order by number desc limit 1 offset ?)`,
          args: [keep],
        },
      ]),
  };
}
