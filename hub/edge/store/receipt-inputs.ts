import type { JobRecord } from '#protocol/api/job.ts';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import type { AcceptedShard, Receipt } from '#protocol/records/records.ts';

/** The part of a receipt that says what went in: the job's input blob and these units' digests. */
export function receiptInputs(
  job: { record: JobRecord; inputDigests: Uint8Array },
  shard: AcceptedShard,
): Receipt['inputs'] {
  const start = shard.firstUnit * DIGEST_BYTES;
  const digests = job.inputDigests.subarray(start, start + shard.unitCount * DIGEST_BYTES);
  return { root: job.record.inputs.root, digests: encodeBase64(digests) };
}
