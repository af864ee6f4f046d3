import type { Database } from '../database/port.ts';
import { type DeliveryStore, openDeliveries } from './deliveries.ts';
import { type EventStore, openEvents } from './events.ts';
import { type HookStore, openHooks } from './hooks.ts';

/**
 * Webhooks of keys, what is on its way to them, and how far events were looked for: `fact` is the
 * number of the last fact, `batch` of the last batch. Batches that had not ended are remembered.
 */
export const WEBHOOKS: string[] = [
  `create table webhook (number integer primary key autoincrement, id text not null unique,
    owner text not null, secret text not null, view text not null)`,
  'create index webhook_owner on webhook (owner)',
  `create table delivery (number integer primary key autoincrement, id text not null unique,
    webhook text not null, event text not null, body text not null, state text not null,
    created_at real not null, next_at real, attempts text not null)`,
  'create index delivery_webhook on delivery (webhook, number)',
  "create index delivery_due on delivery (next_at) where state = 'waiting'",
  'create table webhook_mark (fact integer not null, batch integer not null)',
  'insert into webhook_mark values (0, 0)',
  'create table webhook_batch (id text primary key) without rowid',
];

/** Webhooks of keys, what they ask for, and deliveries to them. */
export type WebhookStore = HookStore & EventStore & DeliveryStore;

/** The webhooks of a database. */
export const openWebhooks = (database: Database): WebhookStore => ({
  ...openHooks(database),
  ...openEvents(database),
  ...openDeliveries(database),
});
