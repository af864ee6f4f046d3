import { bytesToHex, hexToBytes } from '#protocol/bytes/digest.ts';
import type { FactOf } from '../../core/state/fact-lists.ts';
import type { CommittedShard, Fact } from '../../core/state/facts.ts';
import { decodeCompact, draftCompact } from './compact.ts';
import type { Value } from './database/port.ts';
import { type FactKeys, keysOf, knownOf } from './fact-keys.ts';
import { COMPACT } from './fact-types.ts';
import type { TextOf } from './words.ts';

/**
 * Every fact is a row: its number in the order of appending, its type, its place among those of its
 * type (both from 1; 0 where nobody asks for it), its keys, and a body with the rest of its fields:
 * JSON text, which queries may look into, or compact bytes. Jobs and devices are numbers of words.
 */
export interface FactRow {
  number: number;
  type: Fact['type'];
  place: number;
  job: number | null;
  device: number | null;
  lease: Uint8Array | null;
  log_index: number | null;
  sequence: number | null;
  first_unit: number | null;
  end_unit: number | null;
  body: string | Uint8Array;
  input_digests: Uint8Array | null;
}

export const COLUMNS = [
  ...['number', 'type', 'place', 'job', 'device', 'lease', 'log_index', 'sequence'],
  ...['first_unit', 'end_unit', 'body', 'input_digests'],
] as const;
/** The columns of a row, in a query. */
export const FACT = COLUMNS.map((column) => `fact.${column}`).join();

/** A fact without the bytes of an accepted shard, which are in a table of their own. */
export type StoredFact<T extends Fact['type']> = T extends unknown
  ? Omit<FactOf<T>, 'outputs' | 'fingerprints'>
  : never;

/** A fact to be written. */
export interface FactDraft {
  /** What needs numbers first. */
  texts: readonly string[];
  /** Its columns from `job` on. */
  encode(numberOf: (text: string) => number): Value[];
}

/** Drafts the row of a fact. Of an accepted shard it leaves out what its commitment says. */
export function draftFact(fact: Fact, commitment?: CommittedShard): FactDraft {
  const { type, inputDigests, outputs: _, fingerprints: _prints, ...body } = fact as WithBytes;
  const keys = keysOf(fact);
  const { job, device, lease } = keys;
  const draft = COMPACT.has(type) ? draftCompact(body, knownOf(keys, commitment)) : undefined;
  const names = [job, device].flatMap((name) => name ?? []);
  return {
    texts: [...names, ...(draft?.texts ?? [])],
    encode: (numberOf) => [
      ...[job, device].map((name) => (name === undefined ? null : numberOf(name))),
      lease === undefined ? null : hexToBytes(lease),
      keys.index ?? null,
      keys.sequence ?? null,
      keys.firstUnit ?? null,
      keys.endUnit ?? null,
      draft?.encode(numberOf) ?? JSON.stringify(body),
      inputDigests ?? null,
    ],
  };
}

type WithBytes = Fact & {
  inputDigests?: Uint8Array;
  fingerprints?: Uint8Array;
  outputs?: Uint8Array;
};

/**
 * The fact of a row, as far as `textOf` has the texts of its numbers. `commitments`: by their index;
 * a compact accepted shard needs its own.
 */
export function decodeRow(
  row: FactRow,
  textOf: TextOf,
  commitments: ReadonlyMap<number, CommittedShard>,
): StoredFact<Fact['type']> {
  const { type, body, input_digests: inputDigests } = row;
  const fields =
    typeof body === 'string'
      ? JSON.parse(body)
      : decodeCompact(
          body,
          textOf,
          knownOf(keysOfRow(row, textOf), commitmentOf(row, commitments)),
        );
  return { type, ...fields, ...(inputDigests === null ? {} : { inputDigests }) };
}

const commitmentOf = (
  { type, log_index: index }: FactRow,
  all: ReadonlyMap<number, CommittedShard>,
) => (type === 'accepted' && index !== null ? all.get(index) : undefined);

const keysOfRow = (row: FactRow, textOf: TextOf): FactKeys => ({
  job: row.job === null ? undefined : textOf(row.job),
  device: row.device === null ? undefined : textOf(row.device),
  lease: row.lease === null ? undefined : bytesToHex(row.lease),
  index: row.log_index ?? undefined,
  sequence: row.sequence ?? undefined,
  firstUnit: row.first_unit ?? undefined,
  endUnit: row.end_unit ?? undefined,
});
