import type { PackageDraft } from '#protocol/api/job.ts';
import type { FrameHead } from '#protocol/messages/control.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import type { Verdict } from '#protocol/records/records.ts';
import type { Digest } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import type { Result } from '#protocol/values/refusal.ts';
import type { Preparation, Print, Reference } from '../state/events.ts';

/** What is known so far about one drawn unit. */
export interface Evidence {
  provider: Provider;
  manifest: PackageManifest;
  claimed: Digest;
  /** Outputs of our own re-executions; the second from a fresh compute worker. */
  references: readonly Reference[];
  /** The bytes behind `claimed`, once fetched. */
  claim?: Reference | 'unavailable';
  /** Where the package has taps: the fingerprint that was revealed with them, once fetched. */
  print?: Print | 'unavailable';
  /** Re-execution was given up. */
  gaveUp: boolean;
}

export type LadderStep =
  | { do: 'execute'; fresh: boolean }
  | { do: 'claim' }
  | { do: 'fingerprint' }
  | { do: 'decide'; finding: Finding };
/** What a verdict says of a unit. */
export type Finding = Pick<
  Verdict,
  'kind' | 'lane' | 'reference' | 'l2' | 'max' | 'comparator' | 'fingerprint' | 'reason' | 'runs'
>;

/** What the hub is told of a new model, and the answers to its known units. */
export type Prepared = Omit<Extract<FrameHead, { type: 'prepared' }>, 'type' | 'job'> & {
  payload: Uint8Array;
};

/** What differs by the kind of a job. */
export interface Kind {
  /** What to do next about a unit, until there is a finding. */
  judge(evidence: Evidence): LadderStep;
  /** Refuses a model that cannot be checked; `coupled` where its units must hold one item. */
  checkPreparation(
    asked: { draft: PackageDraft },
    found: Preparation,
  ): Result<Prepared | 'coupled'>;
}
