import type { DeveloperId } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Database } from './database/port.ts';

/** Calls that were made with an idempotency key, and how they ended. */
export const ANSWERS: string[] = [
  `create table answer (number integer primary key autoincrement, owner text not null,
    name text not null, seed text not null, at integer not null, digest text, status integer,
    body text, bytes integer not null default 0, unique (owner, name))`,
  'create index answer_size on answer (owner, number, bytes)',
  'create index answer_at on answer (at)',
];

/** How long it is known how a call ended. */
export const ANSWERS_KEPT_MS = 24 * 3_600_000;

/** A call by its idempotency key, and the API key that made it. */
export interface NamedCall {
  owner: DeveloperId;
  name: string;
}

/** How a call ended: what it asked for, as a digest, and the answer, where that is not too long. */
export interface EndedCall {
  digest: string;
  status: number;
  body: string | null;
}

/** A call that began; nobody knows how it ended where the hub died meanwhile. */
export interface KeptCall {
  /** The ids of what it makes are made of this. */
  seed: string;
  ended?: EndedCall;
}

/** How many answers of one API key are kept, and how long they are together. */
export interface AnswerBounds {
  count: number;
  characters: number;
}

/** Calls with idempotency keys. */
export interface AnswerStore {
  /** The call, where it began at this moment or later. */
  find(call: NamedCall, since: Instant): Promise<KeptCall | undefined>;
  /** Begins a call, in place of an older one of its name. */
  begin(call: NamedCall, seed: string, at: Instant): Promise<void>;
  /** Keeps how a call ended. Of its API key the oldest that are past the bounds are dropped. */
  end(call: NamedCall, ended: EndedCall, bounds: AnswerBounds): Promise<void>;
  drop(call: NamedCall): Promise<void>;
  /** Drops those that began before this moment. */
  expire(before: Instant): Promise<void>;
}

interface Row {
  seed: string;
  digest: string | null;
  status: number | null;
  body: string | null;
}

/** The calls of a database. */
export function openAnswers({ read, write }: Database): AnswerStore {
  const OF_NAME = 'owner = ? and name = ?';
  return {
    async find({ owner, name }, since) {
      const sql = `select seed, digest, status, body from answer where ${OF_NAME} and at >= ?`;
      const [row] = await read<Row>(sql, owner, name, since);
      if (row === undefined) return undefined;
      const { seed, digest, status, body } = row;
      return digest === null || status === null
        ? { seed }
        : { seed, ended: { digest, status, body } };
    },
    begin({ owner, name }, seed, at) {
      const sql = 'insert or replace into answer (owner, name, seed, at) values (?, ?, ?, ?)';
      return write([{ sql, args: [owner, name, seed, at] }]);
    },
    end({ owner, name }, { digest, status, body }, { count, characters }) {
      const sql = `update answer set digest = ?, status = ?, body = ?, bytes = ? where ${OF_NAME}`;
      const past = `select number from (select number, row_number() over newest as place,
          sum(bytes) over newest as total from answer where owner = ?
          window newest as (order by number desc)) where place > ? or total > ?`;
      return write([
        { sql, args: [digest, status, body, body?.length ?? 0, owner, name] },
        {
          sql: `delete from answer where number in (${past})`,
          args: [owner, count, characters],
        },
      ]);
    },
    drop: ({ owner, name }) =>
      write([{ sql: `delete from answer where ${OF_NAME}`, args: [owner, name] }]),
    expire: (before) => write([{ sql: 'delete from answer where at < ?', args: [before] }]),
  };
}
