import * as v from 'valibot';
import { Fingerprint } from '../checks/fingerprint-check.ts';
import { EvidenceRecord, LogEntry, Receipt, SignedVerdict } from '../records/records.ts';
import { Signature } from '../values/ids.ts';
import { Count } from '../values/units.ts';
import { JobView } from './job.ts';

/**
 * The HTTP API of a hub. Errors are `ApiError` with a 4xx or 5xx status.
 *
 * | call | who | what |
 * | --- | --- | --- |
 * | GET /v1/health | anyone | `Health` |
 * | GET /v1/ready | anyone | `Readiness`; 503 while it takes no new work |
 * | POST /v1/jobs | writer | multipart: `model` (one ONNX file, unless the options name a model), `inputs` (one or more files), `options` (JSON `JobOptions`) → 201 `JobView` |
 * | GET /v1/jobs?before=&limit= | reader | `JobPage`: the newest first, at most 100 |
 * | GET /v1/jobs/:job | reader | `JobView`, with its quote once it has one |
 * | POST /v1/jobs/:job/start, …/cancel | writer | `JobView` |
 * | GET /v1/jobs/:job/events | reader | SSE: `event: job`, data `JobEvent`; one at once, then on change, at most 4 a second |
 * | GET /v1/jobs/:job/results?from=&to=&format= | reader | items [from, to) in input order; `safetensors` (default), `npy` (one output; `output=` names it), `jsonl` |
 * | GET /v1/jobs/:job/receipts?from=&limit= | reader | `{ receipts: Receipt[] }` by first unit |
 * | GET /v1/jobs/:job/package | reader | `PackageManifest`, once a verifier has run the model |
 * | DELETE /v1/jobs/:job/data | writer | removes inputs and results of a job that ended ten minutes ago or earlier, before their time; → `JobView` |
 * | GET /v1/jobs/:job/outputs/:unit | reader | output bytes of one unit, as soon as its result may be read |
 * | GET /v1/jobs/:job/fingerprints/:unit | reader | `UnitFingerprint`, where the job has taps, as soon as its result may be read |
 * | POST /v1/models | writer | multipart: `model` (ONNX file, files with its data, JSON), `options` (JSON `ModelOptions`) → 201 `ModelView`; 200 where the same files are there |
 * | GET /v1/models | reader | `ModelList`: of all keys, the newest first |
 * | GET /v1/models/:id | reader | `ModelView`; `:id@revision` for one that is not the newest |
 * | DELETE /v1/models/:id | writer, for its own models | → `ModelRemoved`; jobs that were made of it go on |
 * | POST /v1/webhooks | writer | `WebhookRequest` → 201 `NewWebhook`, with its secret |
 * | GET /v1/webhooks, …/:webhook | reader | `WebhookList`, `WebhookView` |
 * | DELETE /v1/webhooks/:webhook | writer | with its deliveries → 204 |
 * | POST /v1/webhooks/:webhook/test | writer | sends a test, once → `DeliveryView` |
 * | GET /v1/webhooks/:webhook/deliveries?before=&limit= | reader | `DeliveryPage`: the newest first, at most 200 |
 * | GET /v1/key | reader | `OwnKey`: the key of the call |
 * | PUT /v1/keys/:key/shared | writer, for its own jobs | `ShareRequest`: what another key may do with the jobs of this one → 204 |
 * | GET /v1/keys | operator | `KeyList` |
 * | POST /v1/keys | operator | `KeyRequest` → 201 `NewKey` |
 * | DELETE /v1/keys/:key | operator | revokes it, for good → 204 |
 * | GET /v1/grid | anyone | `GridView`: devices and verifiers online |
 * | GET /v1/verdicts?after=&limit= | anyone | `VerdictPage` |
 * | GET /v1/log/head | anyone | `SignedTreeHead`: the log of commitments as it is now |
 * | GET /v1/log/entries?from=&limit= | anyone | `LogEntryPage`: entries by their position |
 * | GET /v1/log/inclusion?index=&size= | anyone | `LogInclusion`: the entry of this index in the tree of this size |
 * | GET /v1/log/consistency?from=&to= | anyone | `LogConsistency`: the first `from` entries are unchanged in `to` |
 * | GET /v1/log/epochs?after=&limit= | anyone | `EpochPage`: epochs opened and seeds revealed, of all verifiers |
 * | GET /v1/log/shards?from=&limit= | anyone | `ShardPage`: accepted shards by sequence, void ones as well |
 * | POST /v1/evidence | a banned device, by its signature | `EvidenceRequest` → `ReceiptPage`: the shard it is banned for |
 * | POST /v1/devices/:key/pardon | operator | `PardonRequest`: lifts the newest ban of a device → `BanView` |
 * | POST /v1/verifiers | operator | `{ key }`: enrols a verifier → 204 |
 * | DELETE /v1/verifiers/:key | operator | takes a verifier off the list, for good → 204 |
 * | GET /v1/blobs/:root | reader, or a session by its ticket: what its work needs | the bytes; honours a single `Range` |
 * | GET /v1/blobs/:root/pieces | likewise | the piece layer, 32 bytes per 256 KiB piece; empty for one piece |
 * | GET /v1/outputs/:job/:unit | verifier, by ticket | output bytes of one accepted unit |
 * | GET /v1/fingerprints/:job/:unit | verifier, by ticket | `UnitFingerprint` of one accepted unit |
 *
 * An address that asks for too much is answered 429, with `Retry-After` and the code
 * `message-rate`, and likewise a key past its rate. Readers, writers and operators send
 * `Authorization: Bearer pg_…`, a verifier the ticket of its `welcome`. A reader has a key, a writer
 * one that may write, an operator an operator's; of jobs they see their own and those shared with
 * them, an operator all. Calls about money are listed in `settlement/money-api.ts`.
 */
export const API_KEY_PREFIX = 'pg_';

/** A banned device asks for the receipt of what it is banned for. */
export const EvidenceRequest = v.strictObject({ record: EvidenceRecord, signature: Signature });
export type EvidenceRequest = v.InferOutput<typeof EvidenceRequest>;

/** Why an operator lifts a ban; it is shown in public. */
export const PardonRequest = v.strictObject({
  reason: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(500)),
});

/** Verdicts of a job, by their number. */
export const VerdictPage = v.strictObject({
  verdicts: v.array(v.strictObject({ number: Count, signed: SignedVerdict })),
  next: Count,
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
