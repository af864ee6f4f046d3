import type { VerdictPage } from '#protocol/api/api.ts';
import type { VerdictKind } from '#protocol/records/records.ts';

/** A verdict as the API shows it. */
export type VerdictEntry = VerdictPage['verdicts'][number];

/** How many verdicts there are of each kind, and by how many verifiers on how many devices. */
export interface VerdictTotals {
  all: number;
  kinds: Record<VerdictKind, number>;
  verifiers: number;
  devices: number;
}

/** Each kind of verdict in words. */
export const VERDICT_WORDS: Record<VerdictKind, { label: string; meaning: string }> = {
  match: { label: 'match', meaning: 'the verifier computed the same' },
  mismatch: { label: 'mismatch', meaning: 'the verifier computed something else, twice' },
  inconclusive: { label: 'inconclusive', meaning: 'the verifier could not decide' },
  'device-unfit': { label: 'device unfit', meaning: 'honest, but this device computes wrongly' },
};

/** Which chip a verdict gets. */
export const VERDICT_TONES = {
  match: 'good',
  mismatch: 'bad',
  inconclusive: 'warn',
  'device-unfit': 'warn',
} as const satisfies Record<VerdictKind, string>;

/** Counts the entries that are loaded. */
export function totalVerdicts(entries: readonly VerdictEntry[]): VerdictTotals {
  const kinds: Record<VerdictKind, number> = {
    match: 0,
    mismatch: 0,
    inconclusive: 0,
    'device-unfit': 0,
  };
  for (const { signed } of entries) kinds[signed.verdict.kind] += 1;
  return {
    all: entries.length,
    kinds,
    verifiers: new Set(entries.map(({ signed }) => signed.verdict.verifier)).size,
    devices: new Set(entries.map(({ signed }) => signed.verdict.device)).size,
  };
}
