import * as v from 'valibot';
import { CheckPolicy } from '../checks/check-policy.ts';
import { Digest, Nonce, PublicKey, Signature } from '../values/ids.ts';
import { Count, Instant } from '../values/units.ts';

/** A mark: −1 stands before the first sequence, which is 0. */
export const Mark = v.pipe(v.number(), v.safeInteger(), v.minValue(-1));

const whose = {
  verifier: PublicKey,
  /** From 1, without a gap. */
  epoch: v.pipe(Count, v.minValue(1)),
};

/** An epoch begins: said before anything is drawn in it. */
export const EpochOpened = v.strictObject({
  type: v.literal('opened'),
  ...whose,
  /** SHA-256 of the seed's 32 bytes. */
  commitment: Digest,
  /** First sequence drawn with this seed. */
  from: Count,
  /** Number of the first verdict of others that it is drawn with whether it is done again. */
  reviewFrom: Count,
  policy: CheckPolicy,
  at: Instant,
});

/** All that was drawn in it is judged. */
export const EpochRevealed = v.strictObject({
  type: v.literal('revealed'),
  ...whose,
  seed: Nonce,
  /** Last sequence drawn with this seed; one before the first where nothing was. */
  through: Mark,
  /** Number of the last verdict of others that was drawn from. */
  reviewThrough: Count,
  at: Instant,
});

/** Its seed is gone, with the disk it was on: nobody can ever draw it again. */
export const EpochLost = v.strictObject({ type: v.literal('lost'), ...whose, at: Instant });

/** What a verifier says of an epoch, the time one draw seed is in use. Signing context: `epoch`. */
export const EpochRecord = v.variant('type', [EpochOpened, EpochRevealed, EpochLost]);
export type EpochRecord = v.InferOutput<typeof EpochRecord>;
/** A record of an epoch, of one type. */
export type EpochRecordOf<T extends EpochRecord['type']> = Extract<EpochRecord, { type: T }>;

/** What a verifier says of an epoch, signed. */
export const SignedEpoch = v.strictObject({ record: EpochRecord, signature: Signature });
export type SignedEpoch = v.InferOutput<typeof SignedEpoch>;
/** A signed record of one type. */
export interface SignedEpochOf<T extends EpochRecord['type']> {
  record: EpochRecordOf<T>;
  signature: Signature;
}

/** Number of the last verdict of others that one record may have drawn from; 0 says nothing. */
export function reviewedBy(record: EpochRecord): number {
  switch (record.type) {
    case 'opened':
      return record.reviewFrom - 1;
    case 'revealed':
      return record.reviewThrough;
    case 'lost':
      return 0;
  }
}
