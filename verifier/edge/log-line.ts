import * as v from 'valibot';
import { CheckPolicy } from '#protocol/checks/check-policy.ts';
import { EpochOpened, EpochRevealed, Mark, SignedEpoch } from '#protocol/records/epoch.ts';
import { SignedVerdict } from '#protocol/records/records.ts';
import { Nonce, Signature } from '#protocol/values/ids.ts';
import { Count } from '#protocol/values/units.ts';
import type { Epoch, LogLine } from '../core/state/events.ts';

/** One line of `log.jsonl`. */
export const LogLineSchema: v.GenericSchema<unknown, LogLine> = v.variant('type', [
  v.strictObject({
    type: v.literal('verdict'),
    sequence: Count,
    signed: SignedVerdict,
    review: v.exactOptional(Count),
  }),
  v.strictObject({ type: v.literal('epoch'), signed: SignedEpoch }),
]);

/** `seeds.json`, mode 0600: the epochs whose seed the hub does not have. */
export const SeedFile = v.array(
  v.strictObject({
    number: Count,
    seed: Nonce,
    from: Count,
    through: v.exactOptional(Mark),
    reviewFrom: Count,
    reviewThrough: v.exactOptional(Count),
    policy: CheckPolicy,
    opened: v.strictObject({ record: EpochOpened, signature: Signature }),
    revealed: v.exactOptional(v.strictObject({ record: EpochRevealed, signature: Signature })),
  }),
) satisfies v.GenericSchema<unknown, Epoch[]>;

/** `marks.json`: how far this verifier has judged, and how far the hub surely knows. */
export const MarkFile = v.strictObject({
  judged: Mark,
  settled: Mark,
  reviewed: v.optional(Count, 0),
});
export type MarkFile = v.InferOutput<typeof MarkFile>;
