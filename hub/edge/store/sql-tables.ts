import {
  type CompiledQuery,
  DummyDriver,
  type Generated,
  type Insertable,
  Kysely,
  type Selectable,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/**
 * One table per kind of fact. Rows are only ever inserted. `fact` is the number of the fact in the
 * order of appending, over all tables. Columns named `…_json` hold the record as JSON text exactly
 * as it was appended; the columns beside it are what queries look for.
 */
export interface Tables {
  migration: { version: number };
  job: {
    fact: number;
    number: Generated<number>;
    id: string;
    record_json: string;
    input_digests: Uint8Array;
  };
  /** A job's record and digests from where its items were cut into other units. */
  job_recut: { fact: number; job: string; record_json: string; input_digests: Uint8Array };
  job_package: { fact: number; job: string; manifest_json: string };
  job_move: {
    fact: number;
    number: Generated<number>;
    job: string;
    state: string;
    reason: string;
    at: number;
    refusal_json: string | null;
  };
  committed: { fact: number; log_index: number; lease: string; committed_json: string };
  accepted: {
    fact: number;
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
  /**
   * Of accepted shards whose package has taps; `outputs` would have to be walked to come behind.
   */
  fingerprint: { sequence: number; fingerprints: Uint8Array };
  voided: { fact: number; sequence: number; job: string; reason: string; at: number };
  released: { fact: number; sequence: number; job: string; at: number };
  /** `at_fault` and `resets` are 0 or 1. */
  unrevealed: {
    fact: number;
    log_index: number;
    device: string;
    at_fault: number;
    resets: number;
    at: number;
  };
  verdict: { fact: number; number: Generated<number>; lease: string; signed_json: string };
  judged: { fact: number; number: Generated<number>; verifier: string; through: number };
  epoch: { fact: number; number: Generated<number>; signed_json: string };
  banned: {
    fact: number;
    number: Generated<number>;
    device: string;
    until: number;
    reason: string;
    at: number;
    work_json: string | null;
  };
  pardon: { fact: number; number: Generated<number>; pardon_json: string };
  resolved: { fact: number; number: Generated<number>; resolved_json: string };
  suspended: { fact: number; number: Generated<number>; suspended_json: string };
  verifier: { fact: number; number: Generated<number>; key: string; at: number };
  verifier_removed: { fact: number; key: string; at: number };
  verifier_fault: {
    fact: number;
    verifier: string;
    job: string;
    lease: string;
    unit: number;
    at: number;
  };
  job_funding: { fact: number; number: Generated<number>; job: string; funding_json: string };
  job_closing: { fact: number; number: Generated<number>; job: string; at: number };
  payout: { fact: number; leaf: number; payout_json: string };
  leaf_file: {
    fact: number;
    number: Generated<number>;
    data_hash: string;
    root: string;
    file_json: string;
  };
  /** One row: how many facts were appended. */
  fact_count: { facts: number };
  api_key: { hash: string; name: string };
}

/** The tables that keep one fact a row. */
export type FactTable = {
  [T in keyof Tables]: Tables[T] extends { fact: number } ? T : never;
}[keyof Tables];
/** A row as it is read. */
export type StoredRow<T extends keyof Tables> = Selectable<Tables[T]>;
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
