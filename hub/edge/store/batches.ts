import type { KeptBatch } from '#protocol/openai/batch.ts';
import type { KeptFile } from '#protocol/openai/file.ts';
import type { DeveloperId, Root } from '#protocol/values/ids.ts';
import type { Database } from './database/port.ts';

/** Files of developers, batches of their lines, and the blobs that both name. */
export const BATCHES: string[] = ['file', 'batch'].flatMap((table) => [
  `create table ${table} (number integer primary key autoincrement, id text not null unique,
    owner text not null, kept text not null${table === 'batch' ? ', is_open integer not null' : ', bytes integer not null'})`,
  `create index ${table}_owner on ${table} (owner, number)`,
  `create table ${table}_blob (root text not null, owner integer not null,
    primary key (root, owner)) without rowid`,
  `create index blobs_of_${table} on ${table}_blob (owner)`,
]);

/** A page of what a key has, the newest first. */
export interface PageQuery {
  /** What stands behind it in the list; from the newest without. */
  after?: string | undefined;
  limit: number;
}

/** Files of keys. */
export interface FileStore {
  add(file: KeptFile): Promise<void>;
  find(id: string): Promise<KeptFile | undefined>;
  list(owner: DeveloperId, page: PageQuery): Promise<KeptFile[]>;
  remove(id: string): Promise<void>;
  /** Bytes that a key keeps. */
  held(owner: DeveloperId): Promise<number>;
  /** Files whose time is over, in seconds since 1970. */
  expired(now: number): Promise<string[]>;
}

/** Batches of keys. */
export interface BatchStore {
  /** Writes a batch, a new one or how one stands now. */
  put(batch: KeptBatch): Promise<void>;
  find(id: string): Promise<KeptBatch | undefined>;
  list(owner: DeveloperId, page: PageQuery): Promise<KeptBatch[]>;
  /** Those that have not ended, the oldest first. */
  open(): Promise<KeptBatch[]>;
}

const PAGE = `owner = ? and number < coalesce((select number from TABLE where id = ?), 9e15)
  order by number desc limit ?`;

/** The files of a database. */
export function openFiles({ read, write }: Database): FileStore {
  const files = (rows: readonly { kept: string }[]) =>
    rows.map(({ kept }) => JSON.parse(kept) as KeptFile);
  return {
    add: (file) =>
      write([
        {
          sql: 'insert into file (id, owner, kept, bytes) values (?, ?, ?, ?)',
          args: [file.view.id, file.owner, JSON.stringify(file), file.blob.length],
        },
        {
          sql: `insert or ignore into file_blob (root, owner)
            values (?, (select number from file where id = ?))`,
          args: [file.blob.root, file.view.id],
        },
      ]),
    find: async (id) => files(await read('select kept from file where id = ?', id))[0],
    list: async (owner, { after, limit }) =>
      files(
        await read(
          `select kept from file where ${PAGE.replace('TABLE', 'file')}`,
          ...[owner, after ?? '', limit],
        ),
      ),
    remove: (id) =>
      write([
        {
          sql: 'delete from file_blob where owner = (select number from file where id = ?)',
          args: [id],
        },
        { sql: 'delete from file where id = ?', args: [id] },
      ]),
    async held(owner) {
      const sql = 'select coalesce(sum(bytes), 0) as bytes from file where owner = ?';
      return (await read<{ bytes: number }>(sql, owner))[0]?.bytes ?? 0;
    },
    async expired(now) {
      const sql = "select id from file where kept->>'$.view.expires_at' <= ?";
      return (await read<{ id: string }>(sql, now)).map(({ id }) => id);
    },
  };
}

/** Batches in these states change no more. */
const ENDED: ReadonlySet<string> = new Set(['failed', 'completed', 'expired', 'cancelled']);

/** The batches of a database. */
export function openBatches({ read, write }: Database): BatchStore {
  const batches = (rows: readonly { kept: string }[]) =>
    rows.map(({ kept }) => JSON.parse(kept) as KeptBatch);
  return {
    put(batch) {
      const { view, owner, parts, wrong } = batch;
      const isOpen = ENDED.has(view.status) ? 0 : 1;
      // What lines say is needed no more once their answers are written.
      const refs = isOpen === 1 ? [...parts.map(({ lines }) => lines), wrong ?? []].flat() : [];
      const number = '(select number from batch where id = ?)';
      return write([
        {
          sql: `insert into batch (id, owner, kept, is_open) values (?, ?, ?, ?)
            on conflict (id) do update set kept = excluded.kept, is_open = excluded.is_open`,
          args: [view.id, owner, JSON.stringify(batch), isOpen],
        },
        { sql: `delete from batch_blob where owner = ${number}`, args: [view.id] },
        ...refs.map(({ root }) => ({
          sql: `insert or ignore into batch_blob (root, owner) values (?, ${number})`,
          args: [root, view.id],
        })),
      ]);
    },
    find: async (id) => batches(await read('select kept from batch where id = ?', id))[0],
    list: async (owner, { after, limit }) =>
      batches(
        await read(
          `select kept from batch where ${PAGE.replace('TABLE', 'batch')}`,
          ...[owner, after ?? '', limit],
        ),
      ),
    open: async () =>
      batches(await read('select kept from batch where is_open = 1 order by number')),
  };
}

/** Whether a file, or a batch that has not ended, names this blob. */
export const namesFile = async ({ read }: Database, root: Root): Promise<boolean> =>
  (
    await read(
      `select owner from file_blob where root = ? union all
        select owner from batch_blob where root = ? limit 1`,
      ...[root, root],
    )
  ).length > 0;
