import type { Access, KeyView } from '#protocol/api/keys.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Database } from './database/port.ts';
import { OF_JOBS } from './fact-types.ts';

const OWNER = "body->>'$.record.developer'";

/**
 * API keys had a name only, and each could do what an operator can: they stay operators. A row that
 * marked the first key goes.
 */
export const KEYS: string[] = [
  `create table key (hash text primary key, id text not null unique, view text not null)`,
  `insert into key select hash, 'dev_' || substr(hash, 1, 16), json_object(
    'id', 'dev_' || substr(hash, 1, 16), 'name', name, 'role', 'operator', 'access', 'write',
    'createdAt', 0) from api_key where hash <> '${'0'.repeat(64)}'`,
  'drop table api_key',
  `create table shared_jobs (owner text, key text, access text not null, primary key (owner, key))
    without rowid`,
  'create index shared_with on shared_jobs (key)',
  `create index job_owner on fact (${OWNER}, place) where type = 'job-created'`,
];

/** API keys by the SHA-256 of their text, in hex, and whose jobs they share. */
export interface KeyStore {
  put(hash: string, view: KeyView): Promise<void>;
  /** Revoked and expired ones as well. */
  find(hash: string): Promise<KeyView | undefined>;
  /** The oldest first. */
  list(): Promise<KeyView[]>;
  /** For good; false where there is no such key. */
  revoke(id: DeveloperId, at: Instant): Promise<boolean>;
  /**
   * Lets a key read or write the jobs of another, its owner, or takes that back. Gives the one of
   * them that there is no such key for; then nothing is shared.
   */
  share(
    owner: DeveloperId,
    key: DeveloperId,
    access: Access | 'none',
  ): Promise<DeveloperId | undefined>;
  /** What a key may do with the jobs of an owner, if they are shared. */
  sharedBy(owner: DeveloperId, key: DeveloperId): Promise<Access | undefined>;
  /** Whose jobs a key may read. */
  ownersFor(key: DeveloperId): Promise<DeveloperId[]>;
  /** What the jobs of a key come to that were not refused, nor given up before they ran. */
  spent(owner: DeveloperId): Promise<{ items: number; lamports: bigint }>;
}

/** The keys of a database. */
export function openKeys({ read, write }: Database): KeyStore {
  const views = (rows: readonly { view: string }[]) =>
    rows.map(({ view }) => JSON.parse(view) as KeyView);
  const isKey = async (id: DeveloperId) =>
    (await read('select id from key where id = ?', id)).length > 0;
  return {
    put(hash, view) {
      const sql = 'insert into key (hash, id, view) values (?, ?, ?)';
      return write([{ sql, args: [hash, view.id, JSON.stringify(view)] }]);
    },
    async find(hash) {
      return views(await read('select view from key where hash = ?', hash))[0];
    },
    async list() {
      return views(await read('select view from key order by rowid'));
    },
    async revoke(id, at) {
      if (!(await isKey(id))) return false;
      const sql = `update key set view = json_set(view, '$.revokedAt',
        coalesce(view->>'$.revokedAt', ?)) where id = ?`;
      await write([{ sql, args: [at, id] }]);
      return true;
    },
    async share(owner, key, access) {
      for (const id of [owner, key]) if (!(await isKey(id))) return id;
      const args = [owner, key];
      const replaced = 'insert or replace into shared_jobs (owner, key, access) values (?, ?, ?)';
      await write([
        access === 'none'
          ? { sql: 'delete from shared_jobs where owner = ? and key = ?', args }
          : { sql: replaced, args: [...args, access] },
      ]);
      return undefined;
    },
    async sharedBy(owner, key) {
      const sql = 'select access from shared_jobs where owner = ? and key = ?';
      return (await read<{ access: Access }>(sql, owner, key))[0]?.access;
    },
    async ownersFor(key) {
      const rows = await read<{ owner: DeveloperId }>(
        'select owner from shared_jobs where key = ?',
        key,
      );
      return rows.map(({ owner }) => owner);
    },
    async spent(owner) {
      const moved = (states: string) => `exists (select 1 from fact as moved
        where moved.job = job.job and moved.type in ${OF_JOBS} and moved.type = 'job-moved'
          and moved.body->>'$.state' in (${states}))`;
      const added = `coalesce((select sum(added.end_unit - added.first_unit) from fact as added
        where added.job = job.job and added.type in ${OF_JOBS} and added.type = 'inputs-added'), 0)`;
      const sql = `select coalesce(cut.body, job.body)->>'$.record.unitPrice' as price,
          sum(coalesce(cut.body, job.body)->>'$.record.units') as units,
          sum(job.body->>'$.record.items' + ${added}) as items
        from fact as job left join fact as cut on cut.type = 'job-recut' and cut.job = job.job
        where job.type = 'job-created' and job.${OWNER} = ?
          and (${moved("'running'")} or not ${moved("'refused', 'cancelled'")})
        group by price`;
      const rows = await read<{ price: string; units: number; items: number }>(sql, owner);
      return {
        items: rows.reduce((sum, { items }) => sum + items, 0),
        lamports: rows.reduce((sum, { price, units }) => sum + BigInt(price) * BigInt(units), 0n),
      };
    },
  };
}
