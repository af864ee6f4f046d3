import * as v from 'valibot';
import { CheckPolicy } from '#protocol/check-policy.ts';
import { Digest, Nonce } from '#protocol/ids.ts';
import { SignedVerdict } from '#protocol/records.ts';
import { Count, Instant } from '#protocol/units.ts';
import type { Epoch, LogLine } from '../core/events.ts';

/** A mark: −1 stands before the first sequence, which is 0. */
const Mark = v.pipe(v.number(), v.safeInteger(), v.minValue(-1));

/** One line of `log.jsonl`. */
export const LogLineSchema: v.GenericSchema<unknown, LogLine> = v.variant('type', [
  v.strictObject({
    type: v.literal('verdict'),
    sequence: Count,
    epoch: Count,
    signed: SignedVerdict,
    cause: v.exactOptional(v.picklist(['assurance', 'audit', 'dispute'])),
  }),
  v.strictObject({
    type: v.literal('epoch-opened'),
    epoch: Count,
    commitment: Digest,
    from: Count,
    policy: CheckPolicy,
    at: Instant,
  }),
  v.strictObject({
    type: v.literal('epoch-revealed'),
    epoch: Count,
    commitment: Digest,
    seed: Nonce,
    from: Count,
    through: Mark,
    at: Instant,
  }),
]);

/** `seeds.json`, mode 0600: the epochs that are not revealed. */
export const SeedFile = v.array(
  v.strictObject({
    number: Count,
    seed: Nonce,
    commitment: Digest,
    from: Count,
    through: v.exactOptional(Mark),
    policy: CheckPolicy,
    startedAt: Instant,
  }),
) satisfies v.GenericSchema<unknown, Epoch[]>;

/** `marks.json`: how far this verifier has judged, and how far the hub surely knows. */
export const MarkFile = v.strictObject({ judged: Mark, settled: Mark });
export type MarkFile = v.InferOutput<typeof MarkFile>;
