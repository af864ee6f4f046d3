import {
  type CompiledQuery,
  DummyDriver,
  type Generated,
  type Insertable,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/**
 * One table per kind of fact. Rows are only ever inserted. Columns named `…_json` hold the record as
 * JSON text exactly as it was appended; the columns beside it are what queries look for.
 */
export interface Tables {
  migration: { version: number };
  job: { number: Generated<number>; id: string; record_json: string; input_digests: Uint8Array };
  job_package: { job: string; manifest_json: string; canaries_json: string };
  job_move: {
    number: Generated<number>;
    job: string;
    state: string;
    reason: string;
    at: number;
    refusal_json: string | null;
  };
  committed: { log_index: number; lease: string; committed_json: string };
  accepted: {
    sequence: number;
    log_index: number;
    job: string;
    lease: string;
    first_unit: number;
    end_unit: number;
    shard_json: string;
    salt: string;
    compute_ms: number;
    outputs: Uint8Array;
  };
  /** Of accepted shards whose package has taps; `outputs` would have to be walked to come behind. */
  fingerprint: { sequence: number; fingerprints: Uint8Array };
  voided: { sequence: number; job: string; reason: string; at: number };
  released: { sequence: number; job: string; at: number };
  /** `blamed` and `resets` are 0 or 1. */
  lapsed: { log_index: number; device: string; blamed: number; resets: number; at: number };
  verdict: { number: Generated<number>; lease: string; signed_json: string };
  judged: { number: Generated<number>; verifier: string; through: number };
  epoch: { number: Generated<number>; signed_json: string };
  barred: {
    number: Generated<number>;
    device: string;
    until: number;
    reason: string;
    at: number;
    work_json: string | null;
  };
  pardon: { number: Generated<number>; pardon_json: string };
  set_aside: { number: Generated<number>; aside_json: string };
  verifier: { number: Generated<number>; key: string; at: number };
  verifier_removed: { key: string; at: number };
  verifier_fault: { verifier: string; job: string; lease: string; unit: number; at: number };
  job_funding: { number: Generated<number>; job: string; funding_json: string };
  job_closing: { number: Generated<number>; job: string; at: number };
  payout: { leaf: number; payout_json: string };
  leaf_file: { number: Generated<number>; data_hash: string; root: string; file_json: string };
  api_key: { hash: string; name: string };
}

/** A row as it is inserted: without the number the database gives it. */
export type NewRow<T extends keyof Tables> = Insertable<Tables[T]>;
/** A statement that yields rows of `O`. */
export type Query<O> = CompiledQuery<O>;
export type Rows<Q> = Q extends Query<infer O> ? O[] : never;

/**
 * Kysely writes the SQL and knows its types; it never runs it. Its dialect for libSQL carries an
 * older client with a second native library, and opens a transaction per call instead of a batch.
 */
export const sql = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});
