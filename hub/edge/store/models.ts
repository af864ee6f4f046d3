import type { ModelTrust } from '#protocol/api/model-stats.ts';
import type { ModelView } from '#protocol/api/models.ts';
import type { DeveloperId, Root } from '#protocol/values/ids.ts';
import type { Fact } from '../../core/state/facts.ts';
import type { Database, Statement } from './database/port.ts';
import { WORD } from './words.ts';

/** Models that a hub keeps, and the blobs with their files. */
export const MODELS: string[] = [
  `create table model (number integer primary key autoincrement, id text not null,
    revision text not null, owner text not null, bytes integer not null, view text not null,
    unique (id, revision))`,
  'create index model_owner on model (owner)',
  `create table model_blob (root text not null, model integer not null, primary key (root, model))
    without rowid`,
  'create index blobs_of_model on model_blob (model)',
];

/** What jobs of a model came to that left the memory of the hub. */
export const MODEL_TRUST: string[] = ['accepted', 'checked', 'mismatched'].map(
  (name) => `alter table model add column ${name} integer not null default 0`,
);

/** Models by id and revision; none has the revision ''. */
export interface ModelStore {
  /** Rejects where this id has this revision already. */
  add(model: ModelView): Promise<void>;
  /** The newest of this id, or the one of this revision. */
  find(id: string, revision?: string): Promise<ModelView | undefined>;
  /** The newest first. */
  list(): Promise<ModelView[]>;
  /** Those of `list`, with what their archived jobs came to. */
  trust(): Promise<{ view: ModelView; archived: ModelTrust }[]>;
  remove(model: ModelView): Promise<void>;
  /** What a key keeps. */
  held(owner: DeveloperId): Promise<{ models: number; bytes: number }>;
}

/** The models of a database. */
export function openModels({ read, write }: Database): ModelStore {
  const views = (rows: readonly { view: string }[]) =>
    rows.map(({ view }) => JSON.parse(view) as ModelView);
  return {
    add(model) {
      const { id, revision = '', owned_by, bytes, files } = model;
      const insert = 'insert into model (id, revision, owner, bytes, view) values (?, ?, ?, ?, ?)';
      const name = `insert or ignore into model_blob (root, model)
        select ?, number from model where id = ? and revision = ?`;
      return write([
        { sql: insert, args: [id, revision, owned_by, bytes, JSON.stringify(model)] },
        ...files.map(({ blob }) => ({ sql: name, args: [blob.root, id, revision] })),
      ]);
    },
    async find(id, revision) {
      const [which, args] =
        revision === undefined ? ['', [id]] : ['and revision = ?', [id, revision]];
      const sql = `select view from model where id = ? ${which} order by number desc limit 1`;
      return views(await read(sql, ...args))[0];
    },
    async list() {
      return views(await read('select view from model order by number desc'));
    },
    async trust() {
      const sql = `select view, accepted, checked, mismatched from model order by number desc`;
      const rows = await read<{ view: string } & ModelTrust>(sql);
      return rows.map(({ view, ...archived }) => ({
        view: JSON.parse(view) as ModelView,
        archived,
      }));
    },
    remove({ id, revision = '' }) {
      const which = '(select number from model where id = ? and revision = ?)';
      const args = [id, revision];
      return write([
        { sql: `delete from model_blob where model = ${which}`, args },
        { sql: 'delete from model where id = ? and revision = ?', args },
      ]);
    },
    async held(owner) {
      const sql = `select count(*) as models, coalesce(sum(bytes), 0) as bytes from model
        where owner = ?`;
      const [held] = await read<{ models: number; bytes: number }>(sql, owner);
      return held ?? { models: 0, bytes: 0 };
    },
  };
}

/** Adds what archived jobs came to, to the models they were made of, where these are there still. */
export const countTrust = (facts: readonly Fact[]): Statement[] =>
  facts.flatMap((fact) => {
    if (fact.type !== 'job-archived') return [];
    const { acceptedUnits, checked, mismatched } = fact.tally;
    const sql = `update model set accepted = accepted + ?, checked = checked + ?,
      mismatched = mismatched + ? where number = (select model.number from fact
        join model on body->>'$.record.model' = id || iif(revision = '', '', '@' || revision)
          and view->>'$.created' * 1000 <= body->>'$.record.createdAt'
        where job = ${WORD} and type = 'job-created')`;
    return [{ sql, args: [acceptedUnits, checked, mismatched, fact.job] }];
  });

/** Whether a model has a file in this blob. */
export const namesModel = async ({ read }: Database, root: Root): Promise<boolean> =>
  (await read('select model from model_blob where root = ? limit 1', root)).length > 0;
