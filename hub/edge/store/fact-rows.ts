import type { Fact } from '../../core/state/facts.ts';
import type { FactTable, NewRow, Tables } from './sql-tables.ts';

/** One row to insert: its table and its columns, in the order of `Tables`. */
export type FactRow = {
  [T in keyof Tables]: { table: T; row: NewRow<T> };
}[keyof Tables];

/** A row of a table that keeps facts, before the fact has its number. */
type Unnumbered = {
  [T in FactTable]: { table: T; row: Omit<NewRow<T>, 'fact'> };
}[FactTable];

/**
 * The rows that keep a fact, `number` being its place in the order of appending. The columns of a
 * table come in one order, whichever fact it is.
 */
export function encodeFactRows(fact: Fact, number: number): FactRow[] {
  const { table, row } = encodeFactRow(fact);
  const numbered = { table, row: { fact: number, ...row } } as FactRow;
  if (fact.type !== 'accepted' || fact.fingerprints === undefined) return [numbered];
  const { shard, fingerprints } = fact;
  return [numbered, { table: 'fingerprint', row: { sequence: shard.sequence, fingerprints } }];
}

function encodeFactRow(fact: Fact): Unnumbered {
  switch (fact.type) {
    case 'job-created':
    case 'job-recut':
    case 'job-packaged':
    case 'job-moved':
      return encodeJobRow(fact);
    case 'resolved':
      return { table: 'resolved', row: { resolved_json: json(withoutType(fact)) } };
    case 'committed': {
      const { entry, shard } = fact.commitment;
      const committed_json = json(fact.commitment);
      const row = { log_index: entry.index, lease: shard.lease, committed_json };
      return { table: 'committed', row };
    }
    case 'accepted':
      return { table: 'accepted', row: encodeAcceptedRow(fact) };
    case 'unrevealed': {
      const { index, device, atFault, resets, at } = fact;
      const row = {
        log_index: index,
        device,
        at_fault: Number(atFault),
        resets: Number(resets),
        at,
      };
      return { table: 'unrevealed', row };
    }
    case 'verdict': {
      const row = { lease: fact.signed.verdict.lease, signed_json: json(fact.signed) };
      return { table: 'verdict', row };
    }
    case 'judged':
      return { table: 'judged', row: { verifier: fact.verifier, through: fact.through } };
    case 'epoch':
      return { table: 'epoch', row: { signed_json: json(fact.signed) } };
    case 'voided': {
      const { sequence, job, reason, at } = fact;
      return { table: 'voided', row: { sequence, job, reason, at } };
    }
    case 'released':
      return { table: 'released', row: { sequence: fact.sequence, job: fact.job, at: fact.at } };
    case 'suspended': {
      const { type: _, ...suspension } = fact;
      return { table: 'suspended', row: { suspended_json: json(suspension) } };
    }
    case 'banned': {
      const { device, until, reason, work, at } = fact;
      const work_json = work === undefined ? null : json(work);
      return { table: 'banned', row: { device, until, reason, at, work_json } };
    }
    case 'verifier-fault': {
      const { verifier, job, lease, unit, at } = fact;
      return { table: 'verifier_fault', row: { verifier, job, lease, unit, at } };
    }
    case 'pardoned':
      return { table: 'pardon', row: { pardon_json: json(withoutType(fact)) } };
    case 'verifier-removed':
      return { table: 'verifier_removed', row: { key: fact.key, at: fact.at } };
    case 'verifier-enrolled':
      return { table: 'verifier', row: { key: fact.key, at: fact.at } };
    default:
      return encodeMoneyRow(fact);
  }
}

type JobFact = Extract<Fact, { type: 'job-created' | 'job-recut' | 'job-packaged' | 'job-moved' }>;

function encodeJobRow(fact: JobFact): Unnumbered {
  switch (fact.type) {
    case 'job-created': {
      const { record, inputDigests } = fact;
      const row = { id: record.id, record_json: json(record), input_digests: inputDigests };
      return { table: 'job', row };
    }
    case 'job-recut': {
      const { record, inputDigests } = fact;
      const row = { job: record.id, record_json: json(record), input_digests: inputDigests };
      return { table: 'job_recut', row };
    }
    case 'job-packaged': {
      const row = { job: fact.job, manifest_json: json(fact.manifest) };
      return { table: 'job_package', row };
    }
    case 'job-moved': {
      const { job, state, reason, at } = fact;
      const refusal_json = fact.refusal === undefined ? null : json(fact.refusal);
      return { table: 'job_move', row: { job, state, reason, at, refusal_json } };
    }
  }
}

const withoutType = ({ type: _, ...rest }: Fact) => rest;
const json = (value: unknown): string => JSON.stringify(value);

function encodeAcceptedRow(
  fact: Extract<Fact, { type: 'accepted' }>,
): Omit<NewRow<'accepted'>, 'fact'> {
  const { shard, salt, computeMs, outputs } = fact;
  return {
    sequence: shard.sequence,
    log_index: shard.index,
    job: shard.job,
    lease: shard.lease,
    first_unit: shard.firstUnit,
    end_unit: shard.firstUnit + shard.unitCount,
    shard_json: json(shard),
    salt,
    compute_ms: computeMs,
    outputs,
  };
}

type MoneyFact = Extract<
  Fact,
  { type: 'job-funded' | 'job-closing' | 'payout-linked' | 'leaf-file' }
>;

function encodeMoneyRow(fact: MoneyFact): Unnumbered {
  switch (fact.type) {
    case 'job-funded':
      return { table: 'job_funding', row: { job: fact.job, funding_json: json(fact.funding) } };
    case 'job-closing':
      return { table: 'job_closing', row: { job: fact.job, at: fact.at } };
    case 'payout-linked': {
      const { payout } = fact;
      return { table: 'payout', row: { leaf: payout.index, payout_json: json(payout) } };
    }
    case 'leaf-file': {
      const { file, root } = fact;
      const row = { data_hash: file.dataHash, root, file_json: json(file) };
      return { table: 'leaf_file', row };
    }
  }
}
