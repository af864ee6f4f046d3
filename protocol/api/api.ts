import * as v from 'valibot';
import { Fingerprint } from '../checks/fingerprint-check.ts';
import { EvidenceRecord, LogEntry, Receipt, SignedVerdict } from '../records/records.ts';
import { JobId, Signature } from '../values/ids.ts';
import { Count, Instant } from '../values/units.ts';
import { JobView } from './job.ts';
import { DeliveryAttempt, DeliveryState } from './webhooks.ts';

/**
 * What the HTTP API of a hub says of jobs and records. Each call is described where the hub declares
 * it (`hub/edge/http/routes/`), and all of them at `GET /v1/openapi.json` and `/v1/docs` of a hub.
 *
 * Readers, writers and operators send `Authorization: Bearer pg_…`, a verifier the ticket of its
 * `welcome`. A reader has a key, a writer one that may write, an operator an operator's; of jobs they
 * see their own and those shared with them, an operator all. An address that asks for too much is
 * answered 429, with `Retry-After` and the code `message-rate`, and likewise a key past its rate.
 */
export const API_KEY_PREFIX = 'pg_';

/** A banned device asks for the receipt of what it is banned for. */
export const EvidenceRequest = v.strictObject({ record: EvidenceRecord, signature: Signature });
export type EvidenceRequest = v.InferOutput<typeof EvidenceRequest>;

/** Items [from, to) of an open job are those that were just added. */
export const AddedItems = v.strictObject({ from: Count, to: Count, job: JobView });
export type AddedItems = v.InferOutput<typeof AddedItems>;

/** Why an operator lifts a ban; it is shown in public. */
export const PardonRequest = v.strictObject({
  reason: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(500)),
});

/** Verdicts of a job, by their number. */
export const VerdictPage = v.strictObject({
  verdicts: v.array(v.strictObject({ number: Count, signed: SignedVerdict })),
  next: Count,
  /** How many may be read now: the number of the newest. */
  shown: Count,
  /** Verdicts behind the last page: the first is on a unit in dispute, and shown when that ends. */
  withheld: Count,
});
export type VerdictPage = v.InferOutput<typeof VerdictPage>;

/** What a device revealed of a unit's inside, and the log entry whose signature gives the seed. */
export const UnitFingerprint = v.strictObject({
  log: LogEntry,
  logSignature: Signature,
  fingerprint: Fingerprint,
});
export type UnitFingerprint = v.InferOutput<typeof UnitFingerprint>;

/** Jobs, the newest first; `next` is what to ask for `before` where there may be older ones. */
export const JobPage = v.strictObject({ jobs: v.array(JobView), next: v.exactOptional(Count) });
export type JobPage = v.InferOutput<typeof JobPage>;

/** Receipts of a job, by sequence. */
export const ReceiptPage = v.strictObject({ receipts: v.array(Receipt) });
export type ReceiptPage = v.InferOutput<typeof ReceiptPage>;

/** The results of a job on their way to its `resultsUrl`: they wait until it is done. */
export const ResultExport = v.strictObject({
  job: JobId,
  state: DeliveryState,
  /** When it is tried next, after an attempt that failed. */
  nextAt: v.exactOptional(Instant),
  /** The oldest first. */
  attempts: v.array(DeliveryAttempt),
});
export type ResultExport = v.InferOutput<typeof ResultExport>;
