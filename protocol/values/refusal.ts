import * as v from 'valibot';
import { PROGRAM_ERRORS, type SettlementCode } from './program-errors.ts';

/**
 * The closed list of reasons a hub, a device or a verifier says no. Wire values never move: a
 * retired code stays here, marked reserved.
 */
const COMMON_CODES = [
  // Connecting
  'version-unsupported',
  'hello-expected',
  'hello-late',
  'puzzle-unsolved',
  'signature-wrong',
  'verifier-unknown',
  'device-banned',
  'already-connected',
  'too-many-connections',
  'hub-stopping',
  // Messages
  'message-malformed',
  'message-too-long',
  'message-out-of-order',
  'message-rate',
  // Leases, commitments, results
  'lease-unknown',
  'lease-expired',
  'lease-not-yours',
  'commitment-missing',
  'commitment-duplicate',
  'commitment-mismatch',
  'result-shape',
  'result-nan',
  'result-digest',
  'unit-already-accepted',
  // Bans
  'ban-unknown',
  // Epochs of verifiers
  'epoch-duplicate',
  'epoch-order',
  'epoch-seed',
  // Money
  'chain-missing',
  'chain-unreachable',
  'chain-slow',
  'chain-wrong',
  'job-unfunded',
  'price-above-cap',
  'funds-missing',
  'rent-minimum',
  'wallet-missing',
  'wallet-refused',
  'payout-refused',
  'leaves-unknown',
  'leaves-conflict',
  // Profiles
  'profile-refused',
  'profile-unknown',
  // Bytes
  'blob-unknown',
  'blob-hash',
  'range-invalid',
  'disk-full',
  'storage-failed',
  // Models
  'model-truncated',
  'model-format',
  'model-too-big',
  'model-operator-domain',
  'model-external-data',
  'model-unbounded-loop',
  'model-inputs-mismatch',
  'model-outputs-unsupported',
  'model-opset',
  'model-memory',
  'model-run-failed',
  'item-failed',
  'model-unknown',
  'model-exists',
  'models-full',
  // Inputs
  'input-dtype',
  'input-shape',
  'input-nan',
  'input-empty',
  'input-format',
  'input-too-big',
  'input-name',
  // API
  'key-missing',
  'key-wrong',
  'key-forbidden',
  'key-unknown',
  'budget-spent',
  'job-unknown',
  'job-state',
  'job-full',
  'results-held',
  'results-removed',
  'request-invalid',
  'not-found',
  'busy',
  'idempotency-in-work',
  'idempotency-reused',
  'idempotency-gone',
  // Runtime on the device
  'provider-unavailable',
  'provider-failed',
  'provider-timeout',
  'provider-suspended',
  'device-memory',
  'webrtc-failed',
  'download-failed',
  'page-outdated',
  'internal',
] as const;

/** The settlement program's own reasons follow: `settlement/errors.ts`. */
export const REFUSAL_CODES: readonly (SettlementCode | (typeof COMMON_CODES)[number])[] = [
  ...COMMON_CODES,
  ...PROGRAM_ERRORS.map(([, code]) => code),
];

/** A code of the closed list. */
export const RefusalCode = v.picklist(REFUSAL_CODES);
export type RefusalCode = v.InferOutput<typeof RefusalCode>;

const Message = v.pipe(v.string(), v.minLength(1), v.maxLength(600));
const Path = v.pipe(v.string(), v.maxLength(200));

/** A file that cannot be taken, by the name it was sent with, and why. */
export const FileFault = v.strictObject({ name: Path, code: RefusalCode, message: Message });
export type FileFault = v.InferOutput<typeof FileFault>;

/** Of more bad files an answer names the first ones only. */
export const FILE_FAULTS_MAX = 100;

/** What crosses a boundary instead of an exception. `path` names the bad field, if any. */
export const Refusal = v.strictObject({
  code: RefusalCode,
  /** One sentence: the rule that was broken and the way out. */
  message: Message,
  path: v.optional(Path),
  /** Each bad file of an upload. */
  files: v.optional(v.pipe(v.array(FileFault), v.maxLength(FILE_FAULTS_MAX))),
});
export type Refusal = v.InferOutput<typeof Refusal>;

/**
 * The body of every error answer of the HTTP API: a refusal, and beside it what programs written for
 * OpenAI's API look for.
 */
export const ApiError = v.strictObject({
  error: v.strictObject({
    ...Refusal.entries,
    type: v.exactOptional(v.string()),
    /** The same as `path`. */
    param: v.exactOptional(v.nullable(Path)),
  }),
});
export type ApiError = v.InferOutput<typeof ApiError>;

/** A value, or why there is none. */
export type Result<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

/** A result with its value. */
export const accept = <T>(value: T): Result<T> => ({ ok: true, value });

/** A result without a value; `message` says the rule and the way out. */
export const refuse = (code: RefusalCode, message: string, path?: string): Result<never> => ({
  ok: false,
  refusal: refusal(code, message, path),
});

/** A refusal; what is too long is cut. */
export const refusal = (code: RefusalCode, message: string, path?: string): Refusal => ({
  code,
  message: message.slice(0, 600),
  ...(path === undefined ? {} : { path: path.slice(0, 200) }),
});

/** The one error class, for refusals that have to travel as an exception inside a process. */
export class PocketgridError extends Error {
  readonly refusal: Refusal;
  constructor(reason: Refusal, options?: { cause?: unknown }) {
    super(`${reason.code}: ${reason.message}`, options);
    this.name = 'PocketgridError';
    this.refusal = reason;
  }
}

/** The value of a result; throws the refusal of one that has none, for whoever stops at it. */
export function must<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new PocketgridError(result.refusal);
}

/** A refusal to throw, for whoever stops at it. */
export const fault = (code: RefusalCode, message: string, cause?: unknown): PocketgridError =>
  new PocketgridError(refusal(code, message), cause === undefined ? {} : { cause });

/** What work comes to: a refusal that it throws is its result, and all else goes on up. */
export async function attempt<T>(work: () => Promise<T>): Promise<Result<T>> {
  try {
    return accept(await work());
  } catch (error) {
    if (error instanceof PocketgridError) return { ok: false, refusal: error.refusal };
    throw error;
  }
}
