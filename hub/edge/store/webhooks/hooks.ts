import type { WebhookView } from '#protocol/api/webhooks.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import type { Database } from '../database/port.ts';

/** A webhook with its secret, `whsec_…`. */
export interface KeptWebhook {
  view: WebhookView;
  secret: string;
}

/** Webhooks of keys. */
export interface HookStore {
  add(webhook: KeptWebhook): Promise<void>;
  find(id: string): Promise<KeptWebhook | undefined>;
  /** Of one key, or of all; the oldest first. */
  list(owner?: DeveloperId): Promise<KeptWebhook[]>;
  /** Changes what is said of one. */
  put(view: WebhookView): Promise<void>;
  /** With its deliveries. */
  remove(id: string): Promise<void>;
}

/** The columns of a webhook. */
export interface HookRow {
  secret: string;
  view: string;
}

/** The webhooks of rows. */
export const hooksOf = (rows: readonly HookRow[]): KeptWebhook[] =>
  rows.map(({ secret, view }) => ({ secret, view: JSON.parse(view) as WebhookView }));

/** The webhooks of a database. */
export function openHooks({ read, write }: Database): HookStore {
  return {
    add: ({ view, secret }) =>
      write([
        {
          sql: 'insert into webhook (id, owner, secret, view) values (?, ?, ?, ?)',
          args: [view.id, view.owner, secret, JSON.stringify(view)],
        },
      ]),
    find: async (id) => hooksOf(await read('select secret, view from webhook where id = ?', id))[0],
    list: async (owner) =>
      hooksOf(
        await read(
          `select secret, view from webhook ${owner === undefined ? '' : 'where owner = ?'} order by number`,
          ...(owner === undefined ? [] : [owner]),
        ),
      ),
    put: (view) =>
      write([
        { sql: 'update webhook set view = ? where id = ?', args: [JSON.stringify(view), view.id] },
      ]),
    remove: (id) =>
      write([
        { sql: 'delete from delivery where webhook = ?', args: [id] },
        { sql: 'delete from webhook where id = ?', args: [id] },
      ]),
  };
}
