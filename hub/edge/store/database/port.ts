/** What a statement is given in the place of a `?`. */
export type Value = string | number | Uint8Array | null;
/** One without values is run as it is. */
export type Statement = string | { sql: string; args: readonly Value[] };

/** A SQL database. Calls reject with a `PocketgridError`, and then nothing was changed. */
export interface Database {
  /** The rows of one query, bytes as `Uint8Array`. */
  read<Row>(sql: string, ...values: readonly Value[]): Promise<Row[]>;
  /** All statements in one transaction, durable when it resolves. */
  write(statements: readonly Statement[]): Promise<void>;
  close(): Promise<void>;
}
